//! What is asked of an OSV API: a project, or a release in every spelling that a record may list it by.
//!
//! A service compares versions as the ecosystem does, or letter by letter where a record lists them without a range. A release is therefore
//! asked for in its normal form, without a local part (a local version is affected where its public one is), and with fewer and more zeros
//! at the end: `1.0` also as `1` and `1.0.0`. What is answered too much does no harm: the gate compares again.

use std::fmt;

use lockgate_model::{Name, Version};

use super::api::MOST_QUERIES;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Question {
    pub(super) name: Name,
    /// None: about all versions.
    version: Option<Version>,
}

impl Question {
    pub(super) fn project(name: &Name) -> Self {
        Self {
            name: name.clone(),
            version: None,
        }
    }

    pub(super) fn release(name: &Name, version: &Version) -> Self {
        Self {
            name: name.clone(),
            version: Some(version.clone()),
        }
    }

    /// The versions to ask about, each a query; none: one query without a version.
    pub(super) fn spellings(&self) -> Vec<Option<String>> {
        let Some(version) = &self.version else {
            return vec![None];
        };
        let public = version.clone().without_local();
        let length = public.release().len();
        let short = (1..=length).find_map(|length| public.with_length(length));
        let long = public.with_length(length.max(3));
        let mut spellings: Vec<Option<String>> = Vec::new();
        let others = [short, long].into_iter().flatten();
        for version in [version.clone(), public].into_iter().chain(others) {
            let spelling = Some(version.to_string());
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
        spellings
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}=={version}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// Cuts what is to be asked into batches of no more queries than a service takes. No question is cut in two.
pub(super) fn chunks<T>(
    all: impl Iterator<Item = T>,
    question: impl Fn(&T) -> &Question,
) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for one in all {
        let queries = question(&one).spellings().len();
        if let Some(batch) = batches.last_mut().filter(|_| queries <= room) {
            batch.push(one);
            room -= queries;
        } else {
            batches.push(vec![one]);
            room = MOST_QUERIES.saturating_sub(queries);
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_asked_for_in_every_spelling_that_a_record_may_list() {
        for (version, spellings) in [
            ("1.2.3", "1.2.3"),
            ("1.0", "1.0 1 1.0.0"),
            ("1", "1 1.0.0"),
            ("1.2.0", "1.2.0 1.2"),
            ("1.2", "1.2 1.2.0"),
            ("0.0", "0.0 0 0.0.0"),
            ("1.2.3.0", "1.2.3.0 1.2.3"),
            ("2.1.2+cpu", "2.1.2+cpu 2.1.2"),
            ("2.1+cpu", "2.1+cpu 2.1 2.1.0"),
            ("1!2.0.0rc1", "1!2.0.0rc1 1!2rc1"),
            ("1.0.dev2", "1.0.dev2 1.dev2 1.0.0.dev2"),
        ] {
            let question = Question::release(&"a".parse().unwrap(), &version.parse().unwrap());
            let asked: Vec<String> = question.spellings().into_iter().flatten().collect();
            assert_eq!(asked.join(" "), spellings, "{version}");
        }
        let project = Question::project(&"a".parse().unwrap());
        assert_eq!(project.spellings(), [None]);
    }

    #[test]
    fn batches_hold_no_more_queries_than_a_service_takes() {
        let questions: Vec<Question> = (0..700)
            .map(|n| {
                let version = if n % 2 == 0 { "1.2.3" } else { "1.2" };
                let name = format!("p{n}").parse().unwrap();
                Question::release(&name, &version.parse().unwrap())
            })
            .collect();
        let sizes: Vec<usize> = chunks(questions.iter(), |question| question)
            .iter()
            .map(|batch| batch.iter().map(|one| one.spellings().len()).sum())
            .collect();
        assert_eq!(sizes.iter().sum::<usize>(), 1050);
        assert_eq!(sizes.len(), 2);
        assert!(sizes.iter().all(|size| *size <= MOST_QUERIES), "{sizes:?}");
    }
}
