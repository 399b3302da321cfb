//! The command in a lock's header: recorded, written into a lock, and read back.

use lockgate_formats::command::{Word, redacted_command, with_scopes, words_of};
use lockgate_formats::lock::{self, AuditLine, Evidence, Header};
use lockgate_model::text::{shown as cleaned, without_commands};
use lockgate_model::{LockedGraph, Name, Scope};

use crate::locks::written;
use crate::texts::parts;

/// Some options of each kind. Which options there are is the binary's to know.
fn known(name: &str) -> Word {
    Word {
        takes_value: matches!(
            name,
            "-o" | "-i" | "-c" | "-f" | "-P" | "--extra" | "--group" | "--index-url" | "--python"
        ),
        is_idle: matches!(name, "--idle"),
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // As a shell splits it, and as a system hands over words of any kind.
    recorded(&words_of(&text).unwrap_or_default());
    let words = parts(bytes, usize::MAX).into_iter();
    recorded(
        &words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect::<Vec<_>>(),
    );
    let _ = Evidence::parse(&text);
    let _ = lock::read(&format!("#\n# audit: {text}\n"), "requirements.txt");
}

fn recorded(words: &[String]) {
    let shown = redacted_command(words, known);
    let read = words_of(&shown).unwrap_or_else(|| panic!("`{shown}` has an open quote"));
    // Of letters in one word an address may follow the last; without its credentials they can be read as others.
    let is_clear =
        |word: &String| word.starts_with("--") || !word.starts_with('-') || !word.contains('@');
    if read.iter().all(is_clear) {
        assert_eq!(
            redacted_command(&read, known),
            shown,
            "recorded another way the second time"
        );
    }
    let scopes = ["dev", "test"].map(|name| Scope::Group(name.parse::<Name>().expect("a name")));
    let _ = with_scopes(words, &scopes.into(), known);
    // A line break would end the header's line; a command with one is not recorded by the words.
    let header = Header {
        python: "3.11".to_owned(),
        is_universal: false,
        command: shown.clone(),
        audit: AuditLine::Off,
        index_answers: Vec::new(),
    };
    let text = lock::render(&LockedGraph::default(), &header, &written());
    let lock = lock::read(&text, "requirements.txt")
        .unwrap_or_else(|error| panic!("a header makes a lock unreadable: {error}\n{text}"));
    assert!(lock.pins.is_empty() && lock.direct.is_empty() && lock.unpinned.is_empty());
    assert!(lock.options.is_empty(), "a header became an option: {text}");
    // Nor is one by the words that a CI service would obey, or that nobody would see.
    let is_clean = without_commands(&cleaned(&shown)) == shown;
    if is_clean
        && !shown
            .contains(|letter: char| letter.is_control() || letter.is_whitespace() && letter != ' ')
    {
        assert_eq!(lock.command.as_ref(), Some(&read), "{text}");
    }
}
