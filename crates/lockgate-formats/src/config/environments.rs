//! The keys that say which environments a universal lock is for.

use lockgate_model::Marker;
use toml::Spanned;

use super::Set;
use super::parser::Parser;
use crate::error::InputError;

impl Parser<'_> {
    /// The markers at `key`: each a condition on environments alone, and no two of them for one environment.
    pub(super) fn environments(
        &self,
        key: &str,
        texts: &[Spanned<String>],
    ) -> Result<Vec<Set<Marker>>, InputError> {
        let mut markers: Vec<Set<Marker>> = Vec::new();
        for text in texts {
            let written = text.get_ref();
            let marker = Marker::parse(written)
                .map_err(|error| self.error(text, format!("`{key}`: `{written}`: {error}")))?;
            if marker.with_extras(&[]) != marker {
                return Err(self.error(
                    text,
                    format!(
                        "`{key}`: `{written}` names an extra, which is no part of an environment"
                    ),
                ));
            }
            if marker.is_never() {
                return Err(self.error(text, format!("`{key}`: `{written}` holds nowhere")));
            }
            if key == "environments"
                && let Some(other) =
                    (markers.iter()).find(|other| !other.value.is_disjoint(&marker))
            {
                return Err(self.error(
                    text,
                    format!(
                        "`{key}`: `{written}` overlaps `{}`, and each environment must be one of them only",
                        other.value.to_text().unwrap_or_default()
                    ),
                ));
            }
            markers.push(self.set(text, marker));
        }
        Ok(markers)
    }
}
