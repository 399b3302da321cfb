//! The `[project]` table of a source distribution whose PKG-INFO is too old to promise anything.
//!
//! What the table states, or leaves out without naming it in `dynamic`, no build may change (PEP 621): dependencies can be read there
//! although the version is dynamic, which the file's name and PKG-INFO tell.

use std::collections::BTreeMap;

use lockgate_model::{Marker, Name, Requirement};
use serde::Deserialize;

use super::headers::Stated;

#[derive(Deserialize)]
struct Document {
    project: Project,
    #[serde(default)]
    tool: Tool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Project {
    name: String,
    version: Option<String>,
    requires_python: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    dynamic: Vec<String>,
}

#[derive(Deserialize, Default)]
struct Tool {
    poetry: Option<Poetry>,
}

#[derive(Deserialize)]
struct Poetry {
    dependencies: Option<toml::Table>,
}

/// What the text of a `pyproject.toml` states of the project that PKG-INFO says is `version`; none where a build decides.
pub(super) fn state(text: &str, version: &str) -> Option<Stated> {
    let document: Document = toml::from_str(text).ok()?;
    // Before its version 2 Poetry read a table of its own, whatever stood in this one.
    let poetry = document.tool.poetry;
    if poetry.is_some_and(|poetry| poetry.dependencies.is_some()) {
        return None;
    }
    let project = document.project;
    let decides = |field: &String| {
        matches!(
            field.as_str(),
            "dependencies" | "optional-dependencies" | "requires-python"
        )
    };
    if project.dynamic.iter().any(decides) {
        return None;
    }
    let mut requirements = project.dependencies;
    let is_readable = |text: &String| text.parse::<Requirement>().is_ok();
    if !requirements.iter().all(is_readable) {
        return None;
    }
    let mut extras = Vec::new();
    for (extra, texts) in project.optional_dependencies {
        // An extra without a valid name can't be asked for.
        let Ok(extra) = Name::new(&extra) else {
            continue;
        };
        for text in texts {
            requirements.push(guarded(&text, &extra)?);
        }
        extras.push(extra);
    }
    Some(Stated {
        name: Name::new(&project.name).ok()?,
        version: project.version.unwrap_or_else(|| version.to_owned()),
        requires_python: project.requires_python,
        requirements,
        extras,
    })
}

/// A requirement of an extra, as core metadata have it; none if it is no requirement.
fn guarded(text: &str, extra: &Name) -> Option<String> {
    let mut requirement: Requirement = text.parse().ok()?;
    let guard = Marker::parse(&format!("extra == '{extra}'")).ok()?;
    requirement.marker = requirement.marker.and(&guard);
    Some(requirement.to_string())
}

#[cfg(test)]
mod tests {
    use super::state;

    #[test]
    fn what_is_not_dynamic_is_read() {
        let table = "[project]\nname = 'A.b'\ndynamic = ['version', 'readme']\nrequires-python = '>=3.8'\n\
            dependencies = ['c>=1; sys_platform == \"linux\"']\n\
            [project.optional-dependencies]\nX = ['d', 'e ; python_version < \"3.9\" or os_name == \"nt\"', 'f @ https://files.example/f;g.whl']\ny = []\n";
        let stated = state(table, "1.5").unwrap();
        assert_eq!((stated.name.as_str(), &*stated.version), ("a-b", "1.5"));
        assert_eq!(stated.requires_python.as_deref(), Some(">=3.8"));
        assert_eq!(
            stated.requirements,
            [
                "c>=1; sys_platform == \"linux\"",
                "d ; extra == 'x'",
                "e ; (python_full_version < '3.9' and extra == 'x') or (os_name == 'nt' and extra == 'x')",
                "f @ https://files.example/f;g.whl ; extra == 'x'",
            ]
        );
        assert_eq!(
            stated
                .extras
                .iter()
                .map(AsRef::as_ref)
                .collect::<Vec<&str>>(),
            ["x", "y"]
        );
    }

    #[test]
    fn what_a_build_decides_is_not() {
        for (table, why) in [
            (
                "[project]\nname = 'a'\ndynamic = ['dependencies']\n",
                "they are dynamic",
            ),
            (
                "[project]\nname = 'a'\ndynamic = ['optional-dependencies']\n",
                "extras are dynamic",
            ),
            (
                "[project]\nname = 'a'\ndynamic = ['requires-python']\n",
                "the Python is dynamic",
            ),
            ("[project]\nversion = '1'\n", "it has no name"),
            (
                "[project]\nname = 'a'\ndependencies = 'b'\n",
                "it breaks the specification",
            ),
            (
                "[project]\nname = 'a'\ndependencies = ['=']\n",
                "that is none either",
            ),
            (
                "[project]\nname = 'a'\noptional-dependencies = { x = ['='] }\n",
                "that is no requirement",
            ),
            (
                "[project]\nname = 'a'\n[tool.poetry.dependencies]\nb = '*'\n",
                "an old Poetry reads its own table",
            ),
            (
                "[build-system]\nrequires = ['setuptools']\n",
                "it has no such table",
            ),
            ("[project\n", "it is no TOML"),
        ] {
            assert!(state(table, "1.5").is_none(), "{why}");
        }
    }
}
