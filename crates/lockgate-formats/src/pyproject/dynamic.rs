//! Fields of `[project]` that are dynamic, as far as text can tell them: setuptools reads some of them from files.
//!
//! All else is known only to who builds the project.

use lockgate_model::Files;
use toml::Spanned;
use toml::de::DeTable;

use super::directive;
use super::table::Table;
use super::{below, without};
use crate::document::Document;
use crate::error::InputError;
use crate::project::Project;
use crate::setuptools;

/// Fills `project` with what its dynamic fields are, or says why they are not known.
pub(super) fn fill(
    project: &mut Project,
    table: &Table,
    root: &DeTable<'_>,
    document: &Document<'_>,
    files: &dyn Files,
) -> Result<(), InputError> {
    let told = of_setuptools(root);
    if let Some(field) = table.dynamic("dependencies") {
        let Some(value) = told.and_then(|dynamic| dynamic.get("dependencies")) else {
            return Err(unknown(field, table, root, document, files));
        };
        let names = directive::files("dependencies", value, document)?;
        for text in setuptools::requirements_of_files(files, document.file, &names)? {
            let dependency = project.dependency(&text)?;
            project.dependencies.push(dependency);
        }
    }
    if let Some(field) = table.dynamic("optional-dependencies") {
        let Some(value) = told.and_then(|dynamic| dynamic.get("optional-dependencies")) else {
            project.unknown_extras = Some(unknown(field, table, root, document, files));
            return Ok(());
        };
        let table = directive::table("optional-dependencies", value, document)?;
        let mut extras: Vec<_> = table.iter().collect();
        extras.sort_by_key(|(extra, _)| extra.span().start);
        for (extra, value) in extras {
            let what = format!("optional-dependencies.{}", extra.get_ref());
            let names = directive::files(&what, value, document)?;
            let texts = setuptools::requirements_of_files(files, document.file, &names)?;
            let name = document.stated(extra.span().start, extra.get_ref());
            project.extra(&name, &texts)?;
        }
    }
    Ok(())
}

/// `[tool.setuptools.dynamic]`, where setuptools itself builds the project. A backend that wraps it may do as it likes.
fn of_setuptools<'a, 'i>(root: &'a DeTable<'i>) -> Option<&'a DeTable<'i>> {
    const ITSELF: [&str; 2] = ["setuptools.build_meta", "setuptools.build_meta:__legacy__"];
    let system = below(root, &["build-system"]);
    let is_wrapped = system.is_some_and(|system| system.contains_key("backend-path"));
    let is_setuptools = backend(root).is_none_or(|backend| ITSELF.contains(&backend));
    below(root, &["tool", "setuptools", "dynamic"]).filter(|_| is_setuptools && !is_wrapped)
}

fn backend<'a>(root: &'a DeTable<'_>) -> Option<&'a str> {
    below(root, &["build-system"])?
        .get("build-backend")?
        .get_ref()
        .as_str()
}

fn unknown(
    field: &Spanned<String>,
    table: &Table,
    root: &DeTable<'_>,
    document: &Document<'_>,
    files: &dyn Files,
) -> InputError {
    let backend = backend(root).unwrap_or("setuptools");
    let name = field.get_ref();
    let message = format!(
        "`{name}` is dynamic: only a build by `{backend}` tells it, and lockgate runs no package code"
    );
    let fields: Vec<&'static str> = ["dependencies", "optional-dependencies", "requires-python"]
        .into_iter()
        .filter(|field| table.dynamic(field).is_some())
        .collect();
    document
        .error_at(field.span().start, message)
        .remedy(without::remedy_for_dynamic(files, document.file, root))
        .needs_build(document.file, &fields)
}
