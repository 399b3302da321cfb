//! One dependency specifier (PEP 508) as people write it, and why it is none.

use lockgate_model::{Marker, Name, Requirement, RequirementError, Source, Version};

use super::lines::is_space;
use super::reference::{is_address, is_archive};
use crate::error::{InputError, in_one_line};

/// Why a text is no requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadRequirement {
    pub(crate) message: String,
    pub(crate) remedy: Option<&'static str>,
    /// Whether pip would install it: it is a bare address or path.
    pub(crate) is_reference: bool,
}

impl BadRequirement {
    pub(crate) fn new(message: String) -> Self {
        Self {
            message,
            remedy: None,
            is_reference: false,
        }
    }

    pub(crate) fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    pub(crate) fn into_input(self, file: &str) -> InputError {
        InputError::new(file, self.message).remedy(
            self.remedy.unwrap_or(
                "write it as in `name`, `name[extra]>=1,<2` or `name @ https://host/file`",
            ),
        )
    }
}

/// No name, specifier or marker that people write comes near; a longer one would only be passed on to the index and the terminal.
const LONGEST: usize = 50_000;

type Parse = fn(&str) -> Result<Requirement, RequirementError>;

/// Reads one requirement of a project, where each has a name.
pub(crate) fn read_requirement(text: &str) -> Result<Requirement, BadRequirement> {
    read_named(text, Requirement::parse_strict)
}

/// Reads one requirement of a lock. Its marker decides nothing there, so one that cannot be evaluated does no harm.
pub(crate) fn read_locked(text: &str) -> Result<Requirement, BadRequirement> {
    read_named(text, str::parse)
}

fn read_named(text: &str, parse: Parse) -> Result<Requirement, BadRequirement> {
    check_length(text)?;
    if let Some(what) = reference(text) {
        return Err(BadRequirement {
            message: format!("`{text}` is {what} without a name"),
            remedy: Some("write `name @ address`"),
            is_reference: true,
        });
    }
    read_specifier(text, parse)
}

/// Reads `name[extras] specifiers ; marker` or `name @ address ; marker`.
pub(super) fn read_specifier(text: &str, parse: Parse) -> Result<Requirement, BadRequirement> {
    let wrong = |error: &RequirementError| BadRequirement {
        message: format!("`{text}` is not a requirement: {}", in_one_line(error)),
        remedy: remedy_of(text),
        is_reference: false,
    };
    let direct = direct(text);
    check_blanks(direct.as_ref().map_or(text, |direct| direct.head))?;
    let Some(direct) = direct else {
        return parse(&tidied(text)).map_err(|error| wrong(&error));
    };
    if direct.address.is_empty() {
        return Err(BadRequirement::new(format!(
            "`{text}` is not a requirement: there is no address after `@`"
        ))
        .remedy("write `name @ https://host/file`"));
    }
    if !direct.rest.is_empty() && !direct.rest.starts_with(';') {
        return Err(BadRequirement::new(format!(
            "`{text}` is not a requirement: after the address stands `{}`",
            direct.rest
        ))
        .remedy(
            "an address ends at a blank; write a blank in it as `%20`, and a marker after ` ; `",
        ));
    }
    // The address is kept as written: pip and git have their own ways to read it.
    let mut requirement =
        parse(&format!("{} {}", direct.head, direct.rest)).map_err(|error| wrong(&error))?;
    requirement.source = Source::Url(direct.address.to_owned());
    Ok(requirement)
}

/// Refuses what is longer than a requirement can be.
pub(super) fn check_length(text: &str) -> Result<(), BadRequirement> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(BadRequirement::new(format!(
        "a text of {} characters is no requirement: it may have {LONGEST}",
        text.len()
    ))
    .remedy("check that it is the file that is meant"))
}

/// What stands behind the `;` of a line; nothing is the marker that always holds.
pub(super) fn read_marker(text: &str) -> Result<Marker, BadRequirement> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Marker::always());
    }
    check_blanks(text)?;
    Requirement::parse_strict(&format!("x ; {}", with_blanks_at_quotes(text)))
        .map(|requirement| requirement.marker)
        .map_err(|error| {
            BadRequirement::new(format!("`{text}` is not a marker: {}", in_one_line(&error)))
                .remedy("write it as in `; python_version >= '3.9'`")
        })
}

