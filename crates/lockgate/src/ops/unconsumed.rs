//! What the sources may say and nothing acts upon yet: refused, so that it is not passed over.

use lockgate_model::{Manifest, Origin, Releases, Source};

use crate::failure::Failure;

/// Refuses a manifest that asks for what nothing does. Each line goes when what it names is done.
pub(crate) fn refuse(manifest: &Manifest) -> Result<(), Failure> {
    let first = |given: &[(String, Origin)]| given.first().map(|(_, origin)| origin.clone());
    let of_url = manifest
        .requirements
        .iter()
        .find_map(|root| match root.requirement.source {
            Source::Url(_) => Some(root.origin.clone()),
            Source::Index(_) => None,
        });
    let constrained =
        manifest
            .constraints
            .iter()
            .find_map(|constraint| match constraint.requirement.source {
                Source::Url(_) => Some(constraint.origin.clone()),
                Source::Index(_) => None,
            });
    let nowhere = || Origin {
        file: "a requirement file".to_owned(),
        line: None,
        via: String::new(),
    };
    let names = |wanted: bool| wanted.then(nowhere);
    let controls = manifest.releases.all.is_some()
        || manifest
            .releases
            .packages
            .values()
            .any(|releases| matches!(releases, Releases::All | Releases::Final));
    let refused = [
        ("a direct reference", of_url),
        (
            "a direct reference without a name",
            manifest
                .unnamed
                .first()
                .map(|unnamed| unnamed.origin.clone()),
        ),
        ("a constraint on an address", constrained),
        ("`--no-index`", names(manifest.index.no_index)),
        ("`--find-links`", first(&manifest.index.find_links)),
        ("`--trusted-host`", first(&manifest.index.trusted_hosts)),
        ("`--prefer-binary`", names(manifest.prefer_binary)),
        ("`--all-releases` or `--only-final`", names(controls)),
    ];
    match refused
        .into_iter()
        .find_map(|(what, origin)| Some((what, origin?)))
    {
        None => Ok(()),
        Some((what, origin)) => Err(Failure::new(format!("{origin}: {what} is not supported"))
            .remedy("remove it; require released versions from an index")),
    }
}
