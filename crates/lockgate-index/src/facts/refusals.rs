//! Refusals that the caller takes for "not there": which ones, how they are kept, and that they come from an index that answers.

use futures_util::future::join_all;
use lockgate_model::{FactError, Name};
use url::Url;

use super::answers::{Refusal, Standing};
use super::sources::{Page, Sources, condense};
use crate::error::FetchError;
use crate::http::{self, Get, Got};
use crate::redact::redact_url;
use crate::transport::Response;

impl Sources {
    /// Whether an answer with this status counts as one that the index does not have the package.
    pub(super) fn ignores(&self, index: &Url, status: u16) -> bool {
        let statuses = self.ignored_statuses.get(index);
        statuses.is_some_and(|statuses| statuses.contains(&status))
    }

    /// The refusal of a page that an earlier run took for an absence, unless the page was read since.
    pub(super) fn stored_refusal(&self, index: &Url, get: &Get) -> Option<Refusal> {
        let store = &self.shared.store;
        let statuses = self.ignored_statuses.get(index)?.iter();
        let kept = statuses.filter_map(|status| {
            let entry = store.read(get.bucket, &refusal_key(&get.key, *status))?;
            Some((entry.fetched, *status))
        });
        let (refused, status) = kept.max()?;
        let page = store.read(get.bucket, &get.key);
        let is_newest = page.is_none_or(|page| page.fetched < refused);
        is_newest.then_some(Refusal {
            status,
            login: None,
        })
    }

    /// Sees to it that refusals which were taken for absences come from indexes that answer: for another name, now, with the login in use.
    pub(super) async fn confirm_absences(&self) -> Result<(), FactError> {
        for index in &self.indexes {
            self.confirm(index).await?;
        }
        Ok(())
    }

    async fn confirm(&self, index: &Url) -> Result<(), FactError> {
        if let Standing::Nothing = self.answers.standing(index) {
            let names = self.witnesses.iter();
            join_all(names.map(|name| self.fetch_page(index, name))).await;
        }
        let refusals = self.answers.refusals(index);
        match self.answers.standing(index) {
            Standing::Confirmed => return Ok(()),
            Standing::Nothing => return Err(self.answers.all_refused(index)),
            Standing::Has(name) if !self.shared.options.offline => {
                self.ask_again(index, &name).await?;
            }
            Standing::Has(_) => {}
        }
        self.answers.confirm(index, refusals);
        Ok(())
    }

    /// Asks an index for a page that it had: kept ones do not show that the login still holds.
    async fn ask_again(&self, index: &Url, name: &Name) -> Result<(), FactError> {
        let Some(get) = self.page(index, name) else {
            return Ok(());
        };
        let get = Get {
            refresh: true,
            ..get
        };
        let url = redact_url(get.url.as_str());
        let (store, transport) = (&self.shared.store, &self.shared.transport);
        let condense = |response: &Response| condense(name, response);
        let error = match http::get_cached(store, transport, get, condense).await {
            Ok(Got::Present(_)) => return Ok(()),
            Ok(Got::Absent) => FetchError::NotFound { url },
            Err(error) => error,
        };
        let shown = redact_url(index.as_str());
        Err(error.unlearned(format!(
            "whether `{shown}` lacks the packages that it refused (it had `{name}` before)"
        )))
    }

    /// Puts an error in place of each absence that is a refusal of an index that cannot be shown to answer.
    pub(super) async fn withdraw_unconfirmed(
        &self,
        found: &mut [(Name, Vec<Result<Page, FactError>>)],
    ) {
        for (place, index) in self.indexes.iter().enumerate() {
            let Err(error) = self.confirm(index).await else {
                continue;
            };
            for (name, pages) in found.iter_mut() {
                if self.answers.is_refused(index, name)
                    && let Some(page) = pages.get_mut(place)
                {
                    *page = Err(error.clone());
                }
            }
        }
    }
}

/// What the refusal of a page is kept under: apart from the page, so that it counts only where the caller says so.
pub(super) fn refusal_key(page: &str, status: u16) -> String {
    format!("{page} refused with {status}")
}
