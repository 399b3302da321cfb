//! The grammar of markers (PEP 508), as `packaging` reads it.

use super::{Marker, compare};

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

/// Reads a marker; none where the grammar has no such text.
pub(super) fn parse(text: &str) -> Option<Marker> {
    let mut reader = Reader { rest: text };
    let marker = reader.any()?;
    reader.rest.trim_start().is_empty().then_some(marker)
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn any(&mut self) -> Option<Marker> {
        let mut any = self.all()?;
        while self.word("or") {
            any = any.or(&self.all()?);
        }
        Some(any)
    }

    fn all(&mut self) -> Option<Marker> {
        let mut all = self.part()?;
        while self.word("and") {
            all = all.and(&self.part()?);
        }
        Some(all)
    }

    fn part(&mut self) -> Option<Marker> {
        if self.sign("(") {
            let inner = self.any()?;
            return self.sign(")").then_some(inner);
        }
        let left = self.operand()?;
        let operator = self.operator()?;
        let right = self.operand()?;
        Some(compare::marker(left, operator, right))
    }

    fn operand(&mut self) -> Option<Operand<'t>> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next()?;
        if matches!(quote, '\'' | '"') {
            let (text, rest) = self.rest.get(1..)?.split_once(quote)?;
            self.rest = rest;
            return Some(Operand::Text(text));
        }
        let end = self.rest.find(|c| !is_of_word(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let variable = Variable::of_name(word)?;
        self.rest = rest;
        Some(Operand::Variable(variable))
    }

    fn operator(&mut self) -> Option<Operator> {
        if self.word("in") {
            return Some(Operator::In);
        }
        if self.word("not") {
            return self.word("in").then_some(Operator::NotIn);
        }
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !matches!(c, '<' | '>' | '=' | '!' | '~'));
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        Operator::of_text(text)
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
