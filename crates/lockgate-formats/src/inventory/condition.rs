//! Markers as locks write them: conditions on the environment, on extras and on dependency groups (PEP 508, PEP 751), taken apart.
//!
//! The library that evaluates markers knows neither `extras` nor `dependency_groups`, and leaves out what it cannot compare. An audit
//! must not lose an item so: here every comparison is read by itself, and one that is not understood counts as one that holds.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Marker, Name, Requirement, Scope};

/// Nested deeper, or with more comparisons, a text is none that a tool wrote.
const DEEPEST: usize = 32;
const MOST: usize = 512;

/// How many environments a marker may tell apart, and all markers of a file together. What a marker costs grows with that number, and
/// could be made to grow without end.
const MOST_CASES: usize = 4096;
const MOST_CASES_OF_FILE: usize = 1 << 20;

/// The values that comparisons name, by variable.
type Values = BTreeMap<String, BTreeSet<String>>;

/// How many environments these values tell apart at most.
fn cases(values: &Values) -> usize {
    values.values().fold(1, |cases, values| {
        cases.saturating_mul(values.len().saturating_mul(2).saturating_add(1))
    })
}

/// A condition.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// On the environment.
    Environment(Marker),
    /// On what is asked for.
    Asked(Asked),
    /// What is not understood: it may hold.
    Unknown,
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// `'name' in extras`, or `not in`.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    scope: Scope,
    is_wanted: bool,
}

impl Condition {
    /// Reads a marker. What is none may hold.
    pub(super) fn read(text: &str) -> Self {
        Self::read_with_values(text).0
    }

    /// The same for a lock that is read for its pins, where a marker costs what a marker of a requirement does.
    pub(crate) fn read_whole(text: &str) -> Self {
        let tokens = tokens(text).unwrap_or_default();
        let mut reading = Reading {
            text,
            tokens: &tokens,
            comparisons: 0,
            values: Values::new(),
        };
        let condition = reading.any(0).filter(|_| reading.tokens.is_empty());
        condition.unwrap_or(Self::Unknown)
    }

    fn read_with_values(text: &str) -> (Self, Values) {
        let unknown = (Self::Unknown, Values::new());
        let Some(tokens) = tokens(text) else {
            return unknown;
        };
        let mut reading = Reading {
            text,
            tokens: &tokens,
            comparisons: 0,
            values: Values::new(),
        };
        match reading.any(0) {
            Some(condition)
                if reading.tokens.is_empty() && cases(&reading.values) <= MOST_CASES =>
            {
                (condition, reading.values)
            }
            _ => unknown,
        }
    }

    /// In which environments it may hold, whatever is asked for.
    pub(super) fn environment(&self) -> Marker {
        self.with(&|_| true)
    }

    /// What of extras and groups makes it hold somewhere; `defaults` are groups that stand for the dependencies themselves. None if
    /// that cannot be told.
    pub(super) fn scopes(&self, defaults: &BTreeSet<Name>) -> Option<BTreeSet<Scope>> {
        if self.has_unknown() {
            return None;
        }
        let named = self.named();
        let is_default =
            |scope: &Scope| matches!(scope, Scope::Group(name) if defaults.contains(name));
        let when = |asked_for: &dyn Fn(&Scope) -> bool| {
            self.with(&|asked: &Asked| asked_for(&asked.scope) == asked.is_wanted)
        };
        let of_none = when(&|_| false);
        let mut scopes = BTreeSet::new();
        if !when(&is_default).is_never() {
            scopes.insert(Scope::Main);
        }
        for scope in named.iter().filter(|scope| !is_default(scope)) {
            let of_this = when(&|other| other == scope);
            if !of_this.is_never() && of_this != of_none {
                scopes.insert(scope.clone());
            }
        }
        // Only several at once make it hold: each of them asks for it then.
        if scopes.is_empty() {
            scopes = named
                .into_iter()
                .filter(|scope| !is_default(scope))
                .collect();
        }
        Some(scopes)
    }

    /// Whether it speaks of extras or groups.
    pub(crate) fn names_scopes(&self) -> bool {
        !self.named().is_empty()
    }

    /// The extras and groups that it speaks of.
    pub(crate) fn named(&self) -> BTreeSet<Scope> {
        let mut named = BTreeSet::new();
        self.collect(&mut named);
        named
    }

