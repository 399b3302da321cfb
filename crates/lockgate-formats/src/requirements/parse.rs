//! Lines to requirements, constraints and options; includes followed.

use lockgate_model::{
    Constraint, Files, Manifest, Name, Origin, Requirement, RequirementError, RootRequirement,
    Sha256, Version,
};

use super::Role;
use super::decode::decode;
use super::lines::{Line, logical};
use super::options::{Given, Known, split};
use crate::error::{InputError, in_one_line};
use crate::path::{joined, posix};
use crate::text;

/// Includes deeper than this are a mistake even where they do not loop.
const DEEPEST: usize = 64;

/// No name, specifier or marker that people write comes near; a longer one would only be passed on to the index and the terminal.
const LONGEST: usize = 50_000;

/// Files that include each other many times over must not multiply without end.
const MOST_FILES: usize = 2000;

/// Reads requirement files into a manifest.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    manifest: &'a mut Manifest,
    /// The files being read, outermost first.
    open: Vec<String>,
    /// How many files were read.
    count: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, manifest: &'a mut Manifest) -> Self {
        Self {
            files,
            manifest,
            open: Vec::new(),
            count: 0,
        }
    }

    /// Reads one file that was named on the command line; `-` is standard input.
    pub(crate) fn read(&mut self, path: &str, role: Role) -> Result<(), InputError> {
        let bytes = text::read(self.files, path)?;
        self.read_text(path, role, &bytes)
    }

    fn read_text(&mut self, path: &str, role: Role, bytes: &[u8]) -> Result<(), InputError> {
        let text = decode(bytes).map_err(|why| InputError::new(path, why))?;
        if text.contains('\0') {
            return Err(
                InputError::new(path, "it is a binary file, and no requirement file")
                    .remedy("check the path"),
            );
        }
        self.open.push(path.to_owned());
        for line in logical(&text, self.files) {
            self.line(path, role, &line)?;
        }
        self.open.pop();
        Ok(())
    }

    fn line(&mut self, path: &str, role: Role, line: &Line) -> Result<(), InputError> {
        let error = |message: String| InputError::new(path, message).at(line.number);
        let (requirement, options) =
            split(&line.text).map_err(|why| error(format!("{why}\n  in `{}`", line.text)))?;
        let unsupported = options
            .iter()
            .find_map(|given| Some((given.name, given.known.instead()?)));
        if let Some((name, instead)) = unsupported {
            return Err(error(format!("`{name}` is not supported")).remedy(instead));
        }
        let origin = Origin {
            file: posix(path),
            line: Some(line.number),
            via: format!("{} {}", role.option(), posix(path)),
        };
        if !requirement.is_empty() {
            return self
                .requirement(&requirement, &options, role, origin)
                .map_err(|input| input.at(line.number));
        }
        self.options(path, &options, &origin, line)
    }

    fn requirement(
        &mut self,
        text: &str,
        options: &[Given],
        role: Role,
        origin: Origin,
    ) -> Result<(), InputError> {
        let error = |message: String| InputError::new(&origin.file, message);
        let mut hashes = Vec::new();
        for given in options {
            if given.known != Known::Hash {
                return Err(error(format!(
                    "`{}` cannot stand on the line of a requirement",
                    given.name
                ))
                .remedy("write it on a line of its own"));
            }
            hashes.push(
                hash(&given.value)
                    .map_err(|why| error(format!("`--hash {}`: {why}", given.value)))?,
            );
        }
        let requirement = read_requirement(text).map_err(|why| why.into_input(&origin.file))?;
        match role {
            Role::Requirements => {
                self.manifest.requirements.push(RootRequirement {
                    requirement,
                    origin,
                    hashes,
                    editable: false,
                    config_settings: Vec::new(),
                });
            }
            Role::Constraints => {
                if !requirement.extras.is_empty() {
                    return Err(error(format!(
                        "the constraint `{text}` has extras, and a constraint cannot"
                    ))
                    .remedy(
                        "remove the extras; a constraint restricts versions and asks for nothing",
                    ));
                }
                self.manifest.constraints.push(Constraint {
                    requirement,
                    origin,
                    hashes,
                });
            }
        }
        Ok(())
    }

    fn options(
        &mut self,
        path: &str,
        options: &[Given],
        origin: &Origin,
        line: &Line,
    ) -> Result<(), InputError> {
        let error = |message: String| InputError::new(path, message).at(line.number);
        // pip follows only the first include of a line.
        let includes = [
            (Known::Requirement, Role::Requirements),
            (Known::Constraint, Role::Constraints),
        ];
        for (known, role) in includes {
            if let Some(given) = options.iter().find(|given| given.known == known) {
                return self.include(path, &given.value, role, line.number);
            }
        }
        // An index replaces all that came on earlier lines, and counts before the extra ones of its own line; the last of a line wins.
        let index = options.iter().rfind(|given| given.known == Known::IndexUrl);
        if let Some(given) = index {
            self.manifest.index.index_url = Some((given.value.clone(), origin.clone()));
            self.manifest.index.extra_index_urls.clear();
        }
        for given in options {
            match given.known {
                Known::ExtraIndexUrl => {
                    self.manifest
                        .index
                        .extra_index_urls
                        .push((given.value.clone(), origin.clone()));
                }
                Known::Pre => self.manifest.pre = true,
                Known::NoBinary => self
                    .manifest
                    .binary
                    .no_binary(&given.value)
                    .map_err(|why| error(format!("`--no-binary`: {why}")))?,
                Known::OnlyBinary => self
                    .manifest
                    .binary
                    .only_binary(&given.value)
                    .map_err(|why| error(format!("`--only-binary`: {why}")))?,
                Known::Hash => {
                    return Err(error(
                        "`--hash` belongs to a requirement on the same line".to_owned(),
                    ));
                }
                // The includes and the index were seen to above, what is unsupported before.
                Known::Requirement
                | Known::Constraint
                | Known::IndexUrl
                | Known::Editable
                | Known::BuildSetting
                | Known::Unsupported(_) => {}
            }
        }
        Ok(())
    }

    fn include(
        &mut self,
        from: &str,
        value: &str,
        role: Role,
        line: usize,
    ) -> Result<(), InputError> {
        let error = |message: String| InputError::new(from, message).at(line);
        if value.starts_with("http:") || value.starts_with("https:") || value.starts_with("file:") {
            return Err(error(format!(
                "`{} {value}`: an include by address is not supported",
                role.option()
            ))
            .remedy("save the file beside this one and include it by its path"));
        }
        let path = joined(from, value);
        if let Some(start) = self.open.iter().position(|open| *open == path) {
            let chain: Vec<&str> = self
                .open
                .iter()
                .skip(start)
                .map(String::as_str)
                .chain([path.as_str()])
                .collect();
            return Err(error(format!(
                "the includes go round in a circle: {}",
                chain.join(" → ")
            ))
            .remedy("remove one of them"));
        }
        if self.open.len() >= DEEPEST {
            return Err(error(format!(
                "includes are nested more than {DEEPEST} deep"
            )));
        }
        self.count += 1;
        if self.count > MOST_FILES {
            return Err(error(format!("more than {MOST_FILES} files are included"))
                .remedy("include each file once"));
        }
        let bytes = self.files.read(&path).map_err(|why| {
            error(format!("`{} {value}`: `{path}`: {why}", role.option()))
                .remedy("an include is looked for beside the file that includes it")
        })?;
        self.read_text(&path, role, &bytes)
    }
}

