//! What all forms of the report have in common: findings put together and in order, and the words for them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map;
use std::fmt::Write as _;

use lockgate_model::{
    AuditReport, AuditedPackage, AuditedPlace, Finding, InventoryKind, Level, Version,
};

use crate::plain::plain;
use crate::style::severity_text;

/// One finding of one release, with every place where that release stands.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// What was found.
    pub(crate) finding: &'a Finding,
    /// The place that stands for all of them.
    pub(crate) first: &'a AuditedPackage,
    /// All places, the first one included.
    pub(crate) packages: Vec<&'a AuditedPackage>,
}

/// The findings of a report, each once, worst first: what policy gates on, then what it lets through, then what is ignored.
pub(crate) fn entries(report: &AuditReport) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for package in &report.packages {
        for finding in &package.findings {
            let ignored = finding
                .ignored
                .as_ref()
                .map(|ignored| (&ignored.reason, &ignored.expires, &ignored.origin));
            let key = (
                &package.name,
                &package.version,
                &finding.advisory.id,
                finding.gated,
                ignored,
            );
            match places.entry(key) {
                hash_map::Entry::Occupied(place) => {
                    if let Some(entry) = entries.get_mut(*place.get()) {
                        entry.packages.push(package);
                    }
                }
                hash_map::Entry::Vacant(place) => {
                    place.insert(entries.len());
                    entries.push(Entry {
                        finding,
                        first: package,
                        packages: vec![package],
                    });
                }
            }
        }
    }
    entries.sort_by(Entry::worst_first);
    entries
}

/// How bad a finding is, in the order in which people look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Badness {
    /// CVSS 0.
    None,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// Nobody says: it may be anything, so it comes before what is known to be medium.
    Unknown,
    /// High.
    High,
    /// Critical.
    Critical,
    /// The package itself is meant to do harm.
    Malicious,
}

impl Badness {
    /// From worst to least.
    pub(crate) const ALL: [Self; 7] = [
        Self::Malicious,
        Self::Critical,
        Self::High,
        Self::Unknown,
        Self::Medium,
        Self::Low,
        Self::None,
    ];

    /// Of a finding.
    pub(crate) fn of(finding: &Finding) -> Self {
        if finding.advisory.malicious {
            return Self::Malicious;
        }
        match finding.advisory.severity.as_ref().map(|it| it.level) {
            None => Self::Unknown,
            Some(Level::None) => Self::None,
            Some(Level::Low) => Self::Low,
            Some(Level::Medium) => Self::Medium,
            Some(Level::High) => Self::High,
            Some(Level::Critical) => Self::Critical,
        }
    }

    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::Unknown => "unknown",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Malicious => "malicious",
        }
    }
}

impl<'a> Entry<'a> {
    fn worst_first(&self, other: &Self) -> Ordering {
        let (one, two) = (self.finding, other.finding);
        let score = |finding: &Finding| {
            let severity = finding.advisory.severity.as_ref();
            severity.and_then(|severity| severity.score).unwrap_or(0.0)
        };
        (one.ignored.is_some().cmp(&two.ignored.is_some()))
            .then(two.gated.cmp(&one.gated))
            .then(Badness::of(two).cmp(&Badness::of(one)))
            .then(score(two).total_cmp(&score(one)))
            .then_with(|| self.first.name.cmp(&other.first.name))
            .then_with(|| self.first.version.cmp(&other.first.version))
            .then_with(|| one.advisory.id.cmp(&two.advisory.id))
    }

    /// `high (7.5)`, `unknown`, `malicious`.
    pub(crate) fn severity(&self) -> String {
        if self.finding.advisory.malicious {
            "malicious".to_owned()
        } else {
            severity_text(self.finding.advisory.severity.as_ref())
        }
    }

    /// Whether it is asked for directly, or not: `direct`, `transitive`, `direct in 2 of 9`; none when no place says.
    pub(crate) fn directness(&self) -> Option<String> {
        let direct = self.count(|package| package.direct == Some(true));
        let transitive = self.count(|package| package.direct == Some(false));
        match (direct, transitive) {
            (0, 0) => None,
            (_, 0) => Some("direct".to_owned()),
            (0, _) => Some("transitive".to_owned()),
            _ => Some(format!("direct in {direct} of {}", self.packages.len())),
        }
    }

