//! An OSV API, asked by project or by release: `/v1/querybatch` for ids, `/v1/vulns/{id}` for records.
//!
//! What is hinted at is asked in batches in the background, all at once; whoever needs an answer waits for it. A batch takes one round trip,
//! the records that it names as many as it takes to have them fifty at a time: never one per project. A solver asks by project. An audit knows the versions,
//! and asks by release, which names far fewer records ([`question`]). The two answers are kept apart: what is said of a release holds for
//! no other. A batch that fails is the failure of each of its questions, and a record that cannot be had that of those whose answer names
//! it: nothing that was not answered counts as clean.

mod api;
mod kept;
mod question;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use lockgate_model::{FactError, Name, RecordLookup, ReleaseRecords, Timestamp, Version};
use url::Url;

use self::api::Api;
use self::kept::KeptRecords;
use self::question::{Question, chunks};
use super::FeedError;
use crate::Shared;
use crate::error::FetchError;
use crate::once_map::{Claim, OnceMap, Slot};

/// The records of more questions than this are not waited for at once.
const AT_ONCE: usize = 256;

type Records = Arc<[Vec<u8>]>;
type Answer = Result<Records, FactError>;

/// What a batch names: ids, and when each record was last changed.
type Named = BTreeMap<String, Option<Timestamp>>;

/// The lookup over the API at `base`, called `name`.
pub(super) fn lookup(
    shared: &Arc<Shared>,
    base: &Url,
    name: &str,
) -> Result<Arc<dyn RecordLookup>, FeedError> {
    if shared.options.offline {
        let place = name.to_owned();
        return Err(FeedError::Offline { place });
    }
    let api = Arc::new(Api::new(Arc::clone(shared), base.clone()));
    Ok(Arc::new(Service {
        name: Arc::from(name),
        shared: Arc::clone(shared),
        records: Arc::new(KeptRecords::new(Arc::clone(&api))),
        api,
        answers: OnceMap::new(),
    }))
}

#[derive(Debug, Clone)]
struct Service {
    name: Arc<str>,
    shared: Arc<Shared>,
    api: Arc<Api>,
    records: Arc<KeptRecords>,
    answers: Arc<OnceMap<Question, Answer>>,
}

impl RecordLookup for Service {
    fn records(&self, name: &Name) -> Answer {
        self.answer(&Question::project(name))
    }

    fn hint(&self, names: &[Name]) {
        self.ask(names.iter().map(Question::project).collect());
    }

    fn records_for(&self, name: &Name, version: &Version) -> Result<ReleaseRecords, FactError> {
        let answer = self.answer(&Question::release(name, version));
        answer.map(ReleaseRecords::Known)
    }

    fn hint_pins(&self, pins: &[(Name, Version)]) {
        let questions = pins
            .iter()
            .map(|(name, version)| Question::release(name, version));
        self.ask(questions.collect());
    }

    fn record(&self, id: &str) -> Result<Option<Vec<u8>>, FactError> {
        let record = self.shared.runtime.block_on(self.api.record(id));
        record.map_err(|error| self.unlearned(&error, &format!("the advisory `{id}`")))
    }
}

impl Service {
    /// Waits for an answer, and asks first if nobody has.
    fn answer(&self, question: &Question) -> Answer {
        loop {
            let cell = match self.answers.claim(question.clone()) {
                Claim::Known(answer) => return answer,
                Claim::Pending(cell) => cell,
                Claim::Mine(slot) => {
                    let cell = slot.cell();
                    self.spawn(vec![(question.clone(), slot)]);
                    cell
                }
            };
            if let Some(answer) = cell.wait() {
                return answer;
            }
        }
    }

    /// Asks what was not asked before, in batches.
    fn ask(&self, mut questions: Vec<Question>) {
        questions.sort_unstable();
        questions.dedup();
        let vacant = questions.into_iter().filter_map(|question| {
            match self.answers.claim(question.clone()) {
                Claim::Mine(slot) => Some((question, slot)),
                Claim::Known(_) | Claim::Pending(_) => None,
            }
        });
        for batch in chunks(vacant, |(question, _)| question) {
            self.spawn(batch);
        }
    }

    fn spawn(&self, batch: Vec<(Question, Slot<Question, Answer>)>) {
        let service = self.clone();
        self.shared.runtime.spawn(async move {
            let questions: Vec<&Question> = batch.iter().map(|(question, _)| question).collect();
            match service.learn(&questions).await {
                Ok(answers) => {
                    for ((question, slot), records) in batch.into_iter().zip(answers) {
                        slot.fill(records.map_err(|error| service.about(&error, &question)));
                    }
                }
                Err(error) => {
                    for (question, slot) in batch {
                        slot.fill(Err(service.about(&error, &question)));
                    }
                }
            }
        });
    }

    /// The records about each question, in their order, by id.
    async fn learn(
        &self,
        questions: &[&Question],
    ) -> Result<Vec<Result<Records, FetchError>>, FetchError> {
        let named = self.api.named(questions).await?;
        let questions: Vec<Question> = questions.iter().map(|one| (*one).clone()).collect();
        let named = questions.into_iter().zip(named).enumerate();
        // In any order: a question whose records are long in coming must not keep those behind it from being asked.
        let mut records: Vec<(usize, Result<Records, FetchError>)> =
            futures_util::stream::iter(named)
                .map(|(place, (question, named))| async move {
                    let records = self.records.named(&question, &named).await;
                    let copied = records
                        .map(|records| records.iter().map(|record| record.to_vec()).collect());
                    (place, copied)
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
        records.sort_by_key(|(place, _)| *place);
        Ok(records.into_iter().map(|(_, records)| records).collect())
    }

    fn about(&self, error: &FetchError, question: &Question) -> FactError {
        self.unlearned(error, &format!("the advisories about `{question}`"))
    }

    fn unlearned(&self, error: &FetchError, what: &str) -> FactError {
        error.unlearned(format!("{}: {what}", self.name))
    }
}
