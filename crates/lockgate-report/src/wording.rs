//! What is said of a finding in every document that foreign tools show: one wording, so that they agree.

use lockgate_model::{Advisory, AuditedPackage, Finding, FindingCode, Gap, Severity};

use crate::one_line::one_line;
use crate::style::severity_text;
use crate::verdict::gap_why;

/// What to do about a finding.
pub(crate) fn action(finding: &Finding) -> String {
    let (name, version) = (&finding.name, &finding.version);
    if finding.code == FindingCode::Malicious {
        format!("Remove {name} {version}: it was made to do harm.")
    } else if let Some(fixed) = finding.advisory.fixed_above(version) {
        format!("Upgrade {name} to {fixed} or a later fixed version.")
    } else if finding.advisory.fixed.is_empty() {
        format!("No fixed version of {name} is known.")
    } else {
        format!("No fixed version of {name} above {version} is known.")
    }
}

/// What an advisory is about, never empty.
pub(crate) fn title(advisory: &Advisory) -> String {
    let summary = one_line(&advisory.summary);
    if summary.is_empty() {
        format!("Vulnerability {}", one_line(&advisory.id))
    } else {
        summary
    }
}

/// How bad an advisory is, as people read it.
pub(crate) fn badness(advisory: &Advisory) -> String {
    if advisory.malicious {
        "malicious".to_owned()
    } else {
        severity_text(advisory.severity.as_ref())
    }
}

/// The vector of a severity that can be shown: those of real records are short and plain.
pub(crate) fn vector(severity: &Severity) -> Option<String> {
    severity.vector.as_deref().map(one_line)
}

/// The chains down to a package: those of the package, else the finding's.
pub(crate) fn chains(package: &AuditedPackage, finding: &Finding) -> Vec<String> {
    let of_finding = std::slice::from_ref(&finding.path);
    let paths = if package.paths.is_empty() {
        of_finding
    } else {
        package.paths.as_slice()
    };
    let chains = paths.iter().filter(|path| path.len() > 1);
    chains.map(|path| one_line(&path.join(" → "))).collect()
}

/// Where something stands: `requirements.txt:3`.
pub(crate) fn place(source: &str, line: Option<usize>) -> String {
    let source = one_line(source);
    match line {
        Some(line) => format!("{source}:{line}"),
        None => source,
    }
}

/// A gap in one line: what, where and why.
pub(crate) fn gap_text(gap: &Gap) -> String {
    let (what, why) = (one_line(&gap.what), one_line(&gap_why(gap)));
    match &gap.source {
        Some(source) if *source != gap.what => {
            format!("{what} ({}): {why}", place(source, gap.line))
        }
        _ => format!("{what}: {why}"),
    }
}

/// That the advisories were off: nothing was audited, and no document may read as if it had been.
pub(crate) const ADVISORIES_OFF: &str = "advisories are off: nothing was audited";
