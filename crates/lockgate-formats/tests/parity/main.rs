//! Requirement files mean here what they mean to pip: its own parser and ours read one corpus, and files made at random.
//!
//! Where lockgate differs by choice is listed in docs/pip-parity.md and in `differences.rs`; any other difference fails. Which pip is
//! asked: that of `LOCKGATE_PARITY_PYTHON`, else of `python3`. How many random files: `LOCKGATE_PARITY_FILES`, and from which seed on:
//! `LOCKGATE_PARITY_SEED`.

#![expect(clippy::unwrap_used, reason = "what is missing ends a test")]

mod differences;
mod environments;
mod generate;
mod oracle;
mod ours;
mod told;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::differences::Case;
use crate::oracle::About;

/// The environment variables that both readers see.
pub(crate) fn variables(root: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("LOCKGATE_ROOT", root.to_str().unwrap().to_owned()),
        ("LOCKGATE_TOKEN", "s3cret".to_owned()),
        ("LOCKGATE_NAME", "Django".to_owned()),
        ("LOCKGATE_EMPTY", String::new()),
        ("LOCKGATE_NESTED", "${LOCKGATE_NAME}".to_owned()),
    ]
}

/// How a comparison ended.
#[derive(Default)]
struct Tally {
    files: usize,
    refused: usize,
    directives: usize,
    /// Files by chosen difference.
    chosen: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

fn compare(root: &Path, files: &[String]) -> (About, Tally) {
    let environments = environments::ours();
    let (about, pip) = oracle::read(root, files);
    let mut tally = Tally::default();
    for (file, pip) in files.iter().zip(&pip) {
        let ours = ours::read(root, file, &environments);
        tally.files += 1;
        tally.refused += usize::from(pip.error.is_some());
        tally.directives += pip.directives();
        let found = pip.differences(&ours);
        if found.is_empty() {
            continue;
        }
        let text = text_of(root, file);
        let case = Case {
            text: &text,
            pip,
            ours: &ours,
            about: &about,
        };
        match differences::chosen(&case) {
            Some(class) => *tally.chosen.entry(class).or_default() += 1,
            None => tally
                .unexplained
                .push(format!("{file}:\n{text}\n  {}", found.join("\n  "))),
        }
    }
    (about, tally)
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a run by hand is for"
)]
fn report(what: &str, about: &About, tally: &Tally) {
    println!(
        "{what}: pip {}, {} files, {} of them refused by pip, {} directives, {} unexplained differences, chosen ones {:?}",
        about.pip,
        tally.files,
        tally.refused,
        tally.directives,
        tally.unexplained.len(),
        tally.chosen
    );
    assert!(
        tally.unexplained.is_empty(),
        "{} differences that nobody chose, of pip {}; the first:\n{}",
        tally.unexplained.len(),
        about.pip,
        tally
            .unexplained
            .iter()
            .take(150)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[expect(clippy::disallowed_methods, reason = "the corpus is on the disk")]
fn text_of(root: &Path, file: &str) -> String {
    String::from_utf8_lossy(&fs::read(root.join(file)).unwrap()).into_owned()
}

/// The folder of the corpus, through no symbolic link.
fn corpus() -> PathBuf {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/requirements/corpus"
    );
    fs::canonicalize(folder).unwrap()
}

/// The files of the corpus; those in a folder whose name begins with `_`, and in `web`, are only included.
fn cases(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_case_folder = !name.starts_with('_') && !["web", "projects"].contains(&name);
        if path.is_dir() && is_case_folder {
            cases(root, &path, found);
        } else if path.is_file()
            && matches!(
                path.extension().and_then(|e| e.to_str()),
                Some("txt" | "in")
            )
        {
            found.insert(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}

#[test]
fn the_corpus_means_what_it_means_to_pip() {
    let root = corpus();
    let mut found = BTreeSet::new();
    cases(&root, &root, &mut found);
    let files: Vec<String> = found.into_iter().collect();
    assert!(files.len() >= 150, "{} files", files.len());
    let (about, tally) = compare(&root, &files);
    report("corpus", &about, &tally);
    if !about.is_before(26, 3) {
        let met: BTreeSet<&str> = tally.chosen.into_keys().collect();
        let all: BTreeSet<&str> = differences::of_today().collect();
        assert_eq!(met, all, "each choice has its file, and each is needed");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the document is on the disk")]
fn each_choice_is_told_in_the_document() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pip-parity.md");
    let document = fs::read_to_string(document).unwrap();
    for choice in differences::CHOICES {
        let row = format!("\n| {} |", choice.name);
        assert!(document.contains(&row), "{} has no row", choice.name);
    }
}

#[test]
fn random_files_mean_what_they_mean_to_pip() {
    #[expect(clippy::disallowed_methods, reason = "how many is the tester's choice")]
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap())
    };
    let (files, seed) = (
        number("LOCKGATE_PARITY_FILES", 400),
        number("LOCKGATE_PARITY_SEED", 1),
    );
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let names = generate::write(&root, seed, files);
    let (about, tally) = compare(&root, &names);
    report("random", &about, &tally);
    // A generator whose files are all refused would compare nothing. Older pips refuse more: newer options, a last comma.
    assert!(
        tally.refused * 4 < tally.files * 3,
        "{} of {} refused",
        tally.refused,
        tally.files
    );
}
