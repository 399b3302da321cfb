//! The key that says which folders may have a policy of their own.

use std::path::{Component, Path};

use toml::Spanned;

use super::Set;
use super::parser::Parser;
use crate::error::InputError;

impl Parser<'_> {
    /// The folders of `delegate`: each below that of the policy.
    pub(super) fn delegated(
        &self,
        texts: &[Spanned<String>],
    ) -> Result<Vec<Set<String>>, InputError> {
        let read = texts.iter().map(|text| {
            let written = text.get_ref();
            let mut depth = 0;
            for part in Path::new(written).components() {
                match part {
                    Component::CurDir => {}
                    Component::Normal(_) => depth += 1,
                    _ => {
                        depth = 0;
                        break;
                    }
                }
            }
            if depth == 0 {
                let error = self.error(
                    text,
                    format!("`delegate`: `{written}` is not a folder below that of the policy"),
                );
                return Err(error.remedy("write a relative path without `..`: `services/legacy`"));
            }
            Ok(self.set(text, written.clone()))
        });
        read.collect()
    }
}
