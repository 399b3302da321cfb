//! `--as-of-lock`: the advisories that a lock's header names, and none that are newer. Nothing is fetched.

use lockgate_formats::lock::Evidence;
use lockgate_index::{Feed, FeedSource};
use lockgate_model::{AuditReport, Inventory, Remark, RemarkCode, Sha256};

use crate::failure::Failure;
use crate::gating::{self, Gating, Opened};
use crate::request::Settings;
use crate::world::World;

/// The sources in the state that all of the inventories name.
pub(super) fn open(
    inventories: Vec<&Inventory>,
    settings: &Settings,
    world: &World,
) -> Result<Opened, Failure> {
    let evidence = named(inventories)?;
    let wanted = evidence.digest;
    let sources = gating::parsed(settings)?;
    // The digest of one source is that of its data; that of several is made of theirs.
    let alone = (sources.len() == 1).then_some(wanted);
    let mut opened = Opened::default();
    for (named, source) in settings.advisories.iter().zip(&sources) {
        if matches!(source, FeedSource::Service(_) | FeedSource::Pypi) {
            return Err(Failure::new(format!(
                "what {} said when the lock was written is kept nowhere, so `--as-of-lock` has no answer",
                source.name()
            ))
            .remedy("lock with advisories that can be kept: `osv`, a `.zip` export or a folder"));
        }
        let kept = world
            .index
            .kept_feed(source, alone)
            .map_err(|error| Failure::of(&error))?
            .ok_or_else(|| missing(&evidence, &source.name()))?;
        let feed = Feed::Records(kept);
        let (source_of_feed, unreadable) = gating::source(&feed, named, settings, world)?;
        let unreadable = unreadable.into_iter();
        opened
            .unreadable
            .extend(unreadable.map(|record| (source.name(), record)));
        opened.sources.push(source_of_feed);
        opened.feeds.push(feed);
    }
    let here = Gating::new(settings, opened.sources.clone(), world)
        .gate
        .snapshot(&std::collections::BTreeSet::new())
        .map(|snapshot| snapshot.digest);
    if here != Some(wanted) {
        return Err(missing(&evidence, &evidence.source));
    }
    Ok(opened)
}

/// The evidence that the locks name: one and the same.
fn named(inventories: Vec<&Inventory>) -> Result<Evidence, Failure> {
    let mut found: Option<(Evidence, &str)> = None;
    for inventory in inventories {
        let evidence = inventory
            .evidence
            .as_deref()
            .and_then(Evidence::parse)
            .ok_or_else(|| {
                Failure::new(format!(
                    "`{}` does not say which advisories it was audited with",
                    inventory.place
                ))
                .remedy("`--as-of-lock` is for locks of lockgate's; leave it out for others")
            })?;
        match &found {
            Some((known, place)) if known.digest != evidence.digest => {
                return Err(Failure::new(format!(
                    "`{place}` and `{}` were audited with different advisories",
                    inventory.place
                ))
                .remedy("audit them one by one"));
            }
            _ => found = Some((evidence, &inventory.place)),
        }
    }
    found
        .map(|(evidence, _)| evidence)
        .ok_or_else(|| Failure::new("there is nothing to audit"))
}

/// What is to be said where a lock's header counts otherwise than the audit under the same advisories did.
pub(super) fn differences<'a>(
    inventories: impl Iterator<Item = &'a Inventory>,
    report: &AuditReport,
) -> Vec<Remark> {
    let restricted = |inventory: &Inventory| {
        let mut places = report.places.iter();
        places.any(|place| place.place == inventory.place && place.left_out > 0)
    };
    let whole = inventories.filter(|inventory| !restricted(inventory));
    whole
        .filter_map(|inventory| {
            let then = Evidence::parse(inventory.evidence.as_deref()?)?;
            let packages = report.packages.iter();
            let findings = packages
                .filter(|package| package.source == inventory.place)
                .flat_map(|package| &package.findings);
            let (ignored, open): (Vec<_>, Vec<_>) =
                findings.partition(|finding| finding.ignored.is_some());
            let counts = |open: usize, ignored: usize| {
                let findings = if open == 1 { "finding" } else { "findings" };
                format!("{open} {findings}, {ignored} ignored")
            };
            let said = counts(then.findings, then.ignored);
            let now = counts(open.len(), ignored.len());
            (said != now).then(|| Remark {
                code: RemarkCode::Input,
                text: format!(
                    "{}: its header says {said}, and under the same advisories there are {now}: its pins or the ignore list have changed",
                    inventory.place
                ),
                origin: Some(inventory.place.clone()),
            })
        })
        .collect()
}

fn missing(evidence: &Evidence, what: &str) -> Failure {
    let digest: Sha256 = evidence.digest;
    Failure::new(format!(
        "the advisories that the lock was audited with are not here: {} with sha256:{digest}, of which {what} is missing or has changed",
        evidence.source
    ))
    .remedy("name the export of that day with `--advisories`, or audit with the present ones without `--as-of-lock`")
}
