//! Gaps of an audit that the policy or an option accepts.

use std::sync::atomic::Ordering;

use lockgate_model::{AcceptedGap, Gap, Remark, RemarkCode};

use super::AdvisoryGate;

impl AdvisoryGate {
    /// Marks a gap as accepted where an entry in force speaks of it.
    pub fn accept(&self, gap: &mut Gap) {
        for (entry, used) in self.policy.gaps.iter().zip(&self.used_gaps) {
            if entry.has_expired(self.today) || !entry.speaks_of(gap) {
                continue;
            }
            used.store(true, Ordering::Relaxed);
            gap.accepted.get_or_insert_with(|| AcceptedGap {
                reason: entry.reason.clone(),
                expires: entry.expires.map(|date| date.to_string()),
                origin: entry.origin.clone(),
            });
        }
    }

    /// Remarks on entries that have expired or accept nothing. To be asked once all gaps are known.
    pub fn acceptance_remarks(&self) -> Vec<Remark> {
        let entries = self.policy.gaps.iter().zip(&self.used_gaps);
        let remarks = entries.filter_map(|(entry, used)| {
            let of = entry
                .package
                .as_ref()
                .map_or_else(String::new, |package| format!(" of `{package}`"));
            let code = entry.code.as_str();
            let place = format!(
                "the `[[allow-incomplete]]` entry for `{code}`{of} ({})",
                entry.origin
            );
            let expired = entry.expires.filter(|_| entry.has_expired(self.today));
            let (code, text) = match expired {
                Some(date) => (
                    RemarkCode::ExpiredAcceptance,
                    format!("{place} expired after {date}; the gap counts again"),
                ),
                None if used.load(Ordering::Relaxed) || !entry.must_match => return None,
                None => (
                    RemarkCode::UnmatchedAcceptance,
                    format!("{place} matches nothing; remove it if it is no longer needed"),
                ),
            };
            Some(Remark {
                code,
                text,
                origin: Some(entry.origin.clone()),
            })
        });
        remarks.collect()
    }
}
