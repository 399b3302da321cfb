//! Files to a manifest: lines taken apart, includes followed.

use std::collections::BTreeSet;

use lockgate_model::{
    Constraint, Files, FilesError, Manifest, Origin, RootRequirement, Scope, Sha256, Source,
    UnnamedRequirement, secret,
};

use super::decode::decode;
use super::lines::{Line, logical};
use super::options::{Given, Known, Words, split};
use super::requirement::{self, Wanted};
use super::written::{Written, note};
use super::{Role, address, settings};
use crate::error::InputError;
use crate::path::posix;
use crate::text;

/// Includes deeper than this are a mistake even where they do not loop.
pub(crate) const DEEPEST: usize = 64;

/// Files that include each other many times over must not multiply without end.
pub(crate) const MOST_FILES: usize = 2000;

/// Reads requirement files into a manifest.
pub(crate) struct Reader<'a> {
    files: &'a dyn Files,
    manifest: &'a mut Manifest,
    /// The files being read, outermost first.
    open: Vec<String>,
    /// How many files were read.
    count: usize,
}

/// The file that is being read.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    /// Its path or address.
    at: &'a str,
    /// As people and locks are shown it: with the variables of the includes that lead to it.
    shown: &'a str,
    role: Role,
}

impl Place<'_> {
    /// A path beside the file as written; `filled` is where it leads.
    fn beside(self, written: &str, filled: &str) -> String {
        address::beside_as_written(self.shown, written, filled)
    }

    fn origin(self, line: usize) -> Origin {
        Origin {
            file: self.shown.to_owned(),
            line: Some(line),
            via: format!("{} {}", self.role.option(), self.shown),
        }
    }
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
        let bytes = if address::is_address(path) {
            address::read(self.files, path).map_err(|error| {
                InputError::new(&address::shown(path), format!("cannot be read: {error}"))
                    .remedy("check the address")
            })?
        } else {
            text::read(self.files, path)?
        };
        self.read_text(path, &address::shown(path), role, &bytes)
    }

    fn read_text(
        &mut self,
        at: &str,
        shown: &str,
        role: Role,
        bytes: &[u8],
    ) -> Result<(), InputError> {
        let decoded = decode(bytes, self.files).map_err(|why| {
            InputError::new(shown, why).remedy(
                "save it as UTF-8, or declare its encoding in the first line: `# -*- coding: latin-1 -*-`",
            )
        })?;
        if decoded.text.contains('\0') {
            return Err(
                InputError::new(shown, "it is a binary file, and no requirement file")
                    .remedy("check the path"),
            );
        }
        let place = Place { at, shown, role };
        if let Some(warning) = decoded.warning {
            self.warn(
                warning,
                &Origin {
                    line: None,
                    ..place.origin(1)
                },
            );
        }
        self.open.push(address::key(at));
        for line in logical(&decoded.text, self.files) {
            line.remember(shown);
            let known = self.manifest.warnings.len();
            self.line(place, &line)
                .map_err(|error| line.unfilled_error(error))?;
            for (warning, _) in self.manifest.warnings.iter_mut().skip(known) {
                *warning = line.unfilled(std::mem::take(warning));
            }
        }
        self.open.pop();
        Ok(())
    }

    fn line(&mut self, place: Place<'_>, line: &Line) -> Result<(), InputError> {
        let error = |why: String| {
            InputError::new(place.shown, format!("{why}\n  in `{}`", line.text)).at(line.number)
        };
        let wrong_option = |why| {
            error(why).remedy("write what a requirements file may hold: see docs/sources.md; other options stand on the command line")
        };
        let words = split(&line.text).map_err(wrong_option)?;
        if words
            .options
            .iter()
            .any(|given| given.known == Known::GlobalOption)
        {
            return Err(error("pip has no `--global-option` any more".to_owned())
                .remedy("use `--config-settings`, or remove it"));
        }
        settings::everywhere(self.manifest, &words.options).map_err(wrong_option)?;
        let origin = place.origin(line.number);
        let written = Written::of(line);
        self.repeat_options(place, &words.options, written.as_ref(), &origin);
        for word in &words.stray {
            self.warn(
                format!("`{word}` belongs to no option, and is passed over as pip does"),
                &origin,
            );
        }
        let editable = words
            .options
            .iter()
            .find(|given| given.known == Known::Editable);
        let is_editable = editable.is_some();
        let wanted = match editable {
            Some(given) if words.requirement.is_empty() => Some(given.value.as_str()),
            _ => Some(words.requirement.as_str()).filter(|text| !text.is_empty()),
        };
        if let Some(text) = wanted {
            return self
                .requirement(
                    text,
                    is_editable,
                    &words,
                    written.as_ref(),
                    place.role,
                    origin,
                )
                .map_err(|input| input.at(line.number));
        }
        let include = [Known::Requirement, Known::Constraint]
            .into_iter()
            .find_map(|known| words.options.iter().position(|given| given.known == known));
        if let Some((index, given)) =
            include.and_then(|index| Some((index, words.options.get(index)?)))
        {
            self.ignored_beside(
                &words.options,
                |position, _| position == index,
                &origin,
                "an include",
            );
            let role = if given.known == Known::Requirement {
                Role::Requirements
            } else {
                Role::Constraints
            };
            let value = match &written {
                Some(written) => written.value(index, given),
                None => Some(given.value.as_str()),
            };
            let value = (given.value.as_str(), value);
            return self.include(place, value, role, line);
        }
        let ignored =
            settings::of_line(self.manifest, &words.options, place.at, &origin, self.files)
                .map_err(wrong_option)?;
        for option in ignored {
            self.warn(
                format!("`{option}` has no effect here, and is passed over as pip does"),
                &origin,
            );
        }
        Ok(())
    }

    fn requirement(
        &mut self,
        text: &str,
        editable: bool,
        words: &Words,
        written: Option<&Written<'_>>,
        role: Role,
        origin: Origin,
    ) -> Result<(), InputError> {
        let error = |message: String| InputError::new(&origin.file, message);
        let mut used_editable = false;
        self.ignored_beside(
            &words.options,
            |_, given| match given.known {
                // Only the first counts.
                Known::Editable => !std::mem::replace(&mut used_editable, true),
                Known::Hash => !editable,
                Known::ConfigSettings => true,
                _ => false,
            },
            &origin,
            "a requirement",
        );
        let wanted = if editable {
            requirement::read_editable(text, self.files)
        } else {
            requirement::read(text, self.files)
        }
        .map_err(|bad| bad.into_input(&origin.file))?;
        if let Some(written) = written {
            self.repeat(written, &wanted, editable, &origin);
        }
        let of = |known: Known| {
            words
                .options
                .iter()
                .filter(move |given| given.known == known)
        };
        let hashes = of(Known::Hash)
            .map(|given| {
                hash(&given.value).map_err(|why| {
                    error(format!("`--hash {}`: {why}", given.value))
                        .remedy("write `--hash=sha256:` and its 64 digits, or remove it")
                })
            })
            .collect::<Result<Vec<Sha256>, InputError>>()?;
        let config_settings = of(Known::ConfigSettings)
            .filter_map(|given| settings::config_setting(&given.value))
            .collect();
        let hashes = if editable { Vec::new() } else { hashes };
        if role == Role::Constraints {
            return self.constraint(text, editable, wanted, hashes, origin);
        }
        match wanted {
            Wanted::Named(requirement) => self.manifest.requirements.push(RootRequirement {
                requirement,
                origin,
                hashes,
                editable,
                config_settings,
                scopes: BTreeSet::from([Scope::Main]),
            }),
            Wanted::Unnamed {
                reference,
                extras,
                marker,
            } => self.manifest.unnamed.push(UnnamedRequirement {
                reference,
                extras,
                marker,
                origin,
                hashes,
                editable,
                config_settings,
            }),
        }
        Ok(())
    }

    /// Has a lock repeat the address or path of a requirement.
    fn repeat(&mut self, written: &Written<'_>, wanted: &Wanted, editable: bool, origin: &Origin) {
        const PLACE: &str = "the name, the extras, the versions or the marker of a requirement";
        let filled = match wanted {
            Wanted::Unnamed { reference, .. } => reference,
            Wanted::Named(requirement) => match &requirement.source {
                Source::Url(address) => address,
                Source::Index(_) => "",
            },
        };
        match written.reference(wanted, editable) {
            Err(_) if written.makes_plain_pins(wanted) => {}
            Err(variable) => note(self.manifest, variable, PLACE, origin),
            Ok(None) => {}
            // A lock names what stands at an address, and there pip ends the address at a blank.
            Ok(Some(_)) if filled.contains("://") && filled.contains(char::is_whitespace) => {
                let place = "an address that is read to a blank only";
                note(self.manifest, written.variable(), place, origin);
            }
            Ok(Some(reference)) => secret::remember_written(filled, reference),
        }
    }

    /// Has a lock repeat the options of a line, as far as they stand in locks.
    fn repeat_options(
        &mut self,
        place: Place<'_>,
        options: &[Given],
        written: Option<&Written<'_>>,
        origin: &Origin,
    ) {
        for (position, given) in options.iter().enumerate() {
            let value = match written {
                Some(written) => written.value(position, given),
                None => Some(given.value.as_str()),
            };
            let unrepeatable = match (given.known, value) {
                (Known::IndexUrl | Known::ExtraIndexUrl | Known::TrustedHost, Some(value)) => {
                    secret::remember_written(&given.value, value);
                    if given.known == Known::TrustedHost {
                        secret::remember_written(&given.value.to_ascii_lowercase(), value);
                    }
                    None
                }
                (Known::FindLinks, Some(value)) => {
                    let found = settings::find_links_of(place.at, &given.value, self.files);
                    let value = if found == given.value {
                        value.to_owned()
                    } else {
                        place.beside(value, &given.value)
                    };
                    secret::remember_written(&found, &value);
                    None
                }
                (
                    Known::IndexUrl | Known::ExtraIndexUrl | Known::TrustedHost | Known::FindLinks,
                    None,
                ) => written.map(|written| (written.variable(), "the name of an option")),
                (Known::NoBinary | Known::OnlyBinary, value) => {
                    variable(written, value).map(|it| (it, "the names of an option"))
                }
                (Known::Hash, value) => variable(written, value).map(|it| (it, "a hash")),
                _ => None,
            };
            if let Some((variable, what)) = unrepeatable {
                note(self.manifest, variable, what, origin);
            }
        }
    }

    fn constraint(
        &mut self,
        text: &str,
        editable: bool,
        wanted: Wanted,
        hashes: Vec<Sha256>,
        origin: Origin,
    ) -> Result<(), InputError> {
        let error = |what: &str, remedy: &str| {
            Err(InputError::new(
                &origin.file,
                format!("the constraint `{text}` {what}, and a constraint cannot"),
            )
            .remedy(remedy))
        };
        if editable {
            return error(
                "is editable",
                "make it a requirement; a constraint restricts versions and installs nothing",
            );
        }
        if !wanted.extras().is_empty() {
            return error(
                "has extras",
                "remove the extras; a constraint restricts versions and asks for nothing",
            );
        }
        let Wanted::Named(requirement) = wanted else {
            return error("does not say which project it is", "write `name @ address`");
        };
        self.manifest.constraints.push(Constraint {
            requirement,
            origin,
            hashes,
        });
        Ok(())
    }

    fn include(
        &mut self,
        from: Place<'_>,
        (value, written): (&str, Option<&str>),
        role: Role,
        line: &Line,
    ) -> Result<(), InputError> {
        let error = |message: String| InputError::new(from.shown, message).at(line.number);
        let said = format!("{} {value}", role.option());
        let at =
            address::beside(from.at, value).map_err(|why| error(format!("`{said}`: {why}")))?;
        let shown = match written {
            _ if address::is_address(&at) => address::shown(&at),
            // The folder of the file itself.
            Some(_) if at == "." => at.clone(),
            Some(written) => posix(&from.beside(written, value)),
            None => line.unfilled(address::shown(&at)),
        };
        let key = address::key(&at);
        if let Some(start) = self.open.iter().position(|open| *open == key) {
            let open = self
                .open
                .iter()
                .skip(start)
                .map(|open| address::shown(open));
            let chain: Vec<String> = open.chain([shown.clone()]).collect();
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
        let bytes = address::read_included(self.files, &at, from.at).map_err(|why| {
            let unread = error(format!("`{said}`: `{shown}`: {why}"));
            if let FilesError::Refused { help, .. } = why {
                return unread.remedy(help);
            }
            if address::is_address(&at) {
                return unread.remedy("check the address, or save the file beside this one");
            }
            unread.remedy(if value.starts_with('=') {
                "a short option is followed by its value, without `=`"
            } else {
                "an include is looked for beside the file that includes it"
            })
        })?;
        self.read_text(&at, &shown, role, &bytes)
    }

    /// Warns of the options that pip reads and passes over beside `what`. What counts on any line is none of them.
    fn ignored_beside(
        &mut self,
        options: &[Given],
        mut counts: impl FnMut(usize, &Given) -> bool,
        origin: &Origin,
        what: &str,
    ) {
        for (position, given) in options.iter().enumerate() {
            let everywhere = matches!(
                given.known,
                Known::NoBinary | Known::OnlyBinary | Known::AllReleases | Known::OnlyFinal
            );
            if everywhere || counts(position, given) {
                continue;
            }
            self.warn(
                format!(
                    "`{}` has no effect on the line of {what}, and is passed over as pip does; write it on a line of its own",
                    given.name
                ),
                origin,
            );
        }
    }

    fn warn(&mut self, message: impl AsRef<str>, origin: &Origin) {
        let message = crate::redact::without_credentials(message.as_ref());
        self.manifest.warnings.push((message, origin.clone()));
    }
}

/// The variable in the value of an option, which is known only if variables change no more than that of its line.
fn variable(written: Option<&Written<'_>>, value: Option<&str>) -> Option<String> {
    let written = written?;
    match value {
        Some(value) => written.variable_in(value),
        None => Some(written.variable()),
    }
}

/// `sha256:` and 64 hexadecimal digits. That the algorithm is one of pip's was seen to before.
fn hash(value: &str) -> Result<Sha256, String> {
    match value.split_once(':') {
        Some(("sha256", digits)) => {
            Sha256::from_hex(digits).ok_or_else(|| "it is not 64 hexadecimal digits".to_owned())
        }
        other => Err(format!(
            "{} is not supported: indexes state sha256, and the lock holds that; write the sha256 or remove it",
            other.unwrap_or_default().0
        )),
    }
}
