//! What a project's `pyproject.toml` states for good (PEP 621): metadata that no build can change.

use std::collections::BTreeMap;

use lockgate_model::{ByExtra, Marker, Metadata, Name, Requirement};
use serde::Deserialize;

use crate::error::in_one_line;

/// Why a `pyproject.toml` does not tell a project's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStatic {
    /// It has no `[project]` table: only the build knows.
    NoTable,
    /// These fields are known only after a build.
    Dynamic {
        /// The fields.
        fields: Vec<String>,
        /// The project, which a name must always be stated for.
        name: Option<Name>,
    },
    /// It breaks the specification.
    Invalid(String),
}

#[derive(Debug, Deserialize)]
struct Document {
    project: Option<Project>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a table")]
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

/// The metadata that the text of a `pyproject.toml` states.
pub fn metadata(text: &str) -> Result<Metadata, NotStatic> {
    let document: Document = toml::from_str(text).map_err(|error| {
        NotStatic::Invalid(error.message().lines().collect::<Vec<_>>().join("; "))
    })?;
    let project = document.project.ok_or(NotStatic::NoTable)?;
    let is_needed = |field: &&String| {
        matches!(
            field.as_str(),
            "version" | "dependencies" | "optional-dependencies" | "requires-python"
        )
    };
    let dynamic: Vec<String> = project.dynamic.iter().filter(is_needed).cloned().collect();
    if !dynamic.is_empty() {
        return Err(NotStatic::Dynamic {
            fields: dynamic,
            name: Name::new(&project.name).ok(),
        });
    }
    let invalid = |error: &dyn std::error::Error| NotStatic::Invalid(in_one_line(error));
    let version = project
        .version
        .ok_or_else(|| NotStatic::Invalid("`version` is neither stated nor dynamic".to_owned()))?;
    let mut requirements = Vec::new();
    for text in &project.dependencies {
        requirements.push(
            text.parse::<Requirement>()
                .map_err(|error| invalid(&error))?,
        );
    }
    let mut extras = Vec::new();
    for (extra, texts) in &project.optional_dependencies {
        let extra = Name::new(extra).map_err(|error| invalid(&error))?;
        let guard =
            Marker::parse(&format!("extra == '{extra}'")).map_err(|error| invalid(&error))?;
        for text in texts {
            let mut requirement: Requirement = text.parse().map_err(|error| invalid(&error))?;
            requirement.marker = requirement.marker.and(&guard);
            requirements.push(requirement);
        }
        extras.push(extra);
    }
    Ok(Metadata {
        name: Name::new(&project.name).map_err(|error| invalid(&error))?,
        version: version.parse().map_err(|_version| {
            NotStatic::Invalid(format!("`version = \"{version}\"` is no version"))
        })?,
        requires_python: project.requires_python,
        requirements,
        extras,
        stated: BTreeMap::default(),
        by_extra: ByExtra::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::{NotStatic, metadata};

    #[test]
    fn static_projects_are_read_without_a_build() {
        let read = metadata(
            "[project]\nname = \"A.b\"\nversion = \"1.0\"\nrequires-python = '>=3.9'\ndependencies = ['c>=1']\noptional-dependencies = { X = ['d', 'a-b[y]'], y = [] }\ndynamic = ['readme']\n",
        )
        .unwrap();
        assert_eq!(
            (read.name.as_str(), read.version.to_string().as_str()),
            ("a-b", "1.0")
        );
        let requirements: Vec<String> = read.requirements.iter().map(ToString::to_string).collect();
        assert_eq!(
            requirements,
            ["c>=1", "d ; extra == 'x'", "a-b[y] ; extra == 'x'"]
        );
        assert_eq!(read.requires_python.as_deref(), Some(">=3.9"));
    }

    #[test]
    fn what_only_a_build_knows_is_told() {
        assert_eq!(metadata("[tool.x]\n").unwrap_err(), NotStatic::NoTable);
        let dynamic = "[project]\nname = 'a'\ndynamic = ['version', 'readme', 'dependencies']\n";
        assert_eq!(
            metadata(dynamic).unwrap_err(),
            NotStatic::Dynamic {
                fields: vec!["version".to_owned(), "dependencies".to_owned()],
                name: Some("a".parse().unwrap()),
            }
        );
        for text in [
            "[project]\nname = 'a'\n",
            "[project]\nname = 'a'\nversion = 'x y'\n",
            "[project]\nname = 'a'\nversion = '1'\ndependencies = ['b >> 1']\n",
            "[project",
        ] {
            assert!(
                matches!(metadata(text), Err(NotStatic::Invalid(_))),
                "{text}"
            );
        }
    }
}
