//! The grammar of markers (PEP 508), as `packaging` reads it.
//!
//! What is quoted is written in single quotes, whatever it holds. A text with a quote in it would be read as more comparisons, and one with
//! a line break as another line of a lock. No environment has such values; they are refused.

use super::{Marker, compare};

/// What is said of a quoted text that cannot be written again.
const NOT_WRITTEN: &str = "its marker has a quote or a line break in a quoted text";

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand<'t> {
    Variable(Variable),
    Text(&'t str),
}

/// What a marker can ask about, by today's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    PythonVersion,
    PythonFullVersion,
    ImplementationVersion,
    PlatformRelease,
    Extra,
    Text(&'static str),
}

impl Variable {
    /// Returns the variable of a name, or of a name that it had before PEP 508.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "python_version" => Self::PythonVersion,
            "python_full_version" => Self::PythonFullVersion,
            "implementation_version" => Self::ImplementationVersion,
            "platform_release" => Self::PlatformRelease,
            "extra" => Self::Extra,
            "os_name" | "os.name" => Self::Text("os_name"),
            "sys_platform" | "sys.platform" => Self::Text("sys_platform"),
            "platform_system" => Self::Text("platform_system"),
            "platform_machine" | "platform.machine" => Self::Text("platform_machine"),
            "platform_version" | "platform.version" => Self::Text("platform_version"),
            "implementation_name" => Self::Text("implementation_name"),
            "platform_python_implementation"
            | "platform.python_implementation"
            | "python_implementation" => Self::Text("platform_python_implementation"),
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PythonVersion => "python_version",
            Self::PythonFullVersion => "python_full_version",
            Self::ImplementationVersion => "implementation_version",
            Self::PlatformRelease => "platform_release",
            Self::Extra => "extra",
            Self::Text(name) => name,
        }
    }
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    LessEqual,
    Equal,
    NotEqual,
    GreaterEqual,
    Greater,
    Compatible,
    Arbitrary,
    In,
    NotIn,
}

impl Operator {
    const ALL: [(&'static str, Self); 10] = [
        ("===", Self::Arbitrary),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<=", Self::LessEqual),
        (">=", Self::GreaterEqual),
        ("~=", Self::Compatible),
        ("<", Self::Less),
        (">", Self::Greater),
        ("in", Self::In),
        ("not in", Self::NotIn),
    ];

    pub(super) fn of_text(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, _)| *known == text)
            .map(|(_, operator)| *operator)
    }

    pub(super) fn text(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, operator)| *operator == self)
            .map_or("==", |(text, _)| text)
    }
}

/// What was read of a text.
pub(super) struct Read {
    pub(super) marker: Marker,
    /// What is wrong with its first comparison that `packaging` cannot make, or that nobody means.
    pub(super) fault: Option<String>,
}

/// Reads a marker, or says where the text leaves the grammar.
pub(super) fn parse(text: &str) -> Result<Read, String> {
    let mut reader = Reader {
        rest: text,
        fault: None,
    };
    let marker = reader.any()?;
    let rest = reader.rest.trim();
    if !rest.is_empty() {
        return Err(format!("expected `and`, `or` or the end, found `{rest}`"));
    }
    let fault = reader.fault;
    Ok(Read { marker, fault })
}

struct Reader<'t> {
    rest: &'t str,
    fault: Option<String>,
}

impl<'t> Reader<'t> {
    fn any(&mut self) -> Result<Marker, String> {
        let mut any = self.all()?;
        while self.word("or") {
            any = any.or(&self.all()?);
        }
        Ok(any)
    }

    fn all(&mut self) -> Result<Marker, String> {
        let mut all = self.part()?;
        while self.word("and") {
            all = all.and(&self.part()?);
        }
        Ok(all)
    }

    fn part(&mut self) -> Result<Marker, String> {
        if self.sign("(") {
            let inner = self.any()?;
            return if self.sign(")") {
                Ok(inner)
            } else {
                Err(format!("expected `)`, found {}", self.found()))
            };
        }
        let left = self.operand()?;
        let operator = self.operator()?;
        let right = self.operand()?;
        if self.fault.is_none() {
            self.fault = compare::fault(left, operator, right);
        }
        Ok(compare::marker(left, operator, right))
    }

    /// What stands next, for an error.
    fn found(&self) -> String {
        match self.rest.split_whitespace().next() {
            Some(word) => format!("`{word}`"),
            None => "the end".to_owned(),
        }
    }

