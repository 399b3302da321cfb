//! A record as people read it, whole.

use lockgate_model::{AdvisoryLink, Name, ShownAffected, ShownRecord};
use serde::Deserialize;

use crate::error::GateError;
use crate::record::{Affected, Event, Record};
use crate::severity;

/// Reads a record; the file's name tells JSON from YAML.
pub fn shown_record(source_name: &str, file: &str, bytes: &[u8]) -> Result<ShownRecord, GateError> {
    let record =
        Record::read(file, bytes).map_err(|unreadable| unreadable.into_error(source_name))?;
    let details = crate::description::texts(file, bytes).and_then(|texts| texts.details);
    Ok(ShownRecord {
        summary: record
            .summary
            .as_ref()
            .or(record.details.as_ref())
            .map(|line| line.0.clone())
            .unwrap_or_default(),
        details: details.unwrap_or_default(),
        severity: severity::of(&record),
        weaknesses: record
            .database_specific
            .iter()
            .flat_map(crate::record::DatabaseSpecific::weaknesses)
            .map(str::to_owned)
            .collect(),
        published: record.published,
        modified: record.modified,
        withdrawn: record.withdrawn.as_ref().map(|it| it.text.clone()),
        affected: record
            .pypi()
            .map(|(package, affected)| ShownAffected {
                name: Name::new(&package.name)
                    .map_or_else(|_| package.name.clone(), |name| name.to_string()),
                ranges: ranges(affected),
                listed: affected.versions.as_ref().map_or(0, Vec::len),
            })
            .collect(),
        references: record
            .references
            .iter()
            .flatten()
            .map(|reference| AdvisoryLink {
                kind: reference.kind.clone(),
                url: reference.url.clone(),
            })
            .collect(),
        aliases: record.aliases.unwrap_or_default(),
        id: record.id,
    })
}

/// The events of each range, as they are written.
fn ranges(affected: &Affected) -> Vec<String> {
    let ranges = affected.ranges.iter().flatten();
    ranges
        .filter(|range| range.kind != "GIT")
        .map(|range| {
            let events: Vec<String> = range.events.iter().filter_map(event).collect();
            if events.is_empty() {
                "all versions".to_owned()
            } else {
                events.join(", ")
            }
        })
        .collect()
}

fn event(event: &Event) -> Option<String> {
    if let Some(introduced) = &event.introduced {
        return (introduced != "0").then(|| format!(">={introduced}"));
    }
    let fixed = event.fixed.as_ref().map(|fixed| format!("<{fixed}"));
    fixed
        .or_else(|| event.last_affected.as_ref().map(|last| format!("<={last}")))
        .or_else(|| {
            event
                .limit
                .as_ref()
                .filter(|limit| *limit != "*")
                .map(|limit| format!("<{limit}"))
        })
}

/// The texts of a record.
#[derive(Debug, Deserialize)]
pub(crate) struct Texts {
    #[serde(default)]
    pub(crate) summary: Option<String>,
    #[serde(default)]
    pub(crate) details: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_shown_as_it_is_written() {
        let json = br##"{"id":"GHSA-1","aliases":["CVE-1"],"summary":"Short","details":"# Long\n\ntext","withdrawn":"2024-01-01T00:00:00Z",
            "database_specific":{"severity":"HIGH","cwe_ids":["CWE-79"]},
            "affected":[{"package":{"ecosystem":"PyPI","name":"Foo_Bar"},"versions":["1.0","1.1"],
              "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2"}]},{"type":"ECOSYSTEM","events":[{"introduced":"2.0"},{"last_affected":"2.9.0-NA"}]},{"type":"GIT","events":[]}]}]}"##;
        let shown = shown_record("test", "GHSA-1.json", json).unwrap();
        assert_eq!(shown.summary, "Short");
        assert_eq!(shown.details, "# Long\n\ntext");
        assert_eq!(shown.weaknesses, ["CWE-79"]);
        assert!(shown.withdrawn.is_some());
        let [affected] = shown.affected.as_slice() else {
            panic!("{shown:?}")
        };
        assert_eq!(affected.name, "foo-bar");
        assert_eq!(affected.ranges, ["<1.2", ">=2.0, <=2.9.0-NA"]);
        assert_eq!(affected.listed, 2);
    }
}
