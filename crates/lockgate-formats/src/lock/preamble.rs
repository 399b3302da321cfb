//! The options of pip that stand between a lock's header and its pins.

use std::fmt::Write as _;

use lockgate_model::{BinaryPolicy, FormatControl, IndexOptions, secret};

use super::options::RenderOptions;
use super::write::one_line;
use crate::redact::stripped_of_credentials;

/// Writes them, and a blank line if there are any.
pub(super) fn write(options: &RenderOptions, text: &mut String) {
    let mut lines = index_lines(&options.index);
    lines.extend(binary_lines(&options.binary));
    for line in &lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", one_line(line));
    }
    if !lines.is_empty() {
        text.push('\n');
    }
}

/// In an order in which pip takes them as meant: `--index-url` drops what stands before it. An address with variables is repeated as
/// written. A credential in clear is left out altogether: pip then looks for one where it is kept, and would take a placeholder for the real
/// one.
fn index_lines(index: &IndexOptions) -> Vec<String> {
    let mut lines = Vec::new();
    if index.no_index {
        lines.push("--no-index".to_owned());
    }
    let main = index.index_url.iter().map(|(url, _)| ("--index-url", url));
    let extra = index.extra_index_urls.iter();
    let extra = extra.map(|(url, _)| ("--extra-index-url", url));
    let links = index.find_links.iter();
    let links = links.map(|(place, _)| ("--find-links", place));
    for (option, url) in main.chain(extra).chain(links) {
        let value = secret::written(url).unwrap_or_else(|| word(&stripped_of_credentials(url)));
        lines.push(format!("{option} {value}"));
    }
    let hosts = index.trusted_hosts.iter();
    lines.extend(hosts.map(|(host, _)| {
        let written = secret::written(host);
        format!("--trusted-host {}", written.unwrap_or_else(|| word(host)))
    }));
    lines
}

/// `:all:` first: in pip it takes back what stands before it.
fn binary_lines(binary: &BinaryPolicy) -> Vec<String> {
    let option = |control: FormatControl| {
        if control.no_wheels {
            Some("--no-binary")
        } else if control.no_sdists {
            Some("--only-binary")
        } else {
            None
        }
    };
    let all = option(binary.all).map(|option| format!("{option} :all:"));
    let named = binary
        .packages
        .iter()
        .filter_map(|(name, control)| Some(format!("{} {name}", option(*control)?)));
    all.into_iter().chain(named).collect()
}

/// A value as pip's own splitting of the line gives it back.
fn word(value: &str) -> String {
    let is_plain =
        |c: char| !(c.is_whitespace() || matches!(c, '\'' | '"' | '\\' | '#' | '`' | '$'));
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    // pip ends a line at a `#` that follows a blank, in quotes too: an address has `%20` there.
    format!("'{}'", value.replace('\'', r"'\''"))
}
