//! The proof as sentences, each following from those before it.
//!
//! Facts that lead on from one conclusion are told in one sentence, two at a time; what is said of one stretch of versions after the
//! other is told of the last of them where the whole is not asked for.

use lockgate_model::{Fact, Proof, Statement};

use super::facts::{capital, conclusion_text, fact_text};

/// From how many stretches of versions on only the last is told.
const LONGEST_LADDER: usize = 3;

/// The sentences of a proof.
pub(super) struct Story {
    pub(super) lines: Vec<String>,
    /// The facts that they name.
    pub(super) named: Vec<Fact>,
}

/// Tells a proof: the whole of it, or without repeating itself over the versions of a project.
pub(super) fn story(proof: &Proof, whole: bool) -> Story {
    let mut teller = Teller {
        story: Story {
            lines: Vec::new(),
            named: Vec::new(),
        },
        told: Vec::new(),
        whole,
    };
    match proof {
        Proof::Fact(fact @ Fact::Root { .. }) => {
            let line = format!("{}, which no version can satisfy.", fact_text(fact));
            teller.story.lines.push(line);
            teller.story.named.push(fact.clone());
        }
        Proof::Fact(fact) => {
            let line = format!("{}.", capital(&fact_text(fact)));
            teller.story.lines.push(line);
            teller.story.named.push(fact.clone());
        }
        Proof::Derived { .. } => teller.tell(proof),
    }
    teller.story
}

struct Teller {
    story: Story,
    /// Numbers of shared conclusions that have been told already.
    told: Vec<usize>,
    whole: bool,
}

impl Teller {
    /// Tells why `proof`'s conclusion holds; its last sentence states the conclusion.
    fn tell(&mut self, proof: &Proof) {
        let Proof::Derived {
            conclusion,
            left,
            right,
            shared,
        } = proof
        else {
            return;
        };
        let text = numbered(&conclusion_text(conclusion), *shared);
        match (left.as_ref(), right.as_ref()) {
            (Proof::Fact(left), Proof::Fact(right)) => {
                let reasons = self.reasons(&[left, right]);
                self.say(format!("Because {reasons}, {text}."));
            }
            (derived @ Proof::Derived { .. }, Proof::Fact(fact))
            | (Proof::Fact(fact), derived @ Proof::Derived { .. }) => {
                if self.whole || !self.tell_repeated(proof, &text) {
                    self.tell_step(derived, fact, &text);
                }
            }
            (left, right) => match (self.reference(left), self.reference(right)) {
                (Some(left), Some(right)) => {
                    self.say(format!("Because {left} and {right}, {text}."));
                }
                (Some(reference), None) => {
                    self.tell(right);
                    self.say(format!("And because {reference}, {text}."));
                }
                (None, Some(reference)) => {
                    self.tell(left);
                    self.say(format!("And because {reference}, {text}."));
                }
                (None, None) => self.tell_both(proof, left, right, &text),
            },
        }
        if let Some(number) = shared {
            self.told.push(*number);
        }
    }

    /// Tells what follows from two proofs that have not been told.
    fn tell_both(&mut self, proof: &Proof, left: &Proof, right: &Proof, conclusion: &str) {
        if !self.whole
            && let Some((rung, count)) = ladder(proof)
        {
            self.tell(rung);
            self.say(format!(
                "And with {count} more ranges of versions, told with `-v`, {conclusion}."
            ));
            return;
        }
        self.tell(left);
        let first = derived_text(left);
        self.tell(right);
        self.say(format!("And because {first}, {conclusion}."));
    }

