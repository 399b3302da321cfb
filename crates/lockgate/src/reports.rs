//! The reports of an audit: which formats there are, where each goes, and how each is made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use lockgate_model::{Advisory, AuditReport, Timestamp};
use lockgate_report::{
    AuditRun, OpenVexOptions, PipAuditOptions, PipAuditSwitch, TableOptions, annotations,
    audit_document, audit_table_with, cyclonedx_document, html_page, job_summary, json_text,
    markdown, openvex_document, pip_audit_columns, pip_audit_json, pip_audit_markdown,
    sarif_document,
};

use crate::cli::{AuditArguments, PipAuditOptions as PipAuditArguments, Switch};
use crate::failure::Failure;

/// Formats of an audit's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people at a terminal
    Table,
    /// One document with all that is known (docs/audit-report.schema.json)
    Json,
    /// pip-audit's JSON
    PipAuditJson,
    /// pip-audit's columns
    Columns,
    /// pip-audit's Markdown
    PipAuditMarkdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// `CycloneDX` 1.6 with vulnerabilities, as JSON
    #[value(alias = "cyclonedx-json")]
    Cyclonedx,
    /// Not supported
    #[value(hide = true)]
    CyclonedxXml,
    /// `OpenVEX` 0.2.0
    Openvex,
    /// A ticket
    Markdown,
    /// One page that needs nothing else
    Html,
    /// Annotations of GitHub Actions
    Github,
    /// The job summary of GitHub Actions, for `$GITHUB_STEP_SUMMARY`
    GithubSummary,
}

/// A format and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The format.
    pub(crate) format: ReportFormat,
    /// The file; none is standard output.
    pub(crate) path: Option<PathBuf>,
}

impl Destination {
    /// Whether standard output is to be lockgate's own JSON.
    pub(crate) fn is_json(all: &[Self]) -> bool {
        all.iter()
            .any(|one| one.format == ReportFormat::Json && one.path.is_none())
    }

    /// Whether some report carries whole descriptions.
    pub(crate) fn want_descriptions(all: &[Self], switches: Switches) -> bool {
        all.iter().any(|one| match one.format {
            ReportFormat::PipAuditJson => switches.descriptions != PipAuditSwitch::Off,
            ReportFormat::Columns | ReportFormat::PipAuditMarkdown => {
                switches.descriptions == PipAuditSwitch::On
            }
            _ => false,
        })
    }
}

/// What pip-audit's formats carry.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Switches {
    /// `--desc`
    pub(crate) descriptions: PipAuditSwitch,
    /// `--aliases`
    pub(crate) aliases: PipAuditSwitch,
}

impl Switches {
    /// As the options have it.
    pub(crate) fn of(options: &PipAuditArguments) -> Self {
        let switch = |switch: Option<Switch>| match switch {
            Some(Switch::On) => PipAuditSwitch::On,
            Some(Switch::Off) => PipAuditSwitch::Off,
            Some(Switch::Auto) | None => PipAuditSwitch::Auto,
        };
        Self {
            descriptions: switch(options.desc),
            aliases: switch(options.aliases),
        }
    }
}

/// Where reports go: what is printed, then the files. `--output FILE` takes what would be printed.
pub(crate) fn destinations(arguments: &AuditArguments) -> Result<Vec<Destination>, Failure> {
    let asked = match arguments.format {
        _ if arguments.output.json => Some(ReportFormat::Json),
        Some(format) => Some(format),
        None => pip_audit_format()?,
    };
    let printed = asked.unwrap_or(ReportFormat::Table);
    let mut all = Vec::new();
    let mut is_printed = true;
    for text in &arguments.outputs {
        let (format, path) = match text.split_once('=') {
            Some((word, path)) if ReportFormat::from_str(word, false).is_ok() => (
                ReportFormat::from_str(word, false).map_err(Failure::new)?,
                path,
            ),
            _ => {
                if !is_printed {
                    return Err(Failure::new(format!(
                        "`--output {text}`: a file for what would be printed was named before"
                    ))
                    .remedy("write `--output FORMAT=FILE` for each further report"));
                }
                is_printed = false;
                (printed, text.as_str())
            }
        };
        if path.is_empty() {
            return Err(Failure::new(format!("`--output {text}` names no file")));
        }
        let is_standard = matches!(path, "-" | "/dev/stdout");
        let path = (!is_standard).then(|| PathBuf::from(path));
        all.push(Destination { format, path });
    }
    // Whoever sends a report to standard output and asks for no other there wants that one.
    let is_replaced = asked.is_none() && all.iter().any(|one| one.path.is_none());
    if is_printed && !is_replaced {
        all.insert(
            0,
            Destination {
                format: printed,
                path: None,
            },
        );
    }
    let mut printed = all.iter().filter(|one| one.path.is_none());
    if printed.next().is_some() && printed.next().is_some() {
        return Err(Failure::new("two reports both want standard output")
            .remedy("name a file for one of them with `--output FORMAT=FILE`"));
    }
    let mut paths: Vec<&PathBuf> = all.iter().filter_map(|one| one.path.as_ref()).collect();
    paths.sort();
    if let Some([twice, _]) = paths
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a == b))
    {
        return Err(Failure::new(format!(
            "two reports both go to `{}`",
            twice.display()
        )));
    }
    if all
        .iter()
        .any(|one| one.format == ReportFormat::CyclonedxXml)
    {
        return Err(Failure::new("`cyclonedx-xml` is not supported")
            .remedy("use `cyclonedx`, the same document as JSON"));
    }
    Ok(all)
}

