//! `setup.cfg` of setuptools: `[metadata] name`, `[options] install_requires` and `python_requires`, `[options.extras_require]`.
//!
//! Its word counts where nothing else speaks for the project: no `[project]` table, which setuptools prefers, and no `setup.py` that
//! passes requirements itself.

mod ini;

use lockgate_model::{Files, Name};
use toml::de::DeTable;

use crate::error::InputError;
use crate::path::joined;
use crate::project::{Project, Stated};
use crate::setuptools;
use crate::text;
use ini::{Ini, Setting};

/// What a `setup.py` would pass, and so decide in place of this file.
const PASSED: [&str; 5] = [
    "install_requires",
    "extras_require",
    "python_requires",
    "requirements",
    "pbr",
];

/// The marker variables: what stands after a `;` and begins with one is no requirement.
const VARIABLES: [&str; 11] = [
    "python_version",
    "python_full_version",
    "os_name",
    "os.name",
    "sys_platform",
    "sys.platform",
    "platform_",
    "implementation_",
    "extra",
    "(",
    "'",
];

/// Whether the text of a `setup.cfg` names requirements: it holds the settings of many tools. So it counts too if it cannot be read.
pub fn states_setup_requirements(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).ok();
    let ini = text.and_then(|text| Ini::read("setup.cfg", text).ok());
    ini.is_none_or(|ini| {
        let options = ini.section("options");
        let mut keys = options.iter().map(|setting| setting.key.replace('-', "_"));
        keys.any(|key| key == "install_requires")
            || !ini.section("options.extras_require").is_empty()
    })
}

/// Reads the project of the `setup.cfg` at `path`.
pub(crate) fn read(files: &dyn Files, path: &str) -> Result<Project, InputError> {
    let bytes = text::read(files, path)?;
    let text = text::utf8(path, &bytes, "`setup.cfg`")?;
    let ini = Ini::read(path, text)?;
    refuse_other_words(files, path)?;
    let reading = Reading { files, path };
    let metadata = ini.section("metadata");
    let options = ini.section("options");
    reading.refuse_dashes(&options)?;
    let name = find(&metadata, "name").map(|setting| reading.name(setting));
    let mut project = Project::new(path, name.transpose()?);
    let extras = ini.section("options.extras_require");
    let requires = find(&options, "install_requires");
    if requires.is_none() && extras.is_empty() {
        return Err(reading.says_nothing());
    }
    if let Some(setting) = find(&options, "python_requires") {
        project.python(
            &reading.stated(setting.line, setting.text()),
            "python_requires",
        )?;
    }
    if let Some(setting) = requires {
        for text in reading.requirements(setting)? {
            let dependency = project.dependency(&text)?;
            project.dependencies.push(dependency);
        }
    }
    for setting in extras {
        let texts = reading.requirements(setting)?;
        project.extra(&reading.stated(setting.line, setting.key.clone()), &texts)?;
    }
    Ok(project)
}

/// `setup.py`: what it would tell, lockgate does not run it to hear.
pub(crate) fn program(files: &dyn Files, path: &str) -> InputError {
    let remedy = [
        ("pyproject.toml", "[project]"),
        ("setup.cfg", "install_requires"),
    ]
    .into_iter()
    .find(|(name, word)| mentions(files, path, name, &[word]).is_some())
    .map_or_else(
        || "lock a requirements file, or write the dependencies into `[project]` of a `pyproject.toml`".to_owned(),
        |(name, word)| format!("`{name}` beside it has `{word}`: lock `{name}`"),
    );
    match text::read(files, path) {
        Err(error) => error,
        Ok(_) => InputError::new(
            path,
            "it is a program: only running it tells what it requires, and lockgate runs no package code",
        )
        .remedy(remedy)
        .needs_build(
            path,
            &["dependencies", "optional-dependencies", "requires-python"],
        ),
    }
}

/// `[project]` and `setup.py` beside it have the last word.
fn refuse_other_words(files: &dyn Files, path: &str) -> Result<(), InputError> {
    let fields = ["dependencies", "optional-dependencies", "requires-python"];
    if let Some(bytes) = text::read_next_to(files, &joined(path, "pyproject.toml"), path)?
        && let Ok(text) = std::str::from_utf8(&bytes)
        && let Ok(root) = DeTable::parse(text)
        && let Some(project) = root.get_ref().get("project")
    {
        let dynamic = project.get_ref().get("dynamic");
        let dynamic = dynamic.and_then(|dynamic| dynamic.get_ref().as_array());
        let mut dynamic = dynamic.into_iter().flatten();
        if !dynamic.any(|field| field.get_ref().as_str() == Some("dependencies")) {
            return Err(InputError::new(
                path,
                "`pyproject.toml` beside it has a `[project]` table, and setuptools goes by that",
            )
            .remedy("lock `pyproject.toml`"));
        }
    }
    match mentions(files, path, "setup.py", &PASSED) {
        None => Ok(()),
        Some(word) => Err(InputError::new(
            path,
            format!("`setup.py` beside it speaks of `{word}`, and has the last word: only running it tells what it requires"),
        )
        .remedy("move all requirements to `setup.cfg`, or to `[project]` of a `pyproject.toml`")
        .needs_build(path, &fields)),
    }
}

