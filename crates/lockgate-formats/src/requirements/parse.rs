//! Lines to requirements, constraints and options; includes followed.

use lockgate_model::{
    Constraint, Files, FilesError, Manifest, Origin, Requirement, RequirementError,
    RootRequirement, Sha256, Source,
};

use super::Role;
use super::decode::decode;
use super::lines::{Line, logical};
use super::options::{Given, Known, split};
use crate::error::InputError;
use crate::path::{joined, posix};

/// Includes deeper than this are a mistake even where they do not loop.
const DEEPEST: usize = 64;

/// Reads requirement files into a manifest.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    manifest: &'a mut Manifest,
    /// The files being read, outermost first.
    open: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, manifest: &'a mut Manifest) -> Self {
        Self {
            files,
            manifest,
            open: Vec::new(),
        }
    }

    /// Reads one file that was named on the command line; `-` is standard input.
    pub(crate) fn read(&mut self, path: &str, role: Role) -> Result<(), InputError> {
        let bytes = self.files.read(path).map_err(|error| {
            let error_text = format!("cannot be read: {error}");
            let input = InputError::new(path, error_text);
            if error == FilesError::Missing {
                input.remedy("check the path")
            } else {
                input
            }
        })?;
        self.read_text(path, role, &bytes)
    }

    fn read_text(&mut self, path: &str, role: Role, bytes: &[u8]) -> Result<(), InputError> {
        let text = decode(bytes).map_err(|why| InputError::new(path, why))?;
        if text.contains('\0') {
            return Err(InputError::new(
                path,
                "it is a binary file, and no requirement file",
            ));
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
        if let Some((name, instead)) = options.iter().find_map(|given| match given.known {
            Known::Unsupported(instead) => Some((given.name, instead)),
            _ => None,
        }) {
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
        for given in options {
            match given.known {
                Known::IndexUrl => {
                    // The last one replaces all that came before it.
                    self.manifest.index.index_url = Some((given.value.clone(), origin.clone()));
                    self.manifest.index.extra_index_urls.clear();
                }
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
                Known::Requirement | Known::Constraint | Known::Unsupported(_) => {}
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
    message: String,
    remedy: Option<&'static str>,
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

/// Reads one requirement; direct references, bare addresses and paths are said to be unsupported.
pub(crate) fn read_requirement(text: &str) -> Result<Requirement, BadRequirement> {
    let unsupported = |what: &str, remedy| BadRequirement {
        message: format!("`{text}` is {what}, which is not supported"),
        remedy: Some(remedy),
    };
    let lower = text.to_ascii_lowercase();
    let is_address = [
        "http://", "https://", "file:", "git+", "hg+", "svn+", "bzr+",
    ]
    .iter()
    .any(|scheme| lower.starts_with(scheme));
    if is_address {
        return Err(unsupported(
            "an address",
            "require a released version by its name",
        ));
    }
    let head = text.split([';', ' ', '[', '@']).next().unwrap_or_default();
    if head.starts_with('.')
        || head.starts_with('~')
        || head.contains('/')
        || head.contains('\\')
        || lower.ends_with(".whl")
        || lower.ends_with(".tar.gz")
    {
        return Err(unsupported(
            "a path",
            "require a released version by its name",
        ));
    }
    let requirement: Requirement =
        text.parse()
            .map_err(|error: RequirementError| BadRequirement {
                message: format!("`{text}` is not a requirement: {error}"),
                remedy: remedy_of(text),
            })?;
    if let Source::Url(_) = requirement.source {
        return Err(unsupported(
            "a direct reference",
            "require a released version by its name",
        ));
    }
    Ok(requirement)
}

/// The usual slips.
fn remedy_of(text: &str) -> Option<&'static str> {
    let bare = text
        .replace("==", "")
        .replace("!=", "")
        .replace(">=", "")
        .replace("<=", "")
        .replace("~=", "");
    if bare.contains("=>") || bare.contains("=<") {
        Some("write `>=` or `<=`")
    } else if bare
        .split(';')
        .next()
        .is_some_and(|requirement| requirement.contains('='))
    {
        Some("write `==` for one version")
    } else {
        None
    }
}

/// `sha256:` and 64 hexadecimal digits.
fn hash(value: &str) -> Result<Sha256, String> {
    match value.split_once(':') {
        Some(("sha256", digits)) => {
            Sha256::from_hex(digits).ok_or_else(|| "it is not 64 hexadecimal digits".to_owned())
        }
        Some((other @ ("sha384" | "sha512"), _)) => Err(format!(
            "{other} is not supported: indexes state sha256, and the lock holds that"
        )),
        Some((other, _)) => Err(format!("`{other}` is no algorithm that pip accepts")),
        None => Err("write `--hash=sha256:…`".to_owned()),
    }
}
