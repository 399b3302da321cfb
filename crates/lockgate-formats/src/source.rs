//! What a source is, by its name.

use std::ffi::OsStr;
use std::path::Path;

/// A kind of source. Only the name of a file decides: what it must hold, and what its lock is called, follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A requirements file, or standard input.
    Requirements,
    /// `pyproject.toml`, or another TOML file laid out as one.
    Pyproject,
    /// `setup.cfg`.
    SetupCfg,
    /// `setup.py`: a program, and known only once it has run.
    SetupPy,
    /// A Python script with its requirements in a comment (PEP 723).
    Script,
    /// `pylock.toml`: what it pins is what is asked for.
    Pylock,
    /// The lock or manifest of another tool; what it is.
    Foreign(&'static str),
}

impl SourceKind {
    /// Of the file at `source`.
    pub fn of(source: &str) -> Self {
        let path = Path::new(source);
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or(source);
        match name {
            "setup.cfg" => return Self::SetupCfg,
            "setup.py" => return Self::SetupPy,
            "Pipfile" => return Self::Foreign("Pipenv's manifest"),
            "Pipfile.lock" | "uv.lock" | "poetry.lock" | "pdm.lock" => {
                return Self::Foreign("the lock of another tool");
            }
            "environment.yml" | "environment.yaml" => return Self::Foreign("conda's manifest"),
            _ => {}
        }
        match path.extension().and_then(OsStr::to_str) {
            Some("toml") if name.starts_with("pylock.") => Self::Pylock,
            Some("toml") => Self::Pyproject,
            Some("py" | "pyw") => Self::Script,
            Some("cfg") => Self::Foreign("a configuration file, and only `setup.cfg` is a source"),
            _ => Self::Requirements,
        }
    }

    /// Whether it may have extras.
    pub fn is_project(self) -> bool {
        matches!(self, Self::Pyproject | Self::SetupCfg | Self::SetupPy)
    }
}

#[cfg(test)]
mod tests {
    use super::SourceKind::{
        self, Foreign, Pylock, Pyproject, Requirements, Script, SetupCfg, SetupPy,
    };

    #[test]
    fn the_name_tells_the_kind() {
        for (source, kind) in [
            ("requirements.in", Requirements),
            ("a/requirements", Requirements),
            ("-", Requirements),
            ("a/pyproject.toml", Pyproject),
            ("old.toml", Pyproject),
            ("a/setup.cfg", SetupCfg),
            ("setup.py", SetupPy),
            ("a/tool.py", Script),
            ("tool.pyw", Script),
            ("a/pylock.toml", Pylock),
            ("pylock.dev.toml", Pylock),
        ] {
            assert_eq!(SourceKind::of(source), kind, "{source}");
        }
        for source in ["uv.lock", "Pipfile", "tox.cfg", "environment.yml"] {
            assert!(matches!(SourceKind::of(source), Foreign(_)), "{source}");
        }
    }
}