/// Why a text is no requirement that can be locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRequirement {
    pub(crate) message: String,
    pub(crate) remedy: Option<&'static str>,
    /// Whether pip would install it: it names an address or a path.
    pub(crate) is_reference: bool,
}

impl BadRequirement {
    pub(crate) fn into_input(self, file: &str) -> InputError {
        let input = InputError::new(file, self.message);
        match self.remedy {
            Some(remedy) => input.remedy(remedy),
            None => input,
        }
    }
}

/// Reads one requirement of a source; direct references, bare addresses and paths are said to be unsupported.
pub(crate) fn read_requirement(text: &str) -> Result<Requirement, BadRequirement> {
    read_by(text, Requirement::parse_strict)
}

/// Reads one requirement of a lock. Its marker decides nothing there, so one that cannot be evaluated does no harm.
pub(crate) fn read_locked(text: &str) -> Result<Requirement, BadRequirement> {
    read_by(text, str::parse)
}

fn read_by(
    text: &str,
    parse: fn(&str) -> Result<Requirement, RequirementError>,
) -> Result<Requirement, BadRequirement> {
    if text.len() > LONGEST {
        return Err(BadRequirement {
            message: format!(
                "a text of {} characters is no requirement: it may have {LONGEST}",
                text.len()
            ),
            remedy: Some("check that it is the file that is meant"),
            is_reference: false,
        });
    }
    if let Some(what) = reference(text) {
        return Err(BadRequirement {
            message: format!("`{text}` is {what}, which is not supported"),
            remedy: Some("require a released version by its name, or remove it"),
            is_reference: true,
        });
    }
    parse(text).map_err(|error| BadRequirement {
        message: format!("`{text}` is not a requirement: {}", in_one_line(&error)),
        remedy: remedy_of(text),
        is_reference: false,
    })
}