/// The first of `words` that the text of the file `name` next to `path` holds.
fn mentions<'a>(files: &dyn Files, path: &str, name: &str, words: &[&'a str]) -> Option<&'a str> {
    let bytes = files.read_included(&joined(path, name), path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    words.iter().copied().find(|word| text.contains(word))
}

fn find<'a>(settings: &[&'a Setting], key: &str) -> Option<&'a Setting> {
    settings.iter().copied().find(|setting| setting.key == key)
}

struct Reading<'a> {
    files: &'a dyn Files,
    path: &'a str,
}

impl Reading<'_> {
    fn stated(&self, line: usize, text: String) -> Stated {
        Stated {
            text,
            file: self.path.to_owned(),
            line,
        }
    }

    fn error(&self, line: usize, message: impl AsRef<str>) -> InputError {
        InputError::new(self.path, message).at(line)
    }

    fn name(&self, setting: &Setting) -> Result<Name, InputError> {
        Name::new(&setting.text()).map_err(|error| {
            self.error(setting.line, format!("`name`: {error}"))
                .remedy("write the project's name")
        })
    }

    /// An option spelled with dashes was read by setuptools once, and is an error today: passed over, it would leave requirements out.
    fn refuse_dashes(&self, options: &[&Setting]) -> Result<(), InputError> {
        for word in ["install_requires", "python_requires"] {
            let is_misspelled =
                |key: &str| key != word && key.to_ascii_lowercase().replace('-', "_") == word;
            if let Some(setting) = options.iter().find(|setting| is_misspelled(&setting.key)) {
                return Err(self
                    .error(
                        setting.line,
                        format!("setuptools knows no option `{}`", setting.key),
                    )
                    .remedy(format!("write `{word}`")));
            }
        }
        Ok(())
    }

    fn says_nothing(&self) -> InputError {
        let message =
            "it has neither `install_requires` in `[options]` nor `[options.extras_require]`";
        let input = InputError::new(self.path, message);
        let program = joined(self.path, "setup.py");
        if self.files.read_included(&program, self.path).is_ok() {
            return input
                .remedy("`setup.py` beside it says what is required, and is not run: write `install_requires` into `setup.cfg`")
                .needs_build(self.path, &["dependencies", "optional-dependencies", "requires-python"]);
        }
        input.remedy("write `install_requires` into `[options]`, or lock another file")
    }

    /// A list of requirements: `file: a, b`, one on each line, or with `;` between them where there is one line only.
    fn requirements(&self, setting: &Setting) -> Result<Vec<Stated>, InputError> {
        let whole = setting.text();
        if let Some(names) = whole.strip_prefix("file:") {
            let names: Vec<Stated> = names
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(|name| self.stated(setting.line, name.to_owned()))
                .collect();
            return setuptools::requirements_of_files(self.files, self.path, &names);
        }
        let lines = setting
            .value
            .iter()
            .map(|(line, text)| Ok((*line, self.interpolated(*line, text)?)))
            .collect::<Result<Vec<_>, InputError>>()?;
        // Blank lines at its end are no part of a value.
        if let [(line, text), blank @ ..] = lines.as_slice()
            && blank.iter().all(|(_, text)| text.is_empty())
        {
            let pieces: Vec<&str> = text.split(';').map(str::trim).collect();
            self.refuse_markers(*line, pieces.get(1..).unwrap_or_default())?;
            return setuptools::requirements(
                self.path,
                pieces.into_iter().map(|piece| (*line, piece)),
            );
        }
        let lines = lines.iter().map(|(line, text)| (*line, text.as_str()));
        setuptools::requirements(self.path, lines)
    }

    /// Where a list has one line only, its `;` stand between requirements, and none before a marker.
    fn refuse_markers(&self, line: usize, pieces: &[&str]) -> Result<(), InputError> {
        let is_marker = |piece: &&&str| VARIABLES.iter().any(|word| piece.starts_with(word));
        match pieces.iter().find(is_marker) {
            None => Ok(()),
            Some(marker) => Err(self
                .error(
                    line,
                    format!("`{marker}` is a marker, and setuptools takes it for a requirement: on one line, `;` stands between requirements"),
                )
                .remedy("write each requirement on a line of its own, below the option's name")),
        }
    }

    /// `%%` is one `%`; any other `%` asks for the value of another option.
    fn interpolated(&self, line: usize, text: &str) -> Result<String, InputError> {
        let plain = text.replace("%%", "\0");
        if plain.contains('%') {
            return Err(self
                .error(
                    line,
                    format!("`{text}`: a `%` stands for another option's value, which is not read"),
                )
                .remedy("write `%%` for a `%`"));
        }
        Ok(plain.replace('\0', "%"))
    }
}