    fn operand(&mut self) -> Result<Operand<'t>, String> {
        self.rest = self.rest.trim_start();
        if let Some(quote @ ('\'' | '"')) = self.rest.chars().next() {
            let inside = self.rest.get(1..).unwrap_or_default();
            let (text, rest) = inside
                .split_once(quote)
                .ok_or_else(|| format!("the quoted string {} does not end", self.rest))?;
            if text.contains(['\'', '"']) || text.contains(breaks) {
                return Err(NOT_WRITTEN.to_owned());
            }
            self.rest = rest;
            return Ok(Operand::Text(text));
        }
        let end = self.rest.find(|c| !is_of_word(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        match Variable::of_name(word) {
            Some(variable) => {
                self.rest = rest;
                Ok(Operand::Variable(variable))
            }
            None if word.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Err(format!("`{word}` is not a valid marker name"))
            }
            None => Err(format!(
                "expected a marker name or a quoted string, found {}",
                self.found()
            )),
        }
    }

    fn operator(&mut self) -> Result<Operator, String> {
        if self.word("in") {
            return Ok(Operator::In);
        }
        let before = self.rest;
        if self.word("not") && self.word("in") {
            return Ok(Operator::NotIn);
        }
        self.rest = before.trim_start();
        let end = self
            .rest
            .find(|c: char| !matches!(c, '<' | '>' | '=' | '!' | '~'));
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let operator = Operator::of_text(text).ok_or_else(|| {
            format!(
                "expected a marker operator, such as `>=` or `not in`, found {}",
                self.found()
            )
        })?;
        self.rest = rest;
        Ok(operator)
    }

    /// Takes a word if it is next.
    fn word(&mut self, word: &str) -> bool {
        let after = self.rest.trim_start().strip_prefix(word);
        match after.filter(|after| !after.starts_with(is_of_word)) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

/// What ends a line for some reader, or is no text at all.
fn breaks(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Requirement;

    #[test]
    fn quoted_letters_are_kept() {
        for marker in [
            "os_name == 'nt'",
            "os_name == 'a' or\tos_name == \"b\"",
            "os_name=='é'",
            "'é' != os_name and platform_version in \"ü ö\"",
            "(os_name == 'a') and'ß'!=os_name",
        ] {
            assert!(Marker::parse(marker).is_ok(), "{marker}");
        }
        let read: Requirement = "a ; os_name == 'né'".parse().unwrap();
        assert_eq!(read.marker, Marker::parse("os_name == 'né'").unwrap());
        assert_eq!(read.marker.to_text().as_deref(), Some("os_name == 'né'"));
    }

    #[test]
    fn what_leaves_the_grammar_is_named() {
        for (marker, said) in [
            (
                "é == 'nt'",
                "expected a marker name or a quoted string, found `é`",
            ),
            ("os_namé == 'nt'", "`os_nam` is not a valid marker name"),
            ("", "found the end"),
            ("os_name", "expected a marker operator"),
            ("os_name not 'nt'", "found `not`"),
            ("os_name == nt", "`nt` is not a valid marker name"),
            ("os_name == 3", "found `3`"),
            ("os_name == 'nt", "does not end"),
            (
                "os_name == 'nt' os_name",
                "expected `and`, `or` or the end, found `os_name`",
            ),
            ("(os_name == 'nt'", "expected `)`, found the end"),
            ("os_name == 'nt' and", "found the end"),
            (
                "os_name == 'nt' + \"18.0\" ~= platform_release",
                "found `+ ",
            ),
        ] {
            let error = Marker::parse(marker).unwrap_err();
            assert!(error.0.contains(said), "{marker}: {error}");
        }
        refused_everywhere(&["é == 'nt'", "os_namé == 'nt'", "os_name == 'nt"]);
    }

    /// Such a text would say more when it is written again: other comparisons, another line.
    #[test]
    fn quoted_texts_that_cannot_be_written_again_are_refused() {
        for marker in [
            "os_name == \"it's\"",
            "os_name == 'a \"b\"'",
            "os_name == \"a' or os_name != 'a\"",
            "os_name == 'é' and os_name != \"'\"",
            "'a\nb' == os_name",
            "os_name == 'a\u{b}'",
            "os_name == 'a\u{85}'",
            "os_name == 'a\u{2028}b==1'",
            "os_name == \"a\" and platform_version in 'b\rc'",
        ] {
            assert_eq!(
                Marker::parse(marker).unwrap_err().0,
                NOT_WRITTEN,
                "{marker:?}"
            );
            refused_everywhere(&[marker]);
        }
    }

    fn refused_everywhere(markers: &[&str]) {
        for marker in markers {
            assert!(Marker::parse(marker).is_err(), "{marker:?}");
            for text in [
                format!("a ; {marker}"),
                format!("a @ https://x.test ; {marker}"),
            ] {
                assert!(text.parse::<Requirement>().is_err(), "{text:?}");
                assert!(Requirement::parse_strict(&text).is_err(), "{text:?}");
            }
        }
    }
}