    /// What asks for it, when the dependencies themselves do not: `dev only (group test)`, `only with extra socks`.
    pub(crate) fn scope(&self) -> Option<String> {
        let dev = self.count(AuditedPackage::is_dev_only);
        if dev == self.packages.len() {
            let names = scope_names(self.first);
            return Some(format!("dev only ({names})"));
        }
        if dev > 0 {
            return Some(format!("dev only in {dev} of {}", self.packages.len()));
        }
        let narrow = self.count(|package| {
            !package.scopes.is_empty() && !package.scopes.contains(&lockgate_model::Scope::Main)
        });
        (narrow == self.packages.len()).then(|| format!("only with {}", scope_names(self.first)))
    }

    /// Whether it is there for development alone, wherever it stands.
    pub(crate) fn is_dev_only(&self) -> bool {
        self.packages.iter().all(|package| package.is_dev_only())
    }

    fn count(&self, is: impl Fn(&AuditedPackage) -> bool) -> usize {
        self.packages.iter().filter(|package| is(package)).count()
    }

    /// Chains from a root down to the pin, shortest first, of the first place that knows any.
    pub(crate) fn chains(&self) -> Vec<Vec<String>> {
        let of_places = self.packages.iter().find(|it| !it.paths.is_empty());
        let chains = match of_places {
            Some(package) => package.paths.clone(),
            None if self.finding.path.len() > 1 => vec![self.finding.path.clone()],
            None => Vec::new(),
        };
        let pin = pin_text(self.first);
        let to_pin = |mut chain: Vec<String>| {
            let name = format!("{}==", self.first.name);
            if !chain.last().is_some_and(|last| last.starts_with(&name)) {
                chain.push(pin.clone());
            }
            chain.iter().map(|link| plain(link).into_owned()).collect()
        };
        chains.into_iter().map(to_pin).collect()
    }

    /// What to do about it.
    pub(crate) fn fix(&self, report: &'a AuditReport) -> Fix<'a> {
        let advisory = &self.finding.advisory;
        let version = &self.first.version;
        let mut above: Vec<&Version> = advisory.fixed.iter().filter(|it| *it > version).collect();
        above.sort();
        let below: Vec<&Version> = advisory.fixed.iter().filter(|it| *it <= version).collect();
        let target = match above.split_first() {
            _ if advisory.malicious => Target::Remove,
            Some((lowest, others)) => Target::Upgrade(lowest, others.to_vec()),
            None if below.is_empty() => Target::NotKnown,
            None => Target::NoneAbove(below),
        };
        let (parents, asked_for) = self.required_by(report);
        Fix {
            name: self.first.name.as_str(),
            target,
            parents,
            asked_for,
        }
    }

    /// Who requires it, and which direct dependency brings it in; nobody when it is asked for directly.
    fn required_by(&self, report: &AuditReport) -> (Vec<String>, Option<String>) {
        if self.first.direct == Some(true) {
            return (Vec::new(), None);
        }
        let mut parents: Vec<String> = (self.first.parents.iter())
            .filter_map(|parent| report.packages.get(*parent))
            .map(pin_text)
            .collect();
        let chains = self.chains();
        let chain = chains.first().filter(|chain| chain.len() > 2);
        if let Some([.., parent, _]) = chain.map(Vec::as_slice)
            && !parents.contains(parent)
        {
            parents.insert(0, parent.clone());
        }
        parents.dedup();
        let asked_for = chain.and_then(|chain| chain.get(1)).cloned();
        let asked_for = asked_for.filter(|direct| !parents.contains(direct));
        (parents, asked_for)
    }
}

fn scope_names(package: &AuditedPackage) -> String {
    let names: Vec<String> = package.scopes.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// `name==version`.
pub(crate) fn pin_text(package: &AuditedPackage) -> String {
    format!("{}=={}", package.name, package.version)
}

/// What would clear a finding.
#[derive(Debug)]
pub(crate) struct Fix<'a> {
    name: &'a str,
    target: Target<'a>,
    /// Who requires it, when nobody asks for it directly.
    parents: Vec<String>,
    /// The direct dependency at the top of the chain, when it is none of the parents.
    asked_for: Option<String>,
}

#[derive(Debug)]
enum Target<'a> {
    Remove,
    Upgrade(&'a Version, Vec<&'a Version>),
    NoneAbove(Vec<&'a Version>),
    NotKnown,
}

impl Fix<'_> {
    /// The lowest fixed version above the pin, then the others: `fixed in 2.2.8; also 3.2.1`.
    pub(crate) fn versions(&self) -> String {
        match &self.target {
            Target::Remove => "remove it".to_owned(),
            Target::Upgrade(lowest, others) if others.is_empty() => format!("fixed in {lowest}"),
            Target::Upgrade(lowest, others) => {
                format!("fixed in {lowest}; also {}", listed(others))
            }
            Target::NoneAbove(below) => format!("no fix above; fixed in {}", listed(below)),
            Target::NotKnown => "no fix known".to_owned(),
        }
    }