    /// Tells what several facts lead to that say of versions of one project what they ask of another; the last of them stands for all.
    /// Whether there were enough of them.
    fn tell_repeated(&mut self, proof: &Proof, conclusion: &str) -> bool {
        let Some(Repeated { last, count, rest }) = repeated(proof) else {
            return false;
        };
        let more = format!("with {count} more ranges of versions, told with `-v`");
        let last = self.reasons(&[last]);
        match rest {
            None => self.say(format!("Because {last}, and {more}, {conclusion}.")),
            Some(rest) => {
                let first = if let Some(reference) = self.reference(rest) {
                    format!("Because {reference}, and")
                } else {
                    self.tell(rest);
                    "And because".to_owned()
                };
                self.say(format!("{first} {last}, and {more}, {conclusion}."));
            }
        }
        true
    }

    /// Tells what follows from `derived` and a fact, together with the fact before it if there is one.
    fn tell_step(&mut self, derived: &Proof, fact: &Fact, conclusion: &str) {
        if let Some(reference) = self.reference(derived) {
            let reasons = self.reasons(&[fact]);
            self.say(format!("Because {reasons} and {reference}, {conclusion}."));
            return;
        }
        let is_repeated = !self.whole && repeated(derived).is_some();
        if let Some((earlier, before)) = step(derived).filter(|_| !is_repeated) {
            if let Some(reference) = self.reference(earlier) {
                let reasons = self.reasons(&[before, fact]);
                self.say(format!("Because {reference}, and {reasons}, {conclusion}."));
            } else {
                self.tell(earlier);
                let reasons = self.reasons(&[before, fact]);
                self.say(format!("And because {reasons}, {conclusion}."));
            }
            return;
        }
        // A step of its own for the third of three facts would say no more.
        if let Some([one, other]) = leaf(derived) {
            let reasons = self.reasons(&[one, other, fact]);
            self.say(format!("Because {reasons}, {conclusion}."));
            return;
        }
        self.tell(derived);
        let reasons = self.reasons(&[fact]);
        self.say(format!("And because {reasons}, {conclusion}."));
    }

    fn say(&mut self, line: String) {
        self.story.lines.push(line);
    }

    /// Facts as one text, in the order in which they lead on: the sources by line, who asks before what is asked for.
    fn reasons(&mut self, facts: &[&Fact]) -> String {
        let mut ordered = facts.to_vec();
        ordered.sort_by_key(|fact| match fact {
            Fact::Root { origin, .. } => (0, origin.file.as_str(), origin.line),
            Fact::Requires { .. } => (1, "", None),
            Fact::NoVersion { .. } | Fact::Absent { .. } => (2, "", None),
        });
        // Who asks for a project comes before what that asks for.
        for place in 1..ordered.len() {
            let Some(fact) = ordered.get(place).copied() else {
                continue;
            };
            let leads_on = |other: &&Fact| matches!((fact, other), (Fact::Requires { to, .. }, Fact::Requires { from, .. }) if from.0 == to.0);
            if let Some(earlier) = ordered.iter().take(place).position(leads_on) {
                ordered.remove(place);
                ordered.insert(earlier, fact);
            }
        }
        self.story.named.extend(ordered.iter().copied().cloned());
        let mut texts: Vec<String> = ordered.into_iter().map(fact_text).collect();
        let last = texts.pop().unwrap_or_default();
        if texts.is_empty() {
            last
        } else {
            format!("{} and {last}", texts.join(", "))
        }
    }

    fn reference(&self, proof: &Proof) -> Option<String> {
        match proof {
            Proof::Derived {
                shared: Some(number),
                ..
            } if self.told.contains(number) => Some(format!("{} ({number})", derived_text(proof))),
            _ => None,
        }
    }
}

/// The parts of a proof that adds one fact to another proof, and that nothing else refers to.
fn step(proof: &Proof) -> Option<(&Proof, &Fact)> {
    match proof {
        Proof::Derived { shared: None, .. } => added(proof),
        Proof::Derived { .. } | Proof::Fact(_) => None,
    }
}

/// The parts of a proof that adds one fact to another proof.
fn added(proof: &Proof) -> Option<(&Proof, &Fact)> {
    let Proof::Derived { left, right, .. } = proof else {
        return None;
    };
    match (left.as_ref(), right.as_ref()) {
        (derived @ Proof::Derived { .. }, Proof::Fact(fact))
        | (Proof::Fact(fact), derived @ Proof::Derived { .. }) => Some((derived, fact)),
        _ => None,
    }
}

