//! The telling of one tree: each of its parts once, causes before what follows from them.

use std::collections::HashMap;
use std::sync::Arc;

use lockgate_model::{
    Exclusion, Fact, FactError, Marker, Name, Proof, Replaced, Stated, Statement, VersionSet,
};
use pubgrub::{Derived, External, Term};

use super::merge::merge;
use crate::package::{Package, Set};
use crate::provider::Unavailable;
use crate::search::{Search, Tree, as_dead_end};
use crate::shelf::Needs;
use crate::sources::{Role, Sources, Wanted};

/// What a tree is told with.
pub(super) struct Teller<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) sources: &'a Sources,
}

/// A part of the tree that has been told; none if it only spoke of devices.
type Told = Option<Arc<Proof>>;

impl Teller<'_> {
    pub(super) fn tell(&self, tree: &Tree) -> Result<Proof, FactError> {
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
                Tree::External(external) => self.external(external)?.map(Arc::new),
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
                    let left = left.filter(|_| !self.is_gap(causes[0], causes[1], derived));
                    let right = right.filter(|_| !self.is_gap(causes[1], causes[0], derived));
                    let (left, right) = (
                        self.widened(left.clone(), right.as_deref())?,
                        self.widened(right, left.as_deref())?,
                    );
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

    /// Whether `part` only says that nothing exists between versions that `other` or what follows speaks of: trimmed sets say that
    /// already.
    fn is_gap(
        &self,
        part: &Tree,
        other: &Tree,
        derived: &Derived<Package, Set, Unavailable>,
    ) -> bool {
        let Tree::External(external) = part else {
            return false;
        };
        let Some((package, set)) = as_dead_end(external) else {
            return false;
        };
        let Some(name) = package.project() else {
            return false;
        };
        if self.exists(name, &set.0) {
            return false;
        }
        let is_left = match derived.terms.get(package) {
            Some(Term::Negative(left)) => self.exists(name, &left.0),
            Some(Term::Positive(_)) | None => false,
        };
        is_left || speaks_of(other, package)
    }

    /// Whether the project is on an index and has a version in `set`.
    fn exists(&self, name: &Name, set: &VersionSet) -> bool {
        match self.search.shelf.project(name) {
            Ok(Some(project)) => crate::release::span(&*project.view, set)
                .any(|index| set.contains(project.view.version(index))),
            // Of what is not there, nothing is a gap between others.
            Ok(None) | Err(_) => true,
        }
    }

    /// A fact that versions cannot be chosen, said of all that `other` asks for, where no others of those exist.
    fn widened(&self, fact: Told, other: Option<&Proof>) -> Result<Told, FactError> {
        let Some(Proof::Fact(Fact::NoVersion {
            name,
            versions,
            excluded,
            ..
        })) = fact.as_deref()
        else {
            return Ok(fact);
        };
        let Some(asked) = other.and_then(|other| asked(other, name)) else {
            return Ok(fact);
        };
        let rest = asked.intersection(&versions.complement());
        if rest.is_empty() || self.exists(name, &rest) {
            return Ok(fact);
        }
        let widened = self.none_of(name, asked, excluded.clone())?;
        Ok(Some(Arc::new(Proof::Fact(widened))))
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
            && let Some(fact) = merge(one, other).or_else(|| (one == other).then(|| one.clone()))
        {
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
                marker,
                overridden,
            } => Fact::Requires {
                from_versions: self.trim(&from.0, &from_versions)?,
                from,
                to,
                to_versions,
                marker,
                overridden,
            },
            Fact::NoVersion {
                name,
                versions,
                excluded,
                ..
            } => self.none_of(&name, &versions, excluded)?,
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
        if !view.is_empty() && (0..view.len()).all(|index| set.contains(view.version(index))) {
            return Ok(VersionSet::full());
        }
        Ok(set.simplified((0..view.len()).rev().map(|index| view.version(index))))
    }

    fn external(
        &self,
        external: &External<Package, Set, Unavailable>,
    ) -> Result<Option<Proof>, FactError> {
        Ok(match external {
            External::NotRoot(..) | External::FromDependencyOf(Package::Extra(..), ..) => None,
            External::NoVersions(package, set) => match package.project() {
                Some(name) => Some(Proof::Fact(self.no_version(name, &set.0)?)),
                None => None,
            },
            External::Custom(package, set, Unavailable(why)) => package.project().map(|name| {
                let versions = set.0.as_single().cloned().into_iter().collect();
                Proof::Fact(Fact::NoVersion {
                    name: name.clone(),
                    versions: set.0.clone(),
                    excluded: vec![Exclusion {
                        versions,
                        why: why.clone(),
                    }],
                    nearest: Vec::new(),
                })
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
        let excluded = self.search.chooser().exclusions(name, range)?;
        self.none_of(name, range, excluded)
    }

    /// That no version of `set` can be chosen, as `excluded` says; where none exists, which versions are next to it.
    fn none_of(
        &self,
        name: &Name,
        set: &VersionSet,
        excluded: Vec<Exclusion>,
    ) -> Result<Fact, FactError> {
        let mut nearest = Vec::new();
        let mut versions = set.clone();
        if excluded.is_empty() {
            if let Some(project) = self.search.shelf.project(name)? {
                let view = &*project.view;
                let span = crate::release::span(view, set);
                let next = [Some(span.end), span.start.checked_sub(1)];
                nearest = next
                    .into_iter()
                    .flatten()
                    .filter(|index| *index < view.len())
                    .map(|index| view.version(index).clone())
                    .collect();
            }
        } else {
            versions = self.trim(name, set)?;
        }
        Ok(Fact::NoVersion {
            name: name.clone(),
            versions,
            excluded,
            nearest,
        })
    }

    fn root(&self, to: &Package, set: &VersionSet) -> Option<Proof> {
        let name = to.project()?;
        let asks = |wanted: &&Wanted| {
            wanted.name == *name && (to.extra()).is_none_or(|extra| wanted.extras.contains(extra))
        };
        let mut asking = self.sources.requirements.iter().filter(asks);
        if let Some(wanted) = asking.clone().find(|wanted| wanted.bound.set == *set) {
            return Some(Proof::Fact(as_fact(wanted)));
        }
        let constraint = self.constraint(name, set)?;
        let wanted = asking.next()?;
        Some(restricted(as_fact(wanted), constraint))
    }

    fn requires(
        &self,
        from: &Package,
        from_set: &VersionSet,
        to: &Package,
        set: &VersionSet,
    ) -> Result<Option<Proof>, FactError> {
        let (Some(from_name), Some(to_name)) = (from.project(), to.project()) else {
            return Ok(None);
        };
        let requires = |set: &VersionSet| {
            Ok(Fact::Requires {
                from: (from_name.clone(), from.extra().cloned()),
                from_versions: self.trim(from_name, from_set)?,
                marker: self.marker(from, from_set, to_name, set),
                overridden: self
                    .sources
                    .changes
                    .that_admits(to_name, set)
                    .map(|wanted| Box::new(wanted.origin.clone())),
                to: (to_name.clone(), to.extra().cloned()),
                to_versions: set.clone(),
            })
        };
        if from_name == to_name {
            // What a version asks of itself is asked at that version, whatever it says of others.
            return Ok(Some(Proof::Fact(requires(&VersionSet::full())?)));
        }
        let stated = self.stated(from, from_set, to_name);
        // A constraint holds wherever its project is asked for, and stands in the tree as if it were asked for there.
        if to.extra().is_none()
            && !stated.contains(set)
            && let Some(constraint) = self.constraint(to_name, set)
        {
            let mut sets = stated.into_iter();
            let asked = match (sets.next(), sets.next()) {
                (Some(only), None) => only,
                _ => VersionSet::full(),
            };
            return Ok(Some(restricted(requires(&asked)?, constraint)));
        }
        Ok(Some(Proof::Fact(requires(set)?)))
    }

    /// The constraint on a project that admits exactly these versions.
    fn constraint(&self, name: &Name, set: &VersionSet) -> Option<Fact> {
        let mut constraints = self.sources.constraints_on(name);
        constraints
            .find(|constraint| constraint.bound.set == *set)
            .map(as_fact)
    }

    /// The marker of this requirement, if every version of `from` that has been looked at states it under the same one.
    fn marker(
        &self,
        from: &Package,
        from_set: &VersionSet,
        to: &Name,
        set: &VersionSet,
    ) -> Option<String> {
        let name = from.project()?;
        let project = self.search.shelf.known_project(name)?;
        let extras: Vec<Name> = from.extra().cloned().into_iter().collect();
        let mut same: Option<Marker> = None;
        for index in crate::release::span(&*project.view, from_set) {
            let version = project.view.version(index);
            let Some(needs) = self.search.shelf.known_needs(name, version) else {
                continue;
            };
            let Needs::Known(metadata, _) = &*needs else {
                continue;
            };
            if !from_set.contains(version) {
                continue;
            }
            let region = &self.search.shelf.region;
            let mut stated = metadata.requirements.iter();
            let stated = stated.find(|requirement| {
                requirement.name == *to
                    && (requirement.specifiers()).is_some_and(|bound| bound.set() == set)
                    && region.admits(&requirement.marker, &extras)
            })?;
            let marker = stated.marker.given(&extras);
            if same.as_ref().is_some_and(|known| *known != marker) {
                return None;
            }
            same = Some(marker);
        }
        same?.to_text()
    }

    /// The sets of versions of `to` that the versions of `from` ask for which have been looked at, each once.
    fn stated(&self, from: &Package, from_set: &VersionSet, to: &Name) -> Vec<VersionSet> {
        let mut stated = Vec::new();
        let Some(name) = from.project() else {
            return stated;
        };
        let Some(project) = self.search.shelf.known_project(name) else {
            return stated;
        };
        for index in crate::release::span(&*project.view, from_set) {
            let version = project.view.version(index);
            let Some(needs) = self.search.shelf.known_needs(name, version) else {
                continue;
            };
            if !from_set.contains(version) {
                continue;
            }
            let dependencies = match (from.extra(), &*needs) {
                (Some(extra), _) => match self.search.shelf.guarded(name, version, extra) {
                    Ok(Ok(dependencies)) => dependencies,
                    Ok(Err(_)) | Err(_) => Vec::new(),
                },
                (None, Needs::Known(_, dependencies)) => dependencies.clone(),
                (None, Needs::Unusable(_)) => Vec::new(),
            };
            for dependency in dependencies {
                if dependency.name == *to && !stated.contains(&dependency.bound.set) {
                    stated.push(dependency.bound.set);
                }
            }
        }
        stated
    }
}

/// What follows from asking for a project and from a constraint on it.
fn restricted(asking: Fact, constraint: Fact) -> Proof {
    let mut conclusion = Vec::new();
    if let Fact::Requires {
        from,
        from_versions,
        ..
    } = &asking
    {
        conclusion.push(Statement {
            name: Some(from.0.clone()),
            extra: from.1.clone(),
            versions: from_versions.clone(),
            is_in: true,
        });
    }
    if let Fact::Root { name, versions, .. } = &constraint {
        conclusion.push(Statement {
            name: Some(name.clone()),
            extra: None,
            versions: versions.clone(),
            is_in: false,
        });
    }
    Proof::Derived {
        conclusion,
        left: Arc::new(Proof::Fact(asking)),
        right: Arc::new(Proof::Fact(constraint)),
        shared: None,
    }
}

/// The versions of a project that a proof ends in asking for.
fn asked<'p>(proof: &'p Proof, name: &Name) -> Option<&'p VersionSet> {
    match proof {
        Proof::Fact(
            Fact::Root {
                name: other,
                versions,
                ..
            }
            | Fact::Requires {
                to: (other, _),
                to_versions: versions,
                ..
            },
        ) => (other == name).then_some(versions),
        Proof::Fact(Fact::NoVersion { .. } | Fact::Absent { .. }) => None,
        Proof::Derived { conclusion, .. } => conclusion
            .iter()
            .find(|statement| statement.name.as_ref() == Some(name) && !statement.is_in)
            .map(|statement| &statement.versions),
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
