//! The `[project]` table itself: what stands in it, all of it valid.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use crate::document::Document;
use crate::error::{InputError, nearest};
use crate::project::{Project, Stated};

/// The keys that are read.
const READ: [&str; 5] = [
    "name",
    "requires-python",
    "dependencies",
    "optional-dependencies",
    "dynamic",
];

/// The other keys that the table may have, which say nothing of requirements.
const OTHER: [&str; 15] = [
    "version",
    "description",
    "readme",
    "license",
    "license-files",
    "authors",
    "maintainers",
    "keywords",
    "classifiers",
    "urls",
    "scripts",
    "gui-scripts",
    "entry-points",
    "import-names",
    "import-namespaces",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a table")]
pub(super) struct Table {
    pub(super) name: Spanned<String>,
    pub(super) requires_python: Option<Spanned<String>>,
    pub(super) dependencies: Option<Vec<Spanned<String>>>,
    pub(super) optional_dependencies: Option<BTreeMap<Spanned<String>, Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) dynamic: Vec<Spanned<String>>,
}

impl Table {
    pub(super) fn read(
        value: Spanned<DeValue<'_>>,
        document: &Document<'_>,
    ) -> Result<Self, InputError> {
        refuse_misspelled(&value, document)?;
        let table = Self::deserialize(ValueDeserializer::from(value))
            .map_err(|error| document.toml_error(&error))?;
        table.refuse_both(document)?;
        Ok(table)
    }

    /// Where `field` stands in `dynamic`, if it does.
    pub(super) fn dynamic(&self, field: &str) -> Option<&Spanned<String>> {
        self.dynamic.iter().find(|entry| entry.get_ref() == field)
    }

    /// The values that stand in the table.
    pub(super) fn fill(
        &self,
        project: &mut Project,
        document: &Document<'_>,
    ) -> Result<(), InputError> {
        if let Some(text) = &self.requires_python {
            project.python(&stated(document, text), "requires-python")?;
        }
        for text in self.dependencies.iter().flatten() {
            let dependency = project.dependency(&stated(document, text))?;
            project.dependencies.push(dependency);
        }
        let mut extras: Vec<_> = self.optional_dependencies.iter().flatten().collect();
        extras.sort_by_key(|(extra, _)| extra.span().start);
        for (extra, texts) in extras {
            let texts: Vec<Stated> = texts.iter().map(|text| stated(document, text)).collect();
            project.extra(&stated(document, extra), &texts)?;
        }
        Ok(())
    }

    /// A field that is both written and dynamic would mean two things.
    fn refuse_both(&self, document: &Document<'_>) -> Result<(), InputError> {
        let is_written = |field: &str| match field {
            "name" => true,
            "dependencies" => self.dependencies.is_some(),
            "optional-dependencies" => self.optional_dependencies.is_some(),
            "requires-python" => self.requires_python.is_some(),
            _ => false,
        };
        match self
            .dynamic
            .iter()
            .find(|field| is_written(field.get_ref()))
        {
            None => Ok(()),
            Some(field) => Err(document
                .error_at(
                    field.span().start,
                    format!(
                        "`{}` is written in `[project]` and dynamic at once",
                        field.get_ref()
                    ),
                )
                .remedy("remove it from `dynamic`, or from `[project]`")),
        }
    }
}

fn stated(document: &Document<'_>, text: &Spanned<String>) -> Stated {
    document.stated(text.span().start, text.get_ref())
}

/// Unknown keys are no business of ours, but one that is misspelled would leave requirements out in silence.
fn refuse_misspelled(
    value: &Spanned<DeValue<'_>>,
    document: &Document<'_>,
) -> Result<(), InputError> {
    let keys = value.get_ref().as_table().into_iter().flatten();
    for (key, _) in keys {
        let word = key.get_ref().as_ref();
        if READ.contains(&word) || OTHER.contains(&word) {
            continue;
        }
        if let Some(near) = nearest(word, READ.into_iter().filter(|key| key.len() > 4)) {
            return Err(document
                .error_at(key.span().start, format!("`[project]` has no key `{word}`"))
                .remedy(format!("is `{near}` meant?")));
        }
    }
    Ok(())
}