/// `PIP_AUDIT_FORMAT` speaks pip-audit's language: its `json` is pip-audit's.
fn pip_audit_format() -> Result<Option<ReportFormat>, Failure> {
    let Some(word) = std::env::var("PIP_AUDIT_FORMAT")
        .ok()
        .filter(|word| !word.is_empty())
    else {
        return Ok(None);
    };
    Ok(Some(match word.as_str() {
        "columns" => ReportFormat::Columns,
        "json" => ReportFormat::PipAuditJson,
        "markdown" => ReportFormat::PipAuditMarkdown,
        "cyclonedx-json" => ReportFormat::Cyclonedx,
        "cyclonedx-xml" => ReportFormat::CyclonedxXml,
        _ => {
            return Err(Failure::new(format!(
                "`PIP_AUDIT_FORMAT={word}` is no format of pip-audit's"
            )));
        }
    }))
}

/// What a report is made of beside the findings.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    /// `findings`, `clean` and so on.
    pub(crate) status: &'a str,
    /// When the report is made.
    pub(crate) now: Timestamp,
    /// Whole descriptions, by the id that is shown.
    pub(crate) descriptions: &'a BTreeMap<String, String>,
    /// What pip-audit's formats carry.
    pub(crate) switches: Switches,
    /// How wide the terminal is, if that is known.
    pub(crate) width: Option<usize>,
    /// Whether a terminal takes hyperlinks.
    pub(crate) hyperlinks: bool,
    /// Whether a table has no summary.
    pub(crate) is_brief: bool,
    /// The command as typed.
    pub(crate) command: Option<&'a str>,
}

/// The text of a report.
pub(crate) fn text(
    format: ReportFormat,
    report: &AuditReport,
    circumstances: &Circumstances<'_>,
) -> Result<String, Failure> {
    let run = AuditRun {
        command: circumstances.command,
        generated: Some(circumstances.now),
    };
    let description_of =
        |advisory: &Advisory| circumstances.descriptions.get(&advisory.id).cloned();
    let pip_audit = PipAuditOptions {
        descriptions: circumstances.switches.descriptions,
        aliases: circumstances.switches.aliases,
        description_of: &description_of,
        project_pages: None,
        hyperlinks: circumstances.hyperlinks,
    };
    let mut out = Vec::new();
    let written = match format {
        ReportFormat::Table => {
            let options = TableOptions {
                width: circumstances.width,
                is_brief: circumstances.is_brief,
                ..TableOptions::default()
            };
            audit_table_with(report, &options, &mut out)
        }
        ReportFormat::Markdown => markdown(report, &run, &mut out),
        ReportFormat::Html => html_page(report, &run, &mut out),
        ReportFormat::Github => annotations(report, &mut out),
        ReportFormat::GithubSummary => job_summary(report, &run, &mut out),
        ReportFormat::Json => return Ok(json_text(&audit_document(circumstances.status, report))),
        ReportFormat::Sarif => return Ok(json_text(&sarif_document(report))),
        ReportFormat::Cyclonedx | ReportFormat::CyclonedxXml => {
            return Ok(json_text(&cyclonedx_document(report, circumstances.now)));
        }
        ReportFormat::Openvex => {
            let options = OpenVexOptions {
                author: "lockgate",
                timestamp: circumstances.now,
                product: None,
            };
            return Ok(json_text(&openvex_document(report, &options)));
        }
        ReportFormat::Columns => return Ok(with_end(pip_audit_columns(report, &pip_audit))),
        ReportFormat::PipAuditMarkdown => {
            return Ok(with_end(pip_audit_markdown(report, &pip_audit)));
        }
        ReportFormat::PipAuditJson => {
            return pip_audit_json(report, &pip_audit)
                .map_err(|error| Failure::new(format!("cannot render the report: {error}")));
        }
    };
    written.map_err(|error| Failure::new(format!("cannot render the report: {error}")))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A text with a line end, if it is any.
fn with_end(text: String) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text
    } else {
        text + "\n"
    }
}
