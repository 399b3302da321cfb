//! `pyproject.toml`: the `[project]` table (PEP 621), what is dynamic in it, and `[dependency-groups]` (PEP 735).

mod directive;
mod dynamic;
mod groups;
mod table;
mod without;

pub(crate) use groups::Groups;

use lockgate_model::{Files, Name};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::Document;
use crate::error::InputError;
use crate::project::Project;
use crate::text;
use table::Table;

/// What a `pyproject.toml` has for a lock.
pub(crate) enum Read {
    /// A project.
    Project(Box<Project>),
    /// Groups, and no project; what to say where none of them is asked for.
    OnlyGroups(InputError),
}

/// Reads the project of the file at `path`.
pub(crate) fn read(files: &dyn Files, path: &str) -> Result<Read, InputError> {
    let bytes = text::read(files, path)?;
    let text = text::utf8(path, &bytes, "`pyproject.toml`")?;
    let document = Document::new(path, text);
    let mut root = parse(text, &document)?;
    let Some(value) = root.remove("project") else {
        let error = without::project(files, path, &root);
        return if root.contains_key("dependency-groups") {
            Ok(Read::OnlyGroups(error))
        } else {
            Err(error)
        };
    };
    let table = Table::read(value, &document)?;
    let name = Name::new(table.name.get_ref()).map_err(|error| {
        document
            .error_at(table.name.span().start, error.to_string())
            .remedy("letters, digits, `-`, `_` and `.` make a name; it begins and ends with one of the first two")
    })?;
    let mut project = Project::new(path, Some(name));
    table.fill(&mut project, &document)?;
    dynamic::fill(&mut project, &table, &root, &document, files)?;
    Ok(Read::Project(Box::new(project)))
}

fn parse<'a>(text: &'a str, document: &Document<'_>) -> Result<DeTable<'a>, InputError> {
    let parsed = DeTable::parse(text).map_err(|error| document.toml_error(&error))?;
    Ok(parsed.into_inner())
}

/// The table below `keys`, if there is one.
fn below<'a, 'i>(root: &'a DeTable<'i>, keys: &[&str]) -> Option<&'a DeTable<'i>> {
    keys.iter().try_fold(root, |table, key| {
        table.get(*key).and_then(|value| value.get_ref().as_table())
    })
}

/// What kind of value was found where another was wanted.
fn wrong_type(
    value: &Spanned<DeValue<'_>>,
    what: &str,
    wanted: &str,
    document: &Document<'_>,
) -> InputError {
    let found = value.get_ref().type_str();
    document
        .error_at(
            value.span().start,
            format!("{what} must be {wanted}, and is of type {found}"),
        )
        .remedy("mend the file")
}

/// Whether the text of a `pyproject.toml` has a `[project]` table; so it counts too if it cannot be read.
pub fn has_project_table(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).ok();
    let parsed = text.and_then(|text| DeTable::parse(text).ok());
    parsed.is_none_or(|table| table.get_ref().contains_key("project"))
}
