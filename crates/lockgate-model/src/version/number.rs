//! A number of a version: whole, not negative, of any size that Python takes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// Numbers of so many digits are small; they and their successors fit into 64 bits.
pub(super) const MAX_SMALL_DIGITS: usize = 18;
/// The largest number of so many digits.
pub(super) const MAX_SMALL: u64 = 999_999_999_999_999_999;
/// Python turns no text of more digits into a number (`sys.get_int_max_str_digits`), so pip knows no version with one.
const MAX_DIGITS: usize = 4300;

/// A number. Of each there is one form, so that equal ones have equal fields.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Number {
    Small(u64),
    /// Its digits, without zeros at the front: more than [`MAX_SMALL_DIGITS`].
    Large(Box<str>),
}

/// Whether a text has more digits in a row than a small number has, zeros at the front included.
pub(super) fn has_many_digits(text: &str) -> bool {
    text.len() > MAX_SMALL_DIGITS
        && text
            .split(|c: char| !c.is_ascii_digit())
            .any(|digits| digits.len() > MAX_SMALL_DIGITS)
}

/// The text with each number that is not small in the form of the largest one that is: what a parser says of it that ends at 64 bits is
/// what it would say of the text.
pub(crate) fn with_small_numbers(text: &str) -> Cow<'_, str> {
    if !has_many_digits(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        if is_digit && part.trim_start_matches('0').len() > MAX_SMALL_DIGITS {
            out.push_str(&"9".repeat(MAX_SMALL_DIGITS));
        } else {
            out.push_str(part);
        }
        rest = after;
    }
    Cow::Owned(out)
}

/// Whether a text has more digits in a row than Python turns into a number.
pub(super) fn is_too_long(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() > MAX_DIGITS)
}

impl Number {
    pub(super) const ZERO: Self = Self::Small(0);

    /// The number of a text of digits; none if it is another text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            return None;
        }
        let digits = text.trim_start_matches('0');
        if digits.is_empty() {
            Some(Self::ZERO)
        } else if digits.len() <= MAX_SMALL_DIGITS {
            digits.parse().ok().map(Self::Small)
        } else {
            Some(Self::Large(digits.into()))
        }
    }

    /// The largest number that a version can be written with.
    pub(super) fn largest() -> Self {
        Self::Large("9".repeat(MAX_DIGITS).into())
    }

    /// The number after it.
    pub(super) fn next(&self) -> Self {
        match self {
            Self::Small(number) => Self::from(number + 1),
            Self::Large(digits) => {
                let kept = digits.trim_end_matches('9');
                let zeros = "0".repeat(digits.len() - kept.len());
                let next = match kept.char_indices().next_back() {
                    Some((at, last)) => {
                        let last = last.to_digit(10).unwrap_or(0) + 1;
                        format!("{}{last}{zeros}", kept.get(..at).unwrap_or_default())
                    }
                    None => format!("1{zeros}"),
                };
                Self::Large(next.into())
            }
        }
    }

    pub(super) fn small(&self) -> Option<u64> {
        match self {
            Self::Small(number) => Some(*number),
            Self::Large(_) => None,
        }
    }

    /// The number, or the largest small one.
    pub(super) fn clamped(&self) -> u64 {
        self.small().unwrap_or(MAX_SMALL)
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        if number <= MAX_SMALL {
            Self::Small(number)
        } else {
            Self::Large(number.to_string().into())
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small(one), Self::Small(other)) => one.cmp(other),
            (Self::Small(_), Self::Large(_)) => Ordering::Less,
            (Self::Large(_), Self::Small(_)) => Ordering::Greater,
            (Self::Large(one), Self::Large(other)) => {
                one.len().cmp(&other.len()).then_with(|| one.cmp(other))
            }
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Small(number) => number.fmt(f),
            Self::Large(digits) => f.write_str(digits),
        }
    }
}
