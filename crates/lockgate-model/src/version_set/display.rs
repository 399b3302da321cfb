//! A set of versions as specifiers, for people to read.

use std::fmt;
use std::ops::Bound;

use super::{Place, Spot, VersionSet};
use crate::{Clause, Version};

type Stretch<'s> = (&'s Bound<Place>, &'s Bound<Place>);

impl fmt::Display for VersionSet {
    /// As specifiers, alternatives joined by ` | `; empty text for every version.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("(none)");
        }
        // A stretch with what `!=` clauses take out of it is one alternative.
        let mut alternatives: Vec<(Stretch<'_>, Vec<String>)> = Vec::new();
        for (low, high) in self.0.iter() {
            if let Some(((_, end), holes)) = alternatives.last_mut()
                && let Some(hole) = hole(end, low)
            {
                holes.push(hole);
                *end = high;
            } else {
                alternatives.push(((low, high), Vec::new()));
            }
        }
        for (index, (stretch, holes)) in alternatives.into_iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            let mut clauses = clauses(stretch);
            clauses.extend(holes);
            f.write_str(&clauses.join(","))?;
        }
        Ok(())
    }
}

/// The `!=` clause that takes out what lies between two stretches, if one does.
fn hole(end: &Bound<Place>, start: &Bound<Place>) -> Option<String> {
    let (Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) = (end, start) else {
        return None;
    };
    let is_closed = matches!(start, Bound::Excluded(_)) || high.spot >= Spot::After;
    if low.version == high.version && low.spot < Spot::After && is_closed {
        return Some(format!("!={}", low.version));
    }
    let from = Bound::Included(low.clone());
    let to = match start {
        Bound::Included(high) => Bound::Excluded(high.clone()),
        Bound::Excluded(_) | Bound::Unbounded => return None,
    };
    family((&from, &to)).map(|version| format!("!={version}.*"))
}

/// The clauses that admit a stretch.
fn clauses((low, high): Stretch<'_>) -> Vec<String> {
    match (low, high) {
        (Bound::Included(low), Bound::Included(high)) if low == high => {
            return vec![format!("=={}", low.version)];
        }
        (Bound::Included(low), Bound::Excluded(high))
            if low.version == high.version
                && low.spot < Spot::After
                && high.spot >= Spot::After =>
        {
            return vec![format!("=={}", low.version)];
        }
        _ => {}
    }
    if let Some(version) = family((low, high)) {
        return vec![format!("=={version}.*")];
    }
    let low = match low {
        Bound::Included(place) if place.spot >= Spot::After => Some(format!(">{}", place.version)),
        Bound::Included(place) => Some(format!(">={}", place.version)),
        Bound::Excluded(place) => Some(format!(">{}", place.version)),
        Bound::Unbounded => None,
    };
    let high = match high {
        Bound::Included(place) => Some(format!("<={}", place.version)),
        Bound::Excluded(place) if place.spot >= Spot::After => Some(format!("<={}", place.version)),
        Bound::Excluded(place) => Some(format!("<{}", place.version)),
        Bound::Unbounded => None,
    };
    low.into_iter().chain(high).collect()
}

/// The version whose family, as `.*` means it, is just this stretch.
fn family(stretch: Stretch<'_>) -> Option<Version> {
    let (Bound::Included(low), Bound::Excluded(high)) = stretch else {
        return None;
    };
    if !low.version.is_first_dev() || !high.version.is_first_dev() {
        return None;
    }
    // `1.dev0` and `1.0.dev0` are one place: the other end tells whose family it is.
    let length = high.version.release().len();
    let version = low.version.with_length(length)?.without_dev();
    let clause = Clause {
        operator: "==",
        version,
        wildcard: true,
        verbatim: None,
    };
    let all = VersionSet::from_clause(&clause);
    let is_all = all.0.iter().eq([stretch]);
    is_all.then_some(clause.version)
}

#[cfg(test)]
mod tests {
    use crate::Specifiers;

    #[test]
    fn sets_read_as_one_would_write_them() {
        for (text, shown) in [
            ("", ""),
            (">=1", ">=1"),
            (">=1,<2", ">=1,<2"),
            ("<=1.5", "<=1.5"),
            ("==1.5", "==1.5"),
            ("!=1.5", "!=1.5"),
            ("!=1.5+cpu", "!=1.5+cpu"),
            ("==1.*", "==1.*"),
            ("!=1.*", "!=1.*"),
            ("!=1.0.*", "!=1.0.*"),
            ("!=1.0.*,!=1.1.*", "<1.0.dev0 | >=1.2.dev0"),
            ("!=1.*,!=3.*", "!=1.*,!=3.*"),
            ("!=1!2.*", "!=1!2.*"),
            ("==1.*,!=1.5", "==1.*,!=1.5"),
            (">=1,!=1.5.*,<2", ">=1,<2,!=1.5.*"),
            (">=1.5,==1.*", ">=1.5,<2.dev0"),
            ("<1,>1", "(none)"),
        ] {
            let set = text.parse::<Specifiers>().unwrap().set().clone();
            assert_eq!(set.to_string(), shown, "{text}");
        }
        let set = |text: &str| text.parse::<Specifiers>().unwrap().set().clone();
        for (one, other, shown) in [
            ("<1", ">2", "<1 | >2"),
            ("<1", ">1", "<1 | >1"),
            ("<1.dev0", ">=2.dev0", "!=1.*"),
            ("<1.0.dev0", ">=2.dev0", "!=1.*"),
            ("<1.dev0", ">=1.1.dev0", "!=1.0.*"),
            ("<1.5.dev0", ">=2.dev0", "<1.5.dev0 | >=2.dev0"),
            ("==1", "==2", "==1 | ==2"),
        ] {
            assert_eq!(
                set(one).union(&set(other)).to_string(),
                shown,
                "{one} | {other}"
            );
        }
    }
}