/// What kind of reference to a file `text` is, if it is one.
fn reference(text: &str) -> Option<&'static str> {
    const SCHEMES: [&str; 9] = [
        "http:", "https:", "ftp:", "file:", "ssh:", "git+", "hg+", "svn+", "bzr+",
    ];
    const ARCHIVES: [&str; 7] = [
        ".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar",
    ];
    let lower = text.to_ascii_lowercase();
    if SCHEMES.iter().any(|scheme| lower.starts_with(scheme)) {
        return Some("an address");
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name_end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at(name_end);
    let after = after.trim_start();
    let after = match after
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((_, rest)) => rest.trim_start(),
        None => after,
    };
    if !name.is_empty() && after.starts_with('@') {
        return Some("a direct reference");
    }
    let head = lower
        .split([';', ' ', '[', '<', '>', '=', '!'])
        .next()
        .unwrap_or_default();
    let is_path = head.starts_with(['.', '~', '/'])
        || head.contains(['/', '\\'])
        || ARCHIVES.iter().any(|suffix| head.ends_with(suffix));
    (is_path && !head.starts_with("~=")).then_some("a path")
}

/// The usual slips.
fn remedy_of(text: &str) -> Option<&'static str> {
    let wanted = text.split(';').next().unwrap_or_default();
    let bare = ["===", "==", "!=", ">=", "<=", "~="]
        .iter()
        .fold(wanted.to_owned(), |text, operator| {
            text.replace(operator, " ")
        });
    if bare.contains("=>") || bare.contains("=<") {
        return Some("write `>=` or `<=`");
    }
    if bare.contains('=') {
        return Some("write `==` for one version");
    }
    let mut words = wanted.split_whitespace();
    let is_name = words.next().is_some_and(|word| Name::new(word).is_ok());
    let is_version = words
        .next()
        .is_some_and(|word| word.parse::<Version>().is_ok());
    (is_name && is_version).then_some("write an operator between name and version, such as `==`")
}

/// `sha256:` and 64 hexadecimal digits.
fn hash(value: &str) -> Result<Sha256, String> {
    match value.split_once(':') {
        Some(("sha256", digits)) => {
            Sha256::from_hex(digits).ok_or_else(|| "it is not 64 hexadecimal digits".to_owned())
        }
        Some((other @ ("sha384" | "sha512"), _)) => Err(format!(
            "{other} is not supported: indexes state sha256, and the lock holds that; write the sha256 or remove it"
        )),
        Some((other, _)) => Err(format!(
            "`{other}` is no algorithm that pip accepts; write `--hash=sha256:…`"
        )),
        None => Err("write `--hash=sha256:…`".to_owned()),
    }
}