    /// What to do, as one sentence: upgrade, remove, or which parent to move.
    pub(crate) fn sentence(&self) -> String {
        let mut text = match &self.target {
            Target::Remove => format!("remove {}: the package itself does harm", self.name),
            Target::Upgrade(lowest, others) => {
                let others = if others.is_empty() {
                    String::new()
                } else {
                    format!(" (also fixed in {})", listed(others))
                };
                format!("upgrade {} to {lowest}{others}", self.name)
            }
            Target::NoneAbove(below) => {
                format!("no fix above this version; earlier ones: {}", listed(below))
            }
            Target::NotKnown => "no fix known".to_owned(),
        };
        if let Some((parent, others)) = self.parents.split_first() {
            let _ = write!(text, "; {parent} requires it");
            if !others.is_empty() {
                let _ = write!(text, " ({} more)", others.len());
            }
            if let Some(direct) = &self.asked_for {
                let _ = write!(text, ", brought in by {direct}");
            }
        }
        text
    }
}

fn listed(versions: &[&Version]) -> String {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// `requirements.txt:12`, `bom.json`.
pub(crate) fn place_text(source: &str, line: Option<usize>) -> String {
    let source = plain(source);
    match line {
        Some(line) => format!("{source}:{line}"),
        None => source.into_owned(),
    }
}

/// The policies that hold for a place, the topmost first.
pub(crate) fn policies_text(place: &AuditedPlace) -> String {
    let names = match place.policies.as_slice() {
        [] => "the defaults".to_owned(),
        names => names.join(", "),
    };
    if place.is_off {
        format!("{names}; the gate is off")
    } else {
        names
    }
}

/// `a.txt:3`; of several, `214 locks: a.txt:3, b.txt:9 and 212 more`.
pub(crate) fn places_text(
    report: &AuditReport,
    packages: &[&AuditedPackage],
    shown: usize,
) -> String {
    let texts: Vec<String> = packages
        .iter()
        .take(shown)
        .map(|package| place_text(&package.source, package.line))
        .collect();
    if packages.len() < 2 {
        return texts.concat();
    }
    let word = if report.places.iter().all(|place| is_lock(place.kind)) {
        "locks"
    } else {
        "places"
    };
    format!(
        "{} {word}: {}",
        packages.len(),
        and_more(&texts, packages.len())
    )
}

/// `a, b and 212 more`.
pub(crate) fn and_more(texts: &[String], count: usize) -> String {
    let more = count.saturating_sub(texts.len());
    if more == 0 {
        texts.join(", ")
    } else {
        format!("{} and {more} more", texts.join(", "))
    }
}

fn is_lock(kind: InventoryKind) -> bool {
    !matches!(
        kind,
        InventoryKind::CycloneDx | InventoryKind::Spdx | InventoryKind::Environment
    )
}