/// pip lets `or'…'` stand without a blank between.
fn with_blanks_at_quotes(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut quote = None;
    let mut was_closed = false;
    for c in text.chars() {
        let is_quote = matches!(c, '\'' | '"');
        let opens = quote.is_none() && is_quote;
        let follows_word = spaced.ends_with(|last: char| last.is_ascii_alphanumeric());
        if (opens && follows_word) || (was_closed && c.is_ascii_alphanumeric()) {
            spaced.push(' ');
        }
        was_closed = quote == Some(c);
        if opens {
            quote = Some(c);
        } else if was_closed {
            quote = None;
        }
        spaced.push(c);
    }
    spaced
}

/// Only spaces and tabs are blanks here. Others come in by copying from a page, and are not seen.
fn check_blanks(text: &str) -> Result<(), BadRequirement> {
    let mut quote = None;
    for c in text.chars() {
        if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '\'' | '"') {
            quote = Some(c);
        } else if quote.is_none() && is_space(c) && !matches!(c, ' ' | '\t') {
            return Err(BadRequirement::new(format!(
                "`{text}` has a blank that is none to pip, U+{:04X}",
                u32::from(c)
            ))
            .remedy("put a plain space in its place"));
        }
    }
    Ok(())
}

/// `name[extras] @ address` and what follows.
pub(super) struct Direct<'a> {
    pub(super) head: &'a str,
    address: &'a str,
    rest: &'a str,
}

pub(super) fn direct(text: &str) -> Option<Direct<'_>> {
    let blanks = [' ', '\t'];
    let text = text.trim_matches(blanks);
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let after = text.trim_start_matches(is_of_name);
    if after.len() == text.len() {
        return None;
    }
    let after = after.trim_start_matches(blanks);
    let after = match after.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim_start_matches(blanks),
        None => after,
    };
    let head = text.strip_suffix(after)?;
    let address = after.strip_prefix('@')?.trim_start_matches(blanks);
    let (address, rest) = address.split_once(blanks).unwrap_or((address, ""));
    Some(Direct {
        head,
        address,
        rest: rest.trim_matches(blanks),
    })
}

/// pip lets a comma follow the last clause, and parentheses hold none.
fn tidied(text: &str) -> String {
    let (wanted, marker) = match text.split_once(';') {
        Some((wanted, marker)) => (wanted, format!(" ;{marker}")),
        None => (text, String::new()),
    };
    let (clauses, end) = match wanted.trim_end().strip_suffix(')') {
        Some(inner) => (inner.trim_end(), ")"),
        None => (wanted.trim_end(), ""),
    };
    if let (Some(before), ")") = (clauses.strip_suffix('('), end) {
        return format!("{before}{marker}");
    }
    match clauses.strip_suffix(',') {
        Some(clauses) if clauses.contains(['=', '<', '>']) => format!("{clauses}{end}{marker}"),
        _ => text.to_owned(),
    }
}

/// What kind of bare reference `text` is, if it is one.
fn reference(text: &str) -> Option<&'static str> {
    if is_address(text) {
        return Some("an address");
    }
    if direct(text).is_some() {
        return None;
    }
    if is_variable(text) {
        return Some("what a variable holds");
    }
    let head = text
        .split([';', ' ', '[', '<', '>', '=', '!'])
        .next()
        .unwrap_or_default();
    let is_path =
        head.starts_with(['.', '~', '/']) || head.contains(['/', '\\']) || is_archive(head);
    (is_path && !head.starts_with("~=")).then_some("a path")
}

/// Whether a variable stands in place of a whole address or path, as a lock repeats it.
fn is_variable(text: &str) -> bool {
    let Some((name, behind)) = text
        .strip_prefix("${")
        .and_then(|rest| rest.split_once('}'))
    else {
        return false;
    };
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let behind = behind.trim_start();
    !name.is_empty()
        && name.chars().all(is_of_name)
        && (behind.is_empty() || behind.starts_with([';', '[', '#']))
}

/// The usual slips.
fn remedy_of(text: &str) -> Option<&'static str> {
    let wanted = text.split(';').next().unwrap_or_default();
    let bare = ["===", "==", "!=", ">=", "<=", "~="]
        .iter()
        .fold(wanted.to_owned(), |text, operator| {
            text.replace(operator, " ")
        });
    if bare.contains("=>") || bare.contains("=<") {
        return Some("write `>=` or `<=`");
    }
    if bare.contains('=') {
        return Some("write `==` for one version");
    }
    if wanted.contains(".*") {
        return Some("a version that ends in `.*` stands after `==` or `!=` only");
    }
    let mut words = wanted.split_whitespace();
    let is_name = words.next().is_some_and(|word| Name::new(word).is_ok());
    let is_version = words
        .next()
        .is_some_and(|word| word.parse::<Version>().is_ok());
    (is_name && is_version).then_some("write an operator between name and version, such as `==`")
}
