//! Records of one vulnerability, merged: aliases are symmetric and transitive (OSV schema, "aliases"); `related` is no alias.
//!
//! Withdrawn records say nothing any more: not what is affected, and not that others are aliases.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Advisory, AdvisoryLink, Name, Timestamp};
use serde::{Deserialize, Serialize};

use crate::brief::Brief;
use crate::matching::Extent;
use crate::severity;

/// A vulnerability as it concerns one project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Concern {
    pub(crate) advisory: Advisory,
    pub(crate) extent: Extent,
}

/// All concerns of some records, by project.
pub(crate) fn concerns(briefs: &[Brief], source_name: &str) -> BTreeMap<Name, Vec<Concern>> {
    let mut by_project: BTreeMap<Name, Vec<Concern>> = BTreeMap::new();
    let ids: Vec<Vec<String>> = briefs.iter().map(Brief::ids).collect();
    for group in groups(&ids) {
        let members: Vec<&Brief> = group
            .iter()
            .filter_map(|index| briefs.get(*index))
            .collect();
        for (name, concern) in concerns_of(&members, source_name) {
            by_project.entry(name).or_default().push(concern);
        }
    }
    for concerns in by_project.values_mut() {
        concerns.sort_by(|a, b| a.advisory.id.cmp(&b.advisory.id));
    }
    by_project
}

/// The concerns of one vulnerability: of records that are aliases of each other.
pub(crate) fn concerns_of(members: &[&Brief], source_name: &str) -> Vec<(Name, Concern)> {
    let advisory = merged(members, source_name);
    let mut extents: BTreeMap<&Name, Vec<Extent>> = BTreeMap::new();
    for (name, extent) in members.iter().flat_map(|brief| &brief.extents) {
        let mut extent = extent.clone();
        // Of a malicious package every version is meant, whatever other records state.
        extent.states_no_versions &= !advisory.malicious;
        extents.entry(name).or_default().push(extent);
    }
    extents
        .into_iter()
        .map(|(name, extents)| {
            let mut extent = Extent::default();
            extent.join_all(extents);
            let advisory = Advisory {
                fixed: extent.fixed.clone(),
                unclear: extent.unclear.clone(),
                states_no_versions: extent.states_no_versions,
                ..advisory.clone()
            };
            (name.clone(), Concern { advisory, extent })
        })
        .collect()
}

/// Concerns of one project from several sources, merged where they share an id, directly or through others.
pub(crate) fn joined(sources: Vec<Vec<Concern>>) -> Vec<Concern> {
    let concerns: Vec<Concern> = sources.into_iter().flatten().collect();
    let ids: Vec<Vec<String>> = (concerns.iter())
        .map(|concern| all_ids(&concern.advisory).cloned().collect())
        .collect();
    let mut concerns: Vec<Option<Concern>> = concerns.into_iter().map(Some).collect();
    let mut merged: Vec<Concern> = groups(&ids)
        .into_iter()
        .filter_map(|group| {
            let members = group.into_iter();
            let members = members.filter_map(|place| concerns.get_mut(place)?.take());
            joined_as_one(members.collect())
        })
        .collect();
    merged.sort_by(|a, b| a.advisory.id.cmp(&b.advisory.id));
    merged
}

fn all_ids(advisory: &Advisory) -> impl Iterator<Item = &String> {
    std::iter::once(&advisory.id).chain(&advisory.aliases)
}