    /// Where it holds because of each extra and group, and where in any case ([`Scope::Main`]). None if it holds only with several of them,
    /// or only without one.
    pub(crate) fn by_scope(&self) -> Option<BTreeMap<Scope, Marker>> {
        let mut found = match self {
            Self::Environment(marker) => BTreeMap::from([(Scope::Main, marker.clone())]),
            Self::Asked(asked) if asked.is_wanted => {
                BTreeMap::from([(asked.scope.clone(), Marker::always())])
            }
            Self::Asked(_) | Self::Unknown => return None,
            Self::Any(parts) => {
                let mut any = BTreeMap::new();
                for (scope, marker) in parts
                    .iter()
                    .map(Self::by_scope)
                    .collect::<Option<Vec<_>>>()?
                    .into_iter()
                    .flatten()
                {
                    join(&mut any, scope, &marker);
                }
                any
            }
            Self::All(parts) => {
                let mut all = BTreeMap::from([(Scope::Main, Marker::always())]);
                for part in parts {
                    all = both(&all, &part.by_scope()?)?;
                }
                all
            }
        };
        found.retain(|_, marker| !marker.is_never());
        Some(found)
    }

    fn collect(&self, named: &mut BTreeSet<Scope>) {
        match self {
            Self::Asked(asked) => {
                named.insert(asked.scope.clone());
            }
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect(named);
                }
            }
            Self::Environment(_) | Self::Unknown => {}
        }
    }

    /// Whether there is something in it that is not understood.
    pub(crate) fn has_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_unknown),
            Self::Environment(_) | Self::Asked(_) => false,
        }
    }

    /// The environments where it holds when `holds` says which conditions on extras and groups do.
    fn with(&self, holds: &dyn Fn(&Asked) -> bool) -> Marker {
        match self {
            Self::Environment(marker) => marker.clone(),
            Self::Unknown => Marker::always(),
            Self::Asked(asked) if holds(asked) => Marker::always(),
            Self::Asked(_) => Marker::never(),
            Self::All(parts) => parts
                .iter()
                .fold(Marker::always(), |all, part| all.and(&part.with(holds))),
            Self::Any(parts) => parts
                .iter()
                .fold(Marker::never(), |any, part| any.or(&part.with(holds))),
        }
    }
}

/// Adds an environment to those where a scope asks.
fn join(scopes: &mut BTreeMap<Scope, Marker>, scope: Scope, marker: &Marker) {
    let known = scopes.entry(scope).or_insert_with(Marker::never);
    *known = known.or(marker);
}

/// Both conditions at once; none if that takes two extras or groups.
fn both(
    one: &BTreeMap<Scope, Marker>,
    other: &BTreeMap<Scope, Marker>,
) -> Option<BTreeMap<Scope, Marker>> {
    let mut both = BTreeMap::new();
    for (scope, marker) in one {
        for (second, other) in other {
            let marker = marker.and(other);
            let scope = match (scope, second) {
                _ if marker.is_never() => continue,
                (Scope::Main, scope) | (scope, Scope::Main) => scope,
                (scope, second) if scope == second => scope,
                _ => return None,
            };
            join(&mut both, scope.clone(), &marker);
        }
    }
    Some(both)
}

/// Conditions by their texts: locks say the same again and again.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    known: BTreeMap<String, (Condition, Marker)>,
    /// What all of them compare with: markers of one file are put together in walks.
    values: Values,
}

impl Conditions {
    /// The condition that `text` states.
    pub(super) fn read(&mut self, text: &str) -> &Condition {
        &self.entry(text).0
    }

    /// In which environments the condition that `text` states may hold.
    pub(super) fn environment(&mut self, text: &str) -> Marker {
        self.entry(text).1.clone()
    }

    /// As [`Self::environment`]; no text is no condition.
    pub(super) fn environment_of(&mut self, text: Option<&str>) -> Marker {
        text.map_or_else(Marker::always, |text| self.environment(text))
    }

    fn entry(&mut self, text: &str) -> &(Condition, Marker) {
        self.known.entry(text.to_owned()).or_insert_with(|| {
            let (mut condition, values) = Condition::read_with_values(text);
            let mut all = self.values.clone();
            for (variable, values) in values {
                all.entry(variable).or_default().extend(values);
            }
            if cases(&all) > MOST_CASES_OF_FILE {
                condition = Condition::Unknown;
            } else {
                self.values = all;
            }
            let marker = condition.environment();
            (condition, marker)
        })
    }
}

