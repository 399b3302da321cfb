//! The audit as a JSON document: `version` 1, described by docs/audit-report.schema.json. What it has only ever grows.
//!
//! Values are told as they are: what is hostile in a text is made harmless where it is shown, and by [`crate::json_text()`] on its way out.

use lockgate_model::{
    Advisory, AuditReport, AuditedPackage, AuditedPlace, Finding, Gap, Ignored, Name, Notice,
    OwnProject, Pin, Pins, Remark, Severity, Snapshot, SourceState, Timestamp, Version,
};
use serde_json::{Map, Value, json};

use crate::json::head;

/// The document of an audit.
pub fn audit_document(status: &str, audit: &AuditReport) -> Value {
    let mut out = head(status);
    insert_audit(&mut out, audit, None);
    Value::Object(out)
}

/// Puts what an audit found into a document. Of a new lock, `pins` holds what is known of its files.
pub(crate) fn insert_audit(out: &mut Map<String, Value>, audit: &AuditReport, pins: Option<&Pins>) {
    let packages = audit.packages.iter();
    let packages = packages
        .map(|audited| {
            package(
                audited,
                pins.and_then(|pins| pins.at(&audited.name, &audited.version)),
            )
        })
        .collect();
    let summary = json!({
        "packages": audit.packages.len(),
        "vulnerable": audit.vulnerable_packages(),
        "findings": audit.open_findings(),
        "ignored": audit.ignored_findings(),
    });
    let baseline = audit.baseline.as_ref().map_or(
        Value::Null,
        |baseline| json!({ "place": baseline.place, "left_out": baseline.left_out }),
    );
    let members = [
        ("packages", Value::Array(packages)),
        ("own", list(&audit.own, own)),
        ("places", list(&audit.places, place)),
        ("summary", summary),
        (
            "advisories",
            audit.evidence.as_ref().map_or(Value::Null, evidence),
        ),
        ("sources", list(&audit.sources, source)),
        ("gaps", list(&audit.gaps, gap)),
        ("remarks", list(&audit.remarks, remark)),
        ("baseline", baseline),
    ];
    out.extend(members.map(|(key, value)| (key.to_owned(), value)));
}

/// How bad something is; null if nobody says.
pub(crate) fn severity(severity: Option<&Severity>) -> Value {
    severity.map_or(Value::Null, |severity| {
        json!({ "level": severity.level.to_string(), "score": severity.score, "vector": severity.vector })
    })
}

fn list<T>(values: &[T], one: impl Fn(&T) -> Value) -> Value {
    Value::Array(values.iter().map(one).collect())
}

fn package(package: &AuditedPackage, pin: Option<&Pin>) -> Value {
    let scopes: Vec<String> = package.scopes.iter().map(ToString::to_string).collect();
    let mut value = json!({
        "name": package.name.as_str(),
        "version": package.version.to_string(),
        "source": package.source,
        "line": package.line,
        "direct": package.direct,
        "scopes": scopes,
        "dev_only": package.is_dev_only(),
        "marker": package.marker,
        "paths": package.paths,
        "parents": package.parents,
        "findings": list(&package.findings, finding),
        "notices": list(&package.notices, notice),
    });
    if let Some(by) = package.judged_by {
        value["judged_by"] = json!(by.as_str());
    }
    if let Some(pin) = pin {
        // PEP 740: of how many of its files the index serves attestations. Whether they hold is the installer's to verify.
        let attested = pin.files.iter().filter(|file| file.has_provenance).count();
        value["provenance"] = json!({ "files": pin.files.len(), "attested": attested });
    }
    value
}

fn finding(finding: &Finding) -> Value {
    let advisory: &Advisory = &finding.advisory;
    let fixed_above = advisory.fixed_above(&finding.version);
    json!({
        "id": advisory.id,
        "aliases": advisory.aliases,
        "records": advisory.records,
        "code": finding.code.as_str(),
        "summary": advisory.summary,
        "severity": severity(advisory.severity.as_ref()),
        "fixed_versions": advisory.fixed.iter().map(Version::to_string).collect::<Vec<_>>(),
        "fixed_above": fixed_above.map(Version::to_string),
        "cwes": advisory.weaknesses,
        "published": instant(advisory.published),
        "modified": instant(advisory.modified),
        "references": list(&advisory.references, |link| json!({ "kind": link.kind, "url": link.url })),
        "unclear": advisory.unclear,
        "ignored": finding.ignored.as_ref().map_or(Value::Bool(false), ignored),
        "gated": finding.gated,
        "withdrawn": false,
        "source": advisory.sources.join(", "),
        "link": advisory.link,
        "path": finding.path,
    })
}

fn ignored(ignored: &Ignored) -> Value {
    json!({
        "reason": ignored.reason,
        "expires": ignored.expires,
        "origin": ignored.origin,
        "justification": ignored.justification,
    })
}

fn notice(notice: &Notice) -> Value {
    json!({ "code": notice.code.as_str(), "reason": notice.reason, "gated": notice.gated })
}

fn own(own: &OwnProject) -> Value {
    json!({ "text": own.text, "source": own.source, "line": own.line, "place": own.place })
}

fn place(place: &AuditedPlace) -> Value {
    json!({
        "place": place.place,
        "kind": place.kind.word(),
        "packages": place.packages,
        "left_out": place.left_out,
        "policies": place.policies,
        "audited": !place.is_off,
    })
}

fn evidence(snapshot: &Snapshot) -> Value {
    json!({
        "source": snapshot.source,
        "digest": format!("sha256:{}", snapshot.digest),
        "modified": instant(snapshot.modified),
    })
}

fn source(source: &SourceState) -> Value {
    json!({
        "name": source.name,
        "digest": format!("sha256:{}", source.digest),
        "modified": instant(source.modified),
        "refreshed": instant(source.refreshed),
        "records": source.records,
        "overrides": source.overrides,
        "asked": source.asked,
    })
}

fn gap(gap: &Gap) -> Value {
    json!({
        "code": gap.code.as_str(),
        "what": gap.what,
        "why": gap.why,
        "name": gap.name.as_ref().map(Name::as_str),
        "source": gap.source,
        "line": gap.line,
        "accepted": gap.accepted.as_ref().map(|accepted| json!({
            "reason": accepted.reason,
            "expires": accepted.expires,
            "origin": accepted.origin,
        })),
    })
}

fn remark(remark: &Remark) -> Value {
    json!({ "code": remark.code.as_str(), "text": remark.text, "origin": remark.origin })
}

fn instant(instant: Option<Timestamp>) -> Option<String> {
    instant.map(|instant| instant.to_string())
}