/// The two facts of a proof that nothing else refers to.
fn leaf(proof: &Proof) -> Option<[&Fact; 2]> {
    match proof {
        Proof::Derived {
            left,
            right,
            shared: None,
            ..
        } => match (left.as_ref(), right.as_ref()) {
            (Proof::Fact(one), Proof::Fact(other)) => Some([one, other]),
            _ => None,
        },
        Proof::Derived { .. } | Proof::Fact(_) => None,
    }
}

/// Facts that say of versions of one project what they ask of another.
struct Repeated<'p> {
    /// The one that was added last.
    last: &'p Fact,
    /// How many others there are.
    count: usize,
    /// What they were added to, if it is more than another of them.
    rest: Option<&'p Proof>,
}

/// The facts that a proof ends in, where enough of them say the same of other versions.
fn repeated(proof: &Proof) -> Option<Repeated<'_>> {
    let is_alike = |one: &Fact, other: &Fact| match (one, other) {
        (
            Fact::Requires { from, to, .. },
            Fact::Requires {
                from: other_from,
                to: other_to,
                ..
            },
        ) => from == other_from && to == other_to,
        _ => false,
    };
    let (mut rest, last) = added(proof)?;
    let mut count = 0;
    let rest = loop {
        if let Some([one, other]) = leaf(rest)
            && is_alike(last, one)
            && is_alike(last, other)
        {
            count += 2;
            break None;
        }
        match step(rest) {
            Some((before, fact)) if is_alike(last, fact) => {
                count += 1;
                rest = before;
            }
            _ => break Some(rest),
        }
    };
    (count > LONGEST_LADDER).then_some(Repeated { last, count, rest })
}

/// Where a proof says the same of one stretch of versions after the other: what it says of the last, and how many come before.
fn ladder(proof: &Proof) -> Option<(&Proof, usize)> {
    let mut at = proof;
    let mut last = None;
    let mut count = 0;
    while let Proof::Derived {
        conclusion,
        left,
        right,
        ..
    } = at
    {
        let is_lower = |part: &Proof| match part {
            Proof::Derived {
                conclusion: other, ..
            } => says_alike(conclusion, other),
            Proof::Fact(_) => false,
        };
        let (lower, rung) = match (is_lower(left), is_lower(right)) {
            (true, true) if size(left) >= size(right) => (left, right),
            (false | true, true) => (right, left),
            (true, false) => (left, right),
            (false, false) => break,
        };
        last = last.or(Some(rung.as_ref()));
        count += 1;
        at = lower;
    }
    last.filter(|_| count >= LONGEST_LADDER)
        .map(|last| (last, count))
}

/// Whether two conclusions differ only in the versions.
fn says_alike(one: &[Statement], other: &[Statement]) -> bool {
    !one.is_empty()
        && one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.name == other.name && one.extra == other.extra && one.is_in == other.is_in
        })
}

/// How long a proof is, up to a bound: shared parts count wherever they are used.
fn size(proof: &Proof) -> usize {
    const MOST: usize = 64;
    let (mut size, mut waiting) = (0, vec![proof]);
    while let Some(part) = waiting.pop() {
        size += 1;
        if size >= MOST {
            break;
        }
        if let Proof::Derived { left, right, .. } = part {
            waiting.extend([&**left, &**right]);
        }
    }
    size
}

fn derived_text(proof: &Proof) -> String {
    match proof {
        Proof::Derived { conclusion, .. } => conclusion_text(conclusion),
        Proof::Fact(fact) => fact_text(fact),
    }
}

fn numbered(text: &str, number: Option<usize>) -> String {
    number.map_or_else(|| text.to_owned(), |number| format!("{text} ({number})"))
}
