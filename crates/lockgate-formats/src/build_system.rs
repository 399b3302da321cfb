//! How a project wants to be built (PEP 517, PEP 518).

use lockgate_model::Requirement;
use serde::Deserialize;

use crate::error::in_one_line;

/// The `[build-system]` table of a `pyproject.toml`, or what holds without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSystem {
    /// What must be there before the backend can be asked.
    pub requires: Vec<Requirement>,
    /// The backend, as `module` or `module:object`.
    pub backend: String,
    /// Folders of the project that the backend is in.
    pub backend_path: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    build_system: Option<Table>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a table")]
struct Table {
    requires: Vec<String>,
    build_backend: Option<String>,
    #[serde(default)]
    backend_path: Vec<String>,
}

/// What pip builds with where a project does not say.
const DEFAULT_REQUIRES: &str = "setuptools>=40.8.0";
const DEFAULT_BACKEND: &str = "setuptools.build_meta:__legacy__";

/// Reads the text of a `pyproject.toml`, if there is one.
pub fn read(pyproject: Option<&str>) -> Result<BuildSystem, String> {
    let document: Document = match pyproject {
        Some(text) => toml::from_str(text)
            .map_err(|error| error.message().lines().collect::<Vec<_>>().join("; "))?,
        None => Document::default(),
    };
    let table = document.build_system.unwrap_or_else(|| Table {
        requires: vec![DEFAULT_REQUIRES.to_owned()],
        build_backend: None,
        backend_path: Vec::new(),
    });
    let requires = table.requires.iter().map(|text| {
        text.parse::<Requirement>()
            .map_err(|error| format!("`build-system.requires`: `{text}`: {}", in_one_line(&error)))
    });
    let is_outside = |path: &&String| {
        path.starts_with(['/', '\\'])
            || path.contains(':')
            || path.split(['/', '\\']).any(|part| part == "..")
    };
    if let Some(path) = table.backend_path.iter().find(is_outside) {
        return Err(format!(
            "`build-system.backend-path`: `{path}` leads out of the project"
        ));
    }
    Ok(BuildSystem {
        requires: requires.collect::<Result<_, _>>()?,
        backend: table
            .build_backend
            .unwrap_or_else(|| DEFAULT_BACKEND.to_owned()),
        backend_path: table.backend_path,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_not_said_is_as_pip_has_it() {
        for text in [None, Some("[project]\nname = 'a'\n")] {
            let system = read(text).unwrap();
            assert_eq!(system.backend, "setuptools.build_meta:__legacy__");
            assert_eq!(system.requires.len(), 1);
        }
        let system = read(Some(
            "[build-system]\nrequires = ['a>=1', 'b']\nbuild-backend = 'x:y'\nbackend-path = ['.']\n",
        ))
        .unwrap();
        assert_eq!((system.requires.len(), system.backend.as_str()), (2, "x:y"));
    }

    #[test]
    fn what_cannot_be_built_with_is_said() {
        for (text, part) in [
            ("[build-system]\nrequires = ['a >> 1']\n", "`a >> 1`"),
            ("[build-system]\nrequires = 1\n", "sequence"),
            ("[build-system]\n", "requires"),
            (
                "[build-system]\nrequires = []\nbackend-path = ['../x']\n",
                "`../x`",
            ),
        ] {
            let error = read(Some(text)).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
