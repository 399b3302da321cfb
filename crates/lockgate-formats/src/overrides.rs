//! `--override` files: requirements in the grammar of requirement files that take the place of others, and nothing else.

use lockgate_model::{
    BinaryPolicy, Constraint, Files, IndexOptions, Manifest, Origin, ReleaseControl,
    RootRequirement,
};

use crate::error::InputError;
use crate::requirements::{Reader, Role, must_be_repeatable};

/// Reads override files, in order. What they include with `-r` is an override too.
pub fn read_overrides(files: &dyn Files, paths: &[String]) -> Result<Vec<Constraint>, InputError> {
    let mut overrides = Vec::new();
    for path in paths {
        let mut manifest = Manifest::default();
        Reader::new(files, &mut manifest).read(path, Role::Requirements)?;
        only_requirements(&manifest, path)?;
        must_be_repeatable(&manifest)?;
        for root in manifest.requirements {
            overrides.push(as_override(root)?);
        }
    }
    Ok(overrides)
}

fn as_override(root: RootRequirement) -> Result<Constraint, InputError> {
    if root.editable || !root.config_settings.is_empty() {
        let what = format!(
            "`{}`: an override cannot be editable nor have settings for a build",
            root.requirement
        );
        return Err(at(&root.origin, what).remedy("write the requirement alone"));
    }
    let file = &root.origin.file;
    Ok(Constraint {
        requirement: root.requirement,
        origin: Origin {
            via: format!("--override {file}"),
            ..root.origin
        },
        hashes: root.hashes,
    })
}

/// Options that would be passed over are refused.
fn only_requirements(manifest: &Manifest, path: &str) -> Result<(), InputError> {
    if let Some(unnamed) = manifest.unnamed.first() {
        let what = format!(
            "`{}`: an override must say which project it is about",
            unnamed.reference
        );
        return Err(at(&unnamed.origin, what).remedy("write `NAME @ ADDRESS`"));
    }
    let constraint = manifest
        .constraints
        .first()
        .map(|constraint| &constraint.origin);
    let index = &manifest.index;
    let lists = [
        &index.extra_index_urls,
        &index.find_links,
        &index.trusted_hosts,
    ];
    let option = index
        .index_url
        .iter()
        .chain(lists.into_iter().flatten())
        .map(|(_, origin)| origin)
        .chain(constraint)
        .next();
    let has_more = index != &IndexOptions::default()
        || manifest.pre
        || manifest.prefer_binary
        || manifest.require_hashes
        || manifest.binary != BinaryPolicy::default()
        || manifest.releases != ReleaseControl::default();
    if option.is_none() && !has_more {
        return Ok(());
    }
    let what = "an override file holds requirements, and neither constraints nor options";
    let error = match option {
        Some(origin) => at(origin, what.to_owned()),
        None => InputError::new(path, what),
    };
    Err(error.remedy("move them to a source or to the command line"))
}

fn at(origin: &Origin, message: String) -> InputError {
    let error = InputError::new(&origin.file, message);
    match origin.line {
        Some(line) => error.at(line),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Texts;

    fn read(files: &Texts) -> Result<Vec<Constraint>, InputError> {
        read_overrides(files, &["overrides.txt".to_owned()])
    }

    #[test]
    fn overrides_know_their_place_also_when_included() {
        let files = Texts::default()
            .with(
                "overrides.txt",
                "# ours\nWerkzeug[x]==2.3 ; python_version < '3.12'\n-r more.txt\n",
            )
            .with("more.txt", "click<8\n");
        let read = read(&files).unwrap();
        let shown: Vec<String> = read
            .iter()
            .map(|one| format!("{} {} {}", one.requirement, one.origin, one.origin.via))
            .collect();
        assert_eq!(
            shown,
            [
                "werkzeug[x]==2.3 ; python_full_version < '3.12' overrides.txt:2 --override overrides.txt",
                "click<8 more.txt:1 --override more.txt",
            ]
        );
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_its_line() {
        for (text, place) in [
            ("a\n-c more.txt\n", "more.txt:1"),
            (
                "a\n--extra-index-url https://host.test/simple\n",
                "overrides.txt:2",
            ),
            ("a\n--pre\n", "overrides.txt"),
            ("a\n--only-binary :all:\n", "overrides.txt"),
        ] {
            let files = Texts::default()
                .with("overrides.txt", text)
                .with("more.txt", "b<2\n");
            let error = read(&files).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{place}: ")) && error.contains("holds requirements"),
                "{text}: {error}"
            );
        }
        let missing = read(&Texts::default()).unwrap_err().to_string();
        assert!(missing.contains("overrides.txt"), "{missing}");
    }
}