/// A piece of a marker, by its place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A text in quotes.
    Quoted,
    Word,
    Operator,
    Open,
    Close,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return Some(tokens);
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let is_operator = |c: char| matches!(c, '<' | '>' | '=' | '!' | '~');
        let until = |is_of: &dyn Fn(char) -> bool| rest.find(|c| !is_of(c)).unwrap_or(rest.len());
        let (kind, length) = match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '\'' | '"' => (Kind::Quoted, rest.get(1..)?.find(first)? + 2),
            c if is_word(c) => (Kind::Word, until(&is_word)),
            c if is_operator(c) => (Kind::Operator, until(&is_operator)),
            _ => return None,
        };
        let start = text.len() - rest.len();
        tokens.push(Token {
            kind,
            start,
            end: start + length,
        });
        rest = rest.get(length..)?;
    }
}

struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Token],
    comparisons: usize,
    values: Values,
}

impl<'a> Reading<'a> {
    fn any(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") {
            parts.push(self.all(depth)?);
        }
        Some(one_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.part(depth)?];
        while self.word("and") {
            parts.push(self.part(depth)?);
        }
        Some(one_or(parts, Condition::All))
    }

    fn part(&mut self, depth: usize) -> Option<Condition> {
        if depth > DEEPEST {
            return None;
        }
        if self.tokens.first()?.kind == Kind::Open {
            self.next()?;
            let inner = self.any(depth + 1)?;
            return (self.next()?.kind == Kind::Close).then_some(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Option<Condition> {
        self.comparisons += 1;
        if self.comparisons > MOST {
            return None;
        }
        let left = self.next()?;
        let (operator, is_negated) = match self.next()? {
            token if token.kind == Kind::Operator => (self.of(token)?, false),
            token if self.of(token)? == "in" => ("in", false),
            token if self.of(token)? == "not" && self.word("in") => ("in", true),
            _ => return None,
        };
        let right = self.next()?;
        let is_operand = |token: Token| matches!(token.kind, Kind::Quoted | Kind::Word);
        if !is_operand(left) || !is_operand(right) {
            return None;
        }
        let (value, variable) = match (left.kind, right.kind) {
            (Kind::Quoted, Kind::Word) => (self.of(left)?, self.of(right)?),
            (Kind::Word, Kind::Quoted) if operator != "in" => (self.of(right)?, self.of(left)?),
            (Kind::Word, Kind::Quoted) => ("", self.of(left)?),
            _ => return None,
        };
        let is_wanted = match (variable, operator) {
            ("extras" | "dependency_groups", "in") => !is_negated,
            ("extra", "==") => true,
            ("extra", "!=") => false,
            ("extras" | "dependency_groups" | "extra", _) => return Some(Condition::Unknown),
            _ => {
                let text = self.text.get(left.start..right.end)?;
                let stated = if left.kind == Kind::Quoted {
                    left
                } else {
                    right
                };
                let values = self.of(stated)?.trim_matches(['\'', '"']);
                let values = values.split([' ', ',', '|']).map(ToOwned::to_owned);
                let variable = variable.replace("python_full_version", "python_version");
                self.values.entry(variable).or_default().extend(values);
                return Some(environment(text));
            }
        };
        let Ok(name) = Name::new(value.trim_matches(['\'', '"'])) else {
            return Some(Condition::Unknown);
        };
        let scope = if variable == "dependency_groups" {
            Scope::Group(name)
        } else {
            Scope::Extra(name)
        };
        Some(Condition::Asked(Asked { scope, is_wanted }))
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    /// Takes the next token if it is that word.
    fn word(&mut self, word: &str) -> bool {
        let is_it = self
            .tokens
            .first()
            .is_some_and(|token| token.kind == Kind::Word && self.of(*token) == Some(word));
        is_it && self.next().is_some()
    }

    fn of(&self, token: Token) -> Option<&'a str> {
        self.text.get(token.start..token.end)
    }
}

fn one_or(mut parts: Vec<Condition>, several: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => Condition::Unknown,
    }
}

/// One comparison with a value of the environment.
fn environment(text: &str) -> Condition {
    match Requirement::parse_strict(&format!("x ; {text}")) {
        Ok(requirement) => Condition::Environment(requirement.marker),
        Err(_) => Condition::Unknown,
    }
}
