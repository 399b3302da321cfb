//! Rules: what is known of an advisory, and what a word of the index means.

use std::collections::BTreeMap;

use lockgate_model::{Advisory, AuditReport, FindingCode, Level, Version};
use serde_json::{Value, json};

use crate::address::{vulnerability_address, web_address};
use crate::one_line::{markdown, one_line};
use crate::wording::{badness, title, vector};

/// GitHub keeps no more tags of a rule.
const MOST_TAGS: usize = 20;

/// The rules of a run, each once, in the order in which results need them.
#[derive(Default)]
pub(super) struct Rules {
    values: Vec<Value>,
    places: BTreeMap<String, usize>,
}

impl Rules {
    pub(super) fn of(report: &AuditReport) -> Self {
        let mut rules = Self::default();
        for package in &report.packages {
            for finding in &package.findings {
                let advisory = &finding.advisory;
                rules.put(advisory.lasting_id(), || of_advisory(advisory));
            }
            for notice in &package.notices {
                rules.put(notice.code.as_str(), || of_notice(notice.code));
            }
        }
        rules
    }

    fn put(&mut self, id: &str, rule: impl FnOnce() -> Value) {
        if self.index(id).is_none() {
            self.places.insert(id.to_owned(), self.values.len());
            self.values.push(rule());
        }
    }

    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }
}

/// How a viewer marks a finding.
pub(super) fn level(advisory: &Advisory) -> &'static str {
    if advisory.malicious {
        return "error";
    }
    match advisory.severity.as_ref().map(|severity| severity.level) {
        Some(Level::Critical | Level::High) => "error",
        Some(Level::Medium) | None => "warning",
        Some(Level::Low | Level::None) => "note",
    }
}

/// The same of what the index says.
pub(super) fn level_of_notice(code: FindingCode, gated: bool) -> &'static str {
    match code {
        _ if gated => "error",
        FindingCode::Quarantined | FindingCode::Vulnerable | FindingCode::Malicious => "error",
        FindingCode::Yanked => "warning",
        FindingCode::Archived | FindingCode::Deprecated => "note",
    }
}

/// The number by which GitHub sorts: the CVSS score, or one from the middle of what a mere word may mean.
fn security_severity(advisory: &Advisory) -> Option<String> {
    if advisory.malicious {
        return Some("10.0".to_owned());
    }
    let severity = advisory.severity.as_ref()?;
    let score = severity.score.unwrap_or(match severity.level {
        Level::Critical => 9.5,
        Level::High => 8.0,
        Level::Medium => 5.5,
        Level::Low => 2.0,
        Level::None => 0.0,
    });
    Some(format!("{score:.1}"))
}

fn of_advisory(advisory: &Advisory) -> Value {
    let mut properties = json!({ "precision": "very-high", "tags": tags(advisory) });
    if let Some(score) = security_severity(advisory) {
        properties["security-severity"] = json!(score);
    }
    let (title, help) = (title(advisory), Help::of(advisory));
    let id = one_line(advisory.lasting_id());
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": title },
        "fullDescription": { "text": format!("{id}: {title}") },
        "help": { "text": help.text(), "markdown": help.markdown() },
        "defaultConfiguration": { "level": level(advisory) },
        "properties": properties,
    });
    rule["helpUri"] = json!(vulnerability_address(advisory));
    rule
}

/// `security`, and weaknesses as code scanning names them: at least three digits.
fn tags(advisory: &Advisory) -> Vec<String> {
    let mut tags = vec!["security".to_owned(), "vulnerability".to_owned()];
    if advisory.malicious {
        tags.push("malware".to_owned());
    }
    for weakness in &advisory.weaknesses {
        if let Some(number) = weakness
            .strip_prefix("CWE-")
            .and_then(|digits| digits.parse::<u32>().ok())
        {
            tags.push(format!("external/cwe/cwe-{number:03}"));
        }
    }
    tags.truncate(MOST_TAGS);
    tags
}

/// What a person who looks at a rule wants to know: what, how bad, what helps, where to read more.
struct Help {
    title: String,
    facts: Vec<(&'static str, String)>,
    links: Vec<(String, String)>,
}

impl Help {
    fn of(advisory: &Advisory) -> Self {
        let mut facts = vec![("Severity", badness(advisory))];
        if let Some(vector) = advisory.severity.as_ref().and_then(vector) {
            facts.push(("CVSS", vector));
        }
        let fixed: Vec<String> = advisory.fixed.iter().map(Version::to_string).collect();
        let fixed = if fixed.is_empty() {
            "no version that is known".to_owned()
        } else {
            fixed.join(", ")
        };
        facts.push(("Fixed in", fixed));
        let others = advisory.other_ids();
        if !others.is_empty() {
            facts.push(("Also known as", others.join(", ")));
        }
        if !advisory.weaknesses.is_empty() {
            facts.push(("Weaknesses", advisory.weaknesses.join(", ")));
        }
        if !advisory.unclear.is_empty() {
            let bounds = advisory.unclear.join(", ");
            facts.push(("Not understood, and taken as affected", bounds));
        }
        let pages = advisory
            .references
            .iter()
            .map(|page| (one_line(&page.kind).to_lowercase(), page.url.as_str()));
        let first = [("advisory".to_owned(), advisory.link.as_str())];
        let mut links: Vec<(String, String)> = Vec::new();
        for (kind, url) in first.into_iter().chain(pages) {
            if let Some(url) = web_address(url)
                && links.iter().all(|(_, known)| *known != url)
            {
                links.push((kind, url));
            }
        }
        if links.is_empty() {
            let own = vulnerability_address(advisory);
            links.push(("advisory".to_owned(), own));
        }
        Self {
            title: title(advisory),
            facts,
            links,
        }
    }

    fn text(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(what, value)| format!("{what}: {}", one_line(value)));
        let links = self
            .links
            .iter()
            .map(|(kind, url)| format!("{kind}: {url}"));
        let lines: Vec<String> = [self.title.clone()]
            .into_iter()
            .chain(facts)
            .chain(links)
            .collect();
        lines.join("\n")
    }

    fn markdown(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(what, value)| format!("- **{what}:** {}", markdown(value)));
        // Parentheses would end a link.
        let links = self.links.iter().map(|(kind, url)| {
            let url = url.replace('(', "%28").replace(')', "%29");
            format!("- [{}]({url})", markdown(kind))
        });
        let lines: Vec<String> = facts.chain(links).collect();
        format!("{}\n\n{}\n", markdown(&self.title), lines.join("\n"))
    }
}

fn of_notice(code: FindingCode) -> Value {
    let (title, help) = match code {
        FindingCode::Yanked => (
            "Yanked release",
            "The release was taken back by its maintainers (PEP 592). Move to another one.",
        ),
        FindingCode::Quarantined => (
            "Quarantined project",
            "The index holds the project to be unsafe (PEP 792). Do not install it.",
        ),
        FindingCode::Archived => (
            "Archived project",
            "The project is no longer maintained (PEP 792): nobody will fix what is found in it.",
        ),
        FindingCode::Deprecated => (
            "Deprecated project",
            "The project's maintainers advise against it (PEP 792). Look for what took its place.",
        ),
        FindingCode::Vulnerable | FindingCode::Malicious => {
            ("Unsafe release", "The index warns of the release.")
        }
    };
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": title },
        "fullDescription": { "text": title },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": level_of_notice(code, false) },
        "properties": { "precision": "very-high", "tags": ["supply-chain"] },
    })
}