/// Concerns about one vulnerability as a single one. All at once: one after the other takes time with the square of their number.
fn joined_as_one(mut members: Vec<Concern>) -> Option<Concern> {
    if members.len() < 2 {
        return members.pop();
    }
    let first = members.first()?;
    let ids = members.iter().flat_map(|member| all_ids(&member.advisory));
    let (id, aliases) = shown(ids.cloned().collect(), &first.advisory.id);
    let malicious = members.iter().any(|member| member.advisory.malicious);
    let mut extent = Extent::default();
    extent.join_all(members.iter_mut().map(|member| {
        let mut extent = std::mem::take(&mut member.extent);
        extent.states_no_versions &= !malicious;
        extent
    }));
    // What the record of the shown id says goes first.
    members.sort_by_key(|member| member.advisory.id != id);
    let advisories = || members.iter().map(|member| &member.advisory);
    let mut sources: Vec<String> = advisories()
        .flat_map(|advisory| advisory.sources.iter().cloned())
        .collect();
    sources.sort();
    sources.dedup();
    let advisory = Advisory {
        summary: advisories()
            .map(|advisory| advisory.summary.as_str())
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned(),
        severity: advisories()
            .filter_map(|advisory| advisory.severity.clone())
            .reduce(severity::higher),
        fixed: extent.fixed.clone(),
        link: advisories().next()?.link.clone(),
        malicious,
        modified: advisories().filter_map(|advisory| advisory.modified).max(),
        published: advisories().filter_map(|advisory| advisory.published).min(),
        weaknesses: united(advisories().flat_map(|advisory| &advisory.weaknesses)),
        references: linked(advisories().flat_map(|advisory| &advisory.references)),
        records: united(advisories().flat_map(|advisory| &advisory.records)),
        oldest: oldest(advisories().map(|advisory| (advisory.published, &advisory.oldest))),
        unclear: extent.unclear.clone(),
        states_no_versions: extent.states_no_versions,
        sources,
        id,
        aliases,
    };
    Some(Concern { advisory, extent })
}

/// Returns the id of the oldest record, of records or of groups by their oldest. One that does not say when it was published is younger than
/// all that do; of several, the first id in order.
fn oldest<'i>(records: impl Iterator<Item = (Option<Timestamp>, &'i String)>) -> String {
    records
        .min_by_key(|(published, id)| (published.is_none(), *published, *id))
        .map(|(_, id)| id.clone())
        .unwrap_or_default()
}

/// Every text once, in order.
fn united<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<String> {
    let all: BTreeSet<&String> = texts.collect();
    all.into_iter().cloned().collect()
}

/// The first link to each page.
fn linked<'l>(links: impl Iterator<Item = &'l AdvisoryLink>) -> Vec<AdvisoryLink> {
    let mut known = BTreeSet::new();
    links
        .filter(|link| known.insert(&link.url))
        .cloned()
        .collect()
}

