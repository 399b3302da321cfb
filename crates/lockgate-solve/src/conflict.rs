//! From PubGrub's derivation tree to a proof that people can follow.
//!
//! The tree speaks of the solver's devices (the root, extras as packages of their own) and walks through versions one by one.
//! The proof leaves the devices out, joins what is said of several versions of one project, trims sets to the versions that
//! exist, and carries the origin of every requirement. The tree may be deep and shares its parts: it is walked without
//! recursion, each part once.

mod merge;
mod teller;

use std::collections::BTreeSet;

use lockgate_model::{Conflict, Fact, FactError, Name, OpenGate, Proof, VersionSet};

use self::teller::Teller;
use crate::hints::{self, Blame};
use crate::search::{Search, Tree, as_dead_end};
use crate::shelf::Guard;
use crate::sources::Sources;
use crate::split::externals;

/// Tells a conflict: the proof, what the gate refused, the ways out, and what else is worth knowing.
pub(crate) fn explain(
    search: &Search<'_>,
    sources: &Sources,
    tree: &Tree,
) -> Result<Conflict, FactError> {
    let proof = Teller { search, sources }.tell(tree)?;
    let known = facts(&proof);
    match hints::blame(search, sources, &known)? {
        Blame::Requirements => by_themselves(search, search, sources, proof),
        Blame::Gate(refusals) => Ok(Conflict {
            refusals,
            ways_out: Vec::new(),
            notes: hints::notes(search, &known),
            proof,
        }),
        Blame::RequirementsAnyway(tree) => {
            // The gate makes no difference, so it is left out of the story.
            let open = Guard::new(&OpenGate);
            let ungated = search.under(&open);
            let teller = Teller {
                search: &ungated,
                sources,
            };
            let proof = teller.tell(&tree)?;
            by_themselves(search, &ungated, sources, proof)
        }
    }
}

/// The conflict of requirements among themselves, told without the gate; ways out are those under it.
fn by_themselves(
    search: &Search<'_>,
    told: &Search<'_>,
    sources: &Sources,
    proof: Proof,
) -> Result<Conflict, FactError> {
    let known = facts(&proof);
    let ways_out = hints::ways_out(search, sources, &known)?;
    let mut notes = hints::notes(told, &known);
    notes.retain(|note| !hints::is_answered(note, &ways_out));
    Ok(Conflict {
        refusals: Vec::new(),
        ways_out,
        notes,
        proof,
    })
}

/// The ranges of projects in which no version can be chosen, as far as a proof rests on them.
pub(crate) fn dead_ends(tree: &Tree) -> Vec<(&Name, &VersionSet)> {
    let ends = externals(tree).into_iter().filter_map(as_dead_end);
    ends.filter_map(|(package, set)| Some((package.project()?, &set.0)))
        .collect()
}

/// The facts of a proof, each once, in no order that matters.
pub(crate) fn facts(proof: &Proof) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![proof];
    while let Some(part) = waiting.pop() {
        if !seen.insert(std::ptr::from_ref(part)) {
            continue;
        }
        match part {
            Proof::Fact(fact) => {
                if !facts.contains(fact) {
                    facts.push(fact.clone());
                }
            }
            Proof::Derived { left, right, .. } => waiting.extend([&**right, &**left]),
        }
    }
    facts
}
