//! From PubGrub's derivation tree to a proof that people can follow.
//!
//! The tree speaks of the solver's devices (the root, extras as packages of their own) and walks through versions one by one.
//! The proof leaves the devices out, joins what is said of several versions of one project, trims sets to the versions that
//! exist, and carries the origin of every requirement. The tree may be deep and shares its parts: it is walked without
//! recursion, each part once.

mod merge;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use lockgate_model::{
    Conflict, Exclusion, Fact, FactError, Name, OpenGate, Proof, Replaced, Stated, Statement,
    VersionSet,
};
use pubgrub::{Derived, External, Term};

use self::merge::merge;
use crate::hints::{self, Blame};
use crate::package::{Package, Set};
use crate::provider::Unavailable;
use crate::search::{Search, Tree, as_dead_end};
use crate::shelf::Guard;
use crate::sources::{Role, Sources, Wanted};

/// Tells a conflict: the proof, what the gate refused, the ways out, and what else is worth knowing.
pub(crate) fn explain(
    search: &Search<'_>,
    sources: &Sources,
    tree: &Tree,
) -> Result<Conflict, FactError> {
    let proof = Teller { search, sources }.tell(tree)?;
    let known = facts(&proof);
    let refusals = match hints::blame(search, sources, &known)? {
        Blame::Requirements => Vec::new(),
        Blame::Gate(refusals) => refusals,
        Blame::RequirementsAnyway(tree) => {
            // The gate makes no difference, so it is left out of the story.
            let open = Guard::new(&OpenGate);
            let ungated = search.under(&open);
            let proof = Teller {
                search: &ungated,
                sources,
            }
            .tell(&tree)?;
            let notes = hints::notes(search, &facts(&proof));
            return Ok(Conflict {
                refusals: Vec::new(),
                notes,
                proof,
            });
        }
    };
    Ok(Conflict {
        refusals,
        notes: hints::notes(search, &known),
        proof,
    })
}

/// The ranges of projects in which no version can be chosen, as far as a proof rests on them.
pub(crate) fn dead_ends(tree: &Tree) -> Vec<(&Name, &VersionSet)> {
    let mut ends = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![tree];
    while let Some(part) = waiting.pop() {
        if !seen.insert(std::ptr::from_ref(part)) {
            continue;
        }
        match part {
            Tree::External(external) => {
                if let Some((package, set)) = as_dead_end(external)
                    && let Some(name) = package.project()
                {
                    ends.push((name, &set.0));
                }
            }
            Tree::Derived(derived) => waiting.extend([&*derived.cause1, &*derived.cause2]),
        }
    }
    ends
}

/// The facts of a proof, each once, in no order that matters.
fn facts(proof: &Proof) -> Vec<Fact> {
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

struct Teller<'a> {
    search: &'a Search<'a>,
    sources: &'a Sources,
}

/// A part of the tree that has been told; none if it only spoke of devices.
type Told = Option<Arc<Proof>>;

