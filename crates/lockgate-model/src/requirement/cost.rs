//! How much work a marker is, told from its text before anything is built of it.
//!
//! A marker becomes a decision diagram over its variables. Its size is bounded by how many combinations of values the text tells apart, and
//! by how many ways to hold (or not to hold) come of writing it out; a marker for which both are large can take all memory there is, in a
//! few hundred characters: `(a == '1' or b == '1') and (b == '2' or c == '2') and …`.

use std::collections::BTreeMap;

/// A marker may be written out to this many alternatives whatever it tells apart,
const MAX_WAYS: u64 = 1 << 12;
/// and may tell apart this many combinations of values however it is written.
const MAX_COMBINATIONS: u64 = 1 << 20;
/// Parentheses deeper than this are refused elsewhere.
const MAX_DEPTH: usize = 128;

/// What is said of a marker that [`is_too_much_work`].
pub(crate) const TOO_MUCH_WORK: &str = "its marker combines more alternatives than can be worked out (more than 4,096 ways over more than 1,048,576 combinations of values)";

/// Whether a marker is more work than any that is written by people or tools. `text` is a marker, or a requirement with one.
pub(crate) fn is_too_much_work(text: &str) -> bool {
    // A cheap look first: what has few comparisons is little work.
    let comparisons = text
        .bytes()
        .filter(|byte| matches!(byte, b'\'' | b'"'))
        .count()
        / 2;
    if comparisons < 12 {
        return false;
    }
    let marker = text.split_once(';').map_or(text, |(_, marker)| marker);
    let mut reader = Reader {
        tokens: tokens(marker),
        at: 0,
        compared: BTreeMap::new(),
    };
    let ways = reader.either(0);
    let combinations = reader
        .compared
        .values()
        .fold(1u64, |product, count| product.saturating_mul(2 * count + 1));
    ways.to_hold.max(ways.to_fail) > MAX_WAYS && combinations > MAX_COMBINATIONS
}

/// In how many ways a condition holds, and in how many it does not, as it is written.
#[derive(Debug, Clone, Copy)]
struct Ways {
    to_hold: u64,
    to_fail: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Open,
    Close,
    Word(&'t str),
    Text(&'t str),
}

fn tokens(marker: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = marker.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '\'' | '"' => {
                let inside = rest.get(1..).unwrap_or_default();
                let length = inside.find(first).unwrap_or(inside.len());
                let text = inside.get(..length).unwrap_or_default();
                (Token::Text(text), (length + 2).min(rest.len()))
            }
            _ => {
                let end = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '\'' | '"');
                let length = rest.find(end).unwrap_or(rest.len()).max(first.len_utf8());
                (Token::Word(rest.get(..length).unwrap_or_default()), length)
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    tokens
}

struct Reader<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    /// How often each variable is compared.
    compared: BTreeMap<&'t str, u64>,
}

impl Reader<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        let is_so = self.tokens.get(self.at) == Some(&Token::Word(word));
        self.at += usize::from(is_so);
        is_so
    }

    fn either(&mut self, depth: usize) -> Ways {
        let mut ways = self.both(depth);
        while self.next_is("or") {
            let other = self.both(depth);
            ways = Ways {
                to_hold: ways.to_hold.saturating_add(other.to_hold),
                to_fail: ways.to_fail.saturating_mul(other.to_fail),
            };
        }
        ways
    }

    fn both(&mut self, depth: usize) -> Ways {
        let mut ways = self.one(depth);
        while self.next_is("and") {
            let other = self.one(depth);
            ways = Ways {
                to_hold: ways.to_hold.saturating_mul(other.to_hold),
                to_fail: ways.to_fail.saturating_add(other.to_fail),
            };
        }
        ways
    }

    /// Parentheses, or a comparison: everything up to the next `and`, `or` or parenthesis.
    fn one(&mut self, depth: usize) -> Ways {
        if self.tokens.get(self.at) == Some(&Token::Open) && depth < MAX_DEPTH {
            self.at += 1;
            let ways = self.either(depth + 1);
            while !matches!(self.tokens.get(self.at), None | Some(Token::Close)) {
                self.at += 1;
            }
            self.at += 1;
            return ways;
        }
        let mut variable = None;
        let mut text = None;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Open if depth < MAX_DEPTH => break,
                Token::Close | Token::Word("and" | "or") => break,
                Token::Open => {}
                Token::Word(word) => variable = variable.or(Some(*word)),
                Token::Text(value) => text = text.or(Some(*value)),
            }
            self.at += 1;
        }
        // Each extra is a variable of its own.
        let key = match variable.map(|word| word.trim_end_matches(['=', '!', '<', '>', '~'])) {
            Some("extra") => text,
            other => other,
        };
        if let Some(key) = key {
            *self.compared.entry(key).or_default() += 1;
        }
        Ways {
            to_hold: 1,
            to_fail: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_too_much_work;

    const VARIABLES: [&str; 6] = [
        "sys_platform",
        "platform_machine",
        "os_name",
        "platform_system",
        "implementation_name",
        "platform_python_implementation",
    ];

    fn pair(place: usize, within: &str) -> String {
        let [one, other] = [place, place + 1].map(|at| VARIABLES[at % VARIABLES.len()]);
        format!("({one} == 'a{place}' {within} {other} != 'b{place}')")
    }

    fn joined(count: usize, within: &str, between: &str) -> String {
        let pairs: Vec<String> = (0..count).map(|place| pair(place, within)).collect();
        format!("a; {}", pairs.join(between))
    }

    #[test]
    fn alternatives_of_many_variables_multiply() {
        for count in [40, 20, 14] {
            assert!(is_too_much_work(&joined(count, "or", " and ")), "{count}");
            assert!(is_too_much_work(&joined(count, "and", " or ")), "{count}");
        }
        assert!(!is_too_much_work(&joined(8, "or", " and ")));
        assert!(is_too_much_work(&format!(
            "(({}))",
            joined(40, "or", " and ").replace("a; ", "")
        )));
    }

    #[test]
    fn what_tools_write_is_no_more_work_than_it_tells_apart() {
        let systems = ["linux", "darwin", "win32", "cygwin"];
        let of_system = |version: usize| {
            let each = systems.map(|system| {
                format!("(python_full_version < '3.{version}' and sys_platform == '{system}' and platform_machine == 'arm64')")
            });
            each.join(" or ")
        };
        let long: Vec<String> = (8..14).map(of_system).collect();
        assert!(!is_too_much_work(&format!("a ; {}", long.join(" or "))));
        let extras: Vec<String> = (0..60)
            .map(|place| format!("extra == 'e{place}'"))
            .collect();
        assert!(!is_too_much_work(&extras.join(" or ")));
        for text in ["", "a", "a; (((", "a; 'x' in \"y", "a; ) and ( or"] {
            assert!(!is_too_much_work(text), "{text}");
        }
    }
}