/// Places of records that are, directly or over others, aliases of each other, from the ids that each is known by.
pub(crate) fn groups(ids: &[Vec<String>]) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..ids.len()).collect();
    let mut first_with: BTreeMap<String, usize> = BTreeMap::new();
    for (index, ids) in ids.iter().enumerate() {
        for id in ids {
            let known = *first_with.entry(id.to_ascii_uppercase()).or_insert(index);
            let (a, b) = (root(&mut parents, known), root(&mut parents, index));
            if let Some(parent) = parents.get_mut(a.max(b)) {
                *parent = a.min(b);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..ids.len() {
        groups
            .entry(root(&mut parents, index))
            .or_default()
            .push(index);
    }
    groups.into_values().collect()
}

fn root(parents: &mut [usize], mut index: usize) -> usize {
    loop {
        let Some(parent) = parents
            .get(index)
            .copied()
            .filter(|parent| *parent != index)
        else {
            return index;
        };
        let above = parents.get(parent).copied().unwrap_or(parent);
        if let Some(slot) = parents.get_mut(index) {
            *slot = above;
        }
        index = parent;
    }
}

fn merged(members: &[&Brief], source_name: &str) -> Advisory {
    let ids: BTreeSet<String> = members
        .iter()
        .flat_map(|record| std::iter::once(&record.id).chain(&record.aliases))
        .cloned()
        .collect();
    let first = members
        .first()
        .map(|record| record.id.as_str())
        .unwrap_or_default();
    let (id, aliases) = shown(ids, first);
    let mut ordered = members.to_vec();
    ordered.sort_by_key(|record| (record.id != id, record.id.clone()));
    let modified: Option<Timestamp> = members.iter().filter_map(|record| record.modified).max();
    let malicious = std::iter::once(&id)
        .chain(&aliases)
        .any(|id| is_about_malware(id));
    Advisory {
        summary: ordered
            .iter()
            .map(|record| record.summary.as_str())
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned(),
        severity: members
            .iter()
            .filter_map(|record| record.severity.clone())
            .reduce(severity::higher),
        fixed: Vec::new(),
        link: link(&ordered, &id),
        malicious,
        modified,
        published: members.iter().filter_map(|record| record.published).min(),
        weaknesses: united(members.iter().flat_map(|record| &record.weaknesses)),
        references: linked(ordered.iter().flat_map(|record| &record.references)),
        records: united(members.iter().map(|record| &record.id)),
        oldest: oldest(members.iter().map(|record| (record.published, &record.id))),
        unclear: Vec::new(),
        states_no_versions: false,
        sources: vec![source_name.to_owned()],
        id,
        aliases,
    }
}

/// Whether an id is that of a malicious package, in any letter case.
fn is_about_malware(id: &str) -> bool {
    id.get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("MAL-"))
}

/// The id to show and the others: PYSEC, else GHSA, else CVE, else the record's own; of several, the first in order.
fn shown(mut ids: BTreeSet<String>, record_id: &str) -> (String, Vec<String>) {
    let id = ["PYSEC-", "GHSA-", "CVE-"]
        .into_iter()
        .find_map(|prefix| ids.iter().find(|id| id.starts_with(prefix)).cloned())
        .unwrap_or_else(|| record_id.to_owned());
    ids.remove(&id);
    (id, ids.into_iter().collect())
}

/// The first advisory that a record refers to, else the first page, else the record's page at OSV.
fn link(ordered: &[&Brief], id: &str) -> String {
    let first = |kind| ordered.iter().find_map(|brief| brief.page(kind));
    first("ADVISORY").or_else(|| first("WEB")).map_or_else(
        || format!("https://osv.dev/vulnerability/{id}"),
        str::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn record(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    fn about(id: &str, aliases: &[&str], rest: &str) -> Record {
        let aliases = serde_json::to_string(aliases).unwrap();
        record(&format!(
            r#"{{"id":"{id}","aliases":{aliases},"affected":[{{"package":{{"ecosystem":"PyPI","name":"Foo_Bar"}},"versions":["1.0"]}}]{rest}}}"#
        ))
    }

    fn concerns(records: &[Record], source: &str) -> BTreeMap<Name, Vec<Concern>> {
        let briefs: Vec<Brief> = records
            .iter()
            .filter_map(|record| Brief::of(record, NOW.parse().unwrap()).unwrap())
            .collect();
        super::concerns(&briefs, source)
    }

    fn ids(records: &[Record]) -> Vec<(String, Vec<String>)> {
        let mut all = concerns(records, "test");
        let concerns = all.remove(&"foo-bar".parse().unwrap()).unwrap_or_default();
        concerns
            .into_iter()
            .map(|c| (c.advisory.id, c.advisory.aliases))
            .collect()
    }

    #[test]
    fn aliases_are_merged_over_any_number_of_steps() {
        let records = [
            about("GHSA-1", &["CVE-1"], ""),
            about("PYSEC-1", &["CVE-2"], ""),
            about("X-1", &["CVE-1", "CVE-2"], ""),
        ];
        assert_eq!(
            ids(&records),
            [(
                "PYSEC-1".to_owned(),
                ["CVE-1", "CVE-2", "GHSA-1", "X-1"]
                    .map(ToOwned::to_owned)
                    .to_vec()
            )]
        );
    }

    #[test]
    fn an_alias_without_a_record_of_its_own_ties_two_records() {
        assert_eq!(
            ids(&[
                about("GHSA-1", &["CVE-1"], ""),
                about("GHSA-2", &["CVE-1"], "")
            ])
            .len(),
            1
        );
        assert_eq!(
            ids(&[
                about("GHSA-1", &[], ",\"related\":[\"GHSA-2\"]"),
                about("GHSA-2", &[], "")
            ])
            .len(),
            2
        );
    }

    #[test]
    fn withdrawn_records_say_nothing() {
        let withdrawn = about(
            "GHSA-3",
            &["GHSA-1", "GHSA-2"],
            ",\"withdrawn\":\"2024-01-01T00:00:00Z\"",
        );
        assert_eq!(
            ids(&[
                about("GHSA-1", &[], ""),
                about("GHSA-2", &[], ""),
                withdrawn.clone()
            ])
            .len(),
            2
        );
        assert!(ids(&[withdrawn]).is_empty());
    }

    #[test]
    fn an_id_of_malware_is_known_in_any_letter_case_and_through_aliases() {
        for (records, malicious) in [
            (vec![about("MAL-2024-1", &[], "")], true),
            (vec![about("mal-2024-1", &[], "")], true),
            (vec![about("GHSA-1", &["Mal-2024-1"], "")], true),
            (
                vec![
                    about("GHSA-1", &["CVE-1"], ""),
                    about("CVE-1", &["mAL-1"], ""),
                ],
                true,
            ),
            (vec![about("MALWARE-1", &["X-MAL-1"], "")], false),
            (vec![about("é", &["MAL"], "")], false),
        ] {
            let all = concerns(&records, "test");
            let found = &all.values().next().unwrap()[0].advisory;
            assert_eq!(found.malicious, malicious, "{found:?}");
        }
    }

    #[test]
    fn the_highest_severity_of_a_group_counts() {
        let records = [
            about(
                "PYSEC-1",
                &["GHSA-1"],
                ",\"database_specific\":{\"severity\":\"LOW\"}",
            ),
            about(
                "GHSA-1",
                &[],
                r#","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]"#,
            ),
        ];
        let all = concerns(&records, "test");
        let severity = all.values().next().unwrap()[0]
            .advisory
            .severity
            .clone()
            .unwrap();
        assert_eq!(severity.level, lockgate_model::Level::Critical);
    }

    #[test]
    fn the_oldest_record_is_known_over_groups_and_sources() {
        let published = |at: &str| format!(",\"published\":\"{at}T00:00:00Z\"");
        let ghsa = about("GHSA-1", &[], &published("2024-03-01"));
        let pysec = about("PYSEC-1", &["GHSA-1"], &published("2025-01-01"));
        let undated = about("A-1", &["GHSA-1"], "");
        let own = about("ACME-1", &["PYSEC-1"], &published("2024-02-01"));
        let lasting = |sources: &[&[&Record]]| {
            let sources = sources.iter().map(|records| {
                let records: Vec<Record> = records.iter().map(|&record| record.clone()).collect();
                concerns(&records, "s").into_values().flatten().collect()
            });
            let joined = joined(sources.collect());
            assert_eq!(joined.len(), 1);
            joined[0].advisory.lasting_id().to_owned()
        };
        // The shown id changes when the PYSEC record joins; this one does not.
        assert_eq!(lasting(&[&[&ghsa]]), "GHSA-1");
        assert_eq!(lasting(&[&[&ghsa, &pysec]]), "GHSA-1");
        assert_eq!(lasting(&[&[&pysec], &[&ghsa]]), "GHSA-1");
        assert_eq!(lasting(&[&[&undated], &[&ghsa, &pysec]]), "GHSA-1");
        assert_eq!(lasting(&[&[&ghsa], &[&pysec, &own]]), "ACME-1");
        let cve = about(
            "PYSEC-2",
            &["GHSA-1", "CVE-2024-5"],
            &published("2025-01-01"),
        );
        assert_eq!(lasting(&[&[&ghsa], &[&cve]]), "CVE-2024-5");
    }

    #[test]
    fn sources_are_joined_where_they_share_an_id() {
        let one = |records: &[Record], source: &str| {
            concerns(records, source).into_values().next().unwrap()
        };
        let a = one(&[about("GHSA-1", &["CVE-1"], "")], "a");
        let b = one(&[about("GHSA-2", &["CVE-2"], "")], "b");
        let c = one(&[about("PYSEC-9", &["CVE-1", "CVE-2"], "")], "c");
        let joined = joined(vec![a, b, c]);
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].advisory.id, "PYSEC-9");
        assert_eq!(joined[0].advisory.sources, ["a", "b", "c"]);
    }

    #[test]
    fn records_about_other_ecosystems_concern_nobody_here() {
        let foreign = record(
            r#"{"id":"GHSA-1","affected":[{"package":{"ecosystem":"npm","name":"foo-bar"},"versions":["1.0"]}]}"#,
        );
        assert!(ids(&[foreign]).is_empty());
    }
}