impl Teller<'_> {
    fn tell(&self, tree: &Tree) -> Result<Proof, FactError> {
        let mut told: HashMap<*const Tree, Told> = HashMap::new();
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        let mut waiting = vec![tree];
        while let Some(part) = waiting.last().copied() {
            let key = std::ptr::from_ref(part);
            if told.contains_key(&key) {
                waiting.pop();
                continue;
            }
            let proof = match part {
                Tree::External(external) => self.fact(external)?.map(Proof::Fact).map(Arc::new),
                Tree::Derived(derived) => {
                    let causes = [&*derived.cause1, &*derived.cause2];
                    let before = waiting.len();
                    // The second on top of the first would tell it first.
                    for cause in causes.into_iter().rev() {
                        if !told.contains_key(&std::ptr::from_ref(cause)) {
                            waiting.push(cause);
                        }
                    }
                    if waiting.len() > before {
                        continue;
                    }
                    let [left, right] =
                        causes.map(|cause| told.get(&std::ptr::from_ref(cause)).cloned().flatten());
                    let left = left.filter(|_| !self.is_gap(causes[0], causes[1]));
                    let right = right.filter(|_| !self.is_gap(causes[1], causes[0]));
                    let shared = derived.shared_id.map(|id| {
                        let next = numbers.len() + 1;
                        *numbers.entry(id).or_insert(next)
                    });
                    self.derived(derived, left, right, shared)?
                }
            };
            told.insert(key, proof);
            waiting.pop();
        }
        let proof = told.remove(&std::ptr::from_ref(tree)).flatten();
        // A proof rests on a requirement of the sources at least: without them there is nothing to contradict.
        proof
            .map(Arc::unwrap_or_clone)
            .ok_or_else(|| FactError::Unlearned {
                what: "the proof of the conflict".to_owned(),
                why: "it rests on no fact".to_owned(),
                remedy: None,
            })
    }

    /// Whether `part` only says that nothing exists between versions that `other` speaks of: trimmed sets say that already.
    fn is_gap(&self, part: &Tree, other: &Tree) -> bool {
        let Tree::External(external) = part else {
            return false;
        };
        let Some((package, set)) = as_dead_end(external) else {
            return false;
        };
        let Some(name) = package.project() else {
            return false;
        };
        let Ok(Some(project)) = self.search.shelf.project(name) else {
            return false;
        };
        let exists = crate::release::span(&*project.view, &set.0)
            .any(|index| set.0.contains(project.view.version(index)));
        !exists && speaks_of(other, package)
    }

    fn derived(
        &self,
        derived: &Derived<Package, Set, Unavailable>,
        left: Told,
        right: Told,
        shared: Option<usize>,
    ) -> Result<Told, FactError> {
        let conclusion = self.conclusion(derived)?;
        let (left, right) = match (left, right) {
            (Some(left), Some(right)) => (left, right),
            (None, None) => return Ok(None),
            // What follows from one proof and a device is that proof, said more narrowly.
            (Some(only), None) | (None, Some(only)) => {
                return Ok(Some(match &*only {
                    Proof::Fact(_) => only,
                    Proof::Derived { left, right, .. } => Arc::new(Proof::Derived {
                        conclusion,
                        left: Arc::clone(left),
                        right: Arc::clone(right),
                        shared,
                    }),
                }));
            }
        };
        self.joined(conclusion, left, right, shared).map(Some)
    }

    /// A derivation, joined with the step before it where both say the same of different versions.
    fn joined(
        &self,
        conclusion: Vec<Statement>,
        mut left: Arc<Proof>,
        mut right: Arc<Proof>,
        shared: Option<usize>,
    ) -> Result<Arc<Proof>, FactError> {
        loop {
            if matches!(*left, Proof::Fact(_)) {
                std::mem::swap(&mut left, &mut right);
            }
            let (
                Proof::Derived {
                    left: inner_left,
                    right: inner_right,
                    shared: None,
                    ..
                },
                Proof::Fact(fact),
            ) = (&*left, &*right)
            else {
                break;
            };
            let merged = [(inner_left, inner_right), (inner_right, inner_left)]
                .into_iter()
                .find_map(|(inner, rest)| match &**inner {
                    Proof::Fact(inner) => merge(inner, fact).map(|fact| (fact, Arc::clone(rest))),
                    Proof::Derived { .. } => None,
                });
            let Some((fact, rest)) = merged else { break };
            right = Arc::new(Proof::Fact(self.trimmed(fact)?));
            left = rest;
        }
        if let (Proof::Fact(one), Proof::Fact(other)) = (&*left, &*right)
            && (one == other || merge(one, other).is_some())
            && conclusion.is_empty()
        {
            let fact = merge(one, other).unwrap_or_else(|| one.clone());
            return Ok(Arc::new(Proof::Fact(self.trimmed(fact)?)));
        }
        Ok(Arc::new(Proof::Derived {
            conclusion,
            left,
            right,
            shared,
        }))
    }

    fn trimmed(&self, fact: Fact) -> Result<Fact, FactError> {
        Ok(match fact {
            Fact::Requires {
                from,
                from_versions,
                to,
                to_versions,
                overridden,
            } => Fact::Requires {
                from_versions: self.trim(&from.0, &from_versions)?,
                from,
                to,
                to_versions,
                overridden,
            },
            Fact::NoVersion {
                name,
                versions,
                excluded,
            } => Fact::NoVersion {
                versions: self.trim(&name, &versions)?,
                name,
                excluded,
            },
            Fact::Root { .. } | Fact::Absent { .. } => fact,
        })
    }

    fn conclusion(
        &self,
        derived: &Derived<Package, Set, Unavailable>,
    ) -> Result<Vec<Statement>, FactError> {
        let mut terms: Vec<(&Package, &Term<Set>)> = derived.terms.iter().collect();
        terms.sort_by_key(|(package, _)| *package);
        let mut statements: Vec<Statement> = Vec::new();
        for (package, term) in terms {
            let Some(name) = package.project() else {
                continue;
            };
            let (set, is_in) = match term {
                Term::Positive(set) => (set, true),
                Term::Negative(set) => (set, false),
            };
            let statement = Statement {
                name: Some(name.clone()),
                extra: package.extra().cloned(),
                versions: self.trim(name, &set.0)?,
                is_in,
            };
            if !statements
                .iter()
                .any(|other| other.name == statement.name && other.extra == statement.extra)
            {
                statements.push(statement);
            }
        }
        Ok(statements)
    }

    /// A simpler set that agrees with `set` on every version that exists.
    fn trim(&self, name: &Name, set: &VersionSet) -> Result<VersionSet, FactError> {
        let Some(project) = self.search.shelf.project(name)? else {
            return Ok(set.clone());
        };
        let view = &*project.view;
        Ok(set.simplified((0..view.len()).rev().map(|index| view.version(index))))
    }

    fn fact(
        &self,
        external: &External<Package, Set, Unavailable>,
    ) -> Result<Option<Fact>, FactError> {
        Ok(match external {
            External::NotRoot(..) | External::FromDependencyOf(Package::Extra(..), ..) => None,
            External::NoVersions(package, set) => match package.project() {
                Some(name) => Some(self.no_version(name, &set.0)?),
                None => None,
            },
            External::Custom(package, set, Unavailable(why)) => package.project().map(|name| {
                let versions = set.0.as_single().cloned().into_iter().collect();
                Fact::NoVersion {
                    name: name.clone(),
                    versions: set.0.clone(),
                    excluded: vec![Exclusion {
                        versions,
                        why: why.clone(),
                    }],
                }
            }),
            External::FromDependencyOf(Package::Root, _, to, set) => self.root(to, &set.0),
            External::FromDependencyOf(from, from_set, to, set) => {
                self.requires(from, &from_set.0, to, &set.0)?
            }
        })
    }

    fn no_version(&self, name: &Name, range: &VersionSet) -> Result<Fact, FactError> {
        if self.search.shelf.project(name)?.is_none() {
            return Ok(Fact::Absent { name: name.clone() });
        }
        let mut range = range.clone();
        let excluded = self.search.chooser().exclusions(name, &range)?;
        if !excluded.is_empty() {
            range = self.trim(name, &range)?;
        }
        Ok(Fact::NoVersion {
            name: name.clone(),
            versions: range,
            excluded,
        })
    }

    fn root(&self, to: &Package, set: &VersionSet) -> Option<Fact> {
        let name = to.project()?;
        let speaks = |wanted: &&Wanted| {
            wanted.name == *name
                && wanted.bound.set == *set
                && to.extra().is_none_or(|extra| {
                    wanted.role == Role::Constraint || wanted.extras.contains(extra)
                })
        };
        let requirements = self.sources.requirements.iter();
        requirements
            .chain(&self.sources.constraints)
            .find(speaks)
            .map(as_fact)
    }

    fn requires(
        &self,
        from: &Package,
        from_set: &VersionSet,
        to: &Package,
        set: &VersionSet,
    ) -> Result<Option<Fact>, FactError> {
        let (Some(from_name), Some(to_name)) = (from.project(), to.project()) else {
            return Ok(None);
        };
        // A constraint holds wherever its project is asked for, and stands in the tree as if it were asked for there.
        let constraint = self
            .sources
            .constraints_on(to_name)
            .find(|constraint| constraint.bound.set == *set);
        if let Some(constraint) = constraint
            && to.extra().is_none()
            && !self.states(from, from_set, to_name, set)
        {
            return Ok(Some(as_fact(constraint)));
        }
        Ok(Some(Fact::Requires {
            from: (from_name.clone(), from.extra().cloned()),
            from_versions: self.trim(from_name, from_set)?,
            overridden: self
                .sources
                .changes
                .that_admits(to_name, set)
                .map(|wanted| Box::new(wanted.origin.clone())),
            to: (to_name.clone(), to.extra().cloned()),
            to_versions: set.clone(),
        }))
    }

    /// Whether a version of `from` that has been looked at states exactly this requirement.
    fn states(&self, from: &Package, from_set: &VersionSet, to: &Name, set: &VersionSet) -> bool {
        let Some(name) = from.project() else {
            return false;
        };
        let Ok(Some(project)) = self.search.shelf.project(name) else {
            return false;
        };
        crate::release::span(&*project.view, from_set)
            .map(|index| project.view.version(index))
            .filter(|version| {
                from_set.contains(version) && self.search.shelf.known_needs(name, version).is_some()
            })
            .any(|version| {
                let dependencies = match from.extra() {
                    Some(extra) => match self.search.shelf.guarded(name, version, extra) {
                        Ok(Ok(dependencies)) => dependencies,
                        Ok(Err(_)) | Err(_) => Vec::new(),
                    },
                    None => match self.search.shelf.known_needs(name, version).as_deref() {
                        Some(crate::shelf::Needs::Known(_, dependencies)) => dependencies.clone(),
                        Some(_) | None => Vec::new(),
                    },
                };
                dependencies
                    .iter()
                    .any(|dependency| dependency.name == *to && dependency.bound.set == *set)
            })
    }
}

/// Whether a part of the tree concerns a package being at some versions.
fn speaks_of(part: &Tree, package: &Package) -> bool {
    match part {
        Tree::Derived(derived) => matches!(derived.terms.get(package), Some(Term::Positive(_))),
        Tree::External(
            External::FromDependencyOf(other, ..)
            | External::NoVersions(other, _)
            | External::Custom(other, ..),
        ) => other == package,
        Tree::External(External::NotRoot(..)) => false,
    }
}

fn as_fact(wanted: &Wanted) -> Fact {
    Fact::Root {
        requirement: wanted.requirement.to_string(),
        origin: wanted.origin.clone(),
        role: match (&wanted.role, &wanted.replaced) {
            (Role::Constraint, _) => Stated::Constraint,
            (Role::Override, Some((replaced, origin))) => Stated::Override(Box::new(Replaced {
                requirement: replaced.to_string(),
                origin: origin.clone(),
            })),
            (Role::Requirement | Role::Override, _) => Stated::Requirement,
        },
        name: wanted.name.clone(),
        versions: wanted.bound.set.clone(),
    }
}
