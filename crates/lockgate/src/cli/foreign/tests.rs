use std::fmt::Write as _;

use super::*;

/// Lets the test below write the page in place of comparing it.
const WRITE: &str = "LOCKGATE_WRITE_DOCS";

fn lock() -> Command {
    let mut command = crate::cli::command();
    command.build();
    command.find_subcommand("lock").unwrap().clone()
}

fn find(long: &str) -> Option<Foreign> {
    table().find(|option| option.long == long)
}

#[test]
fn every_line_of_the_table_is_read() {
    let lines = TABLE.lines().filter(|line| line.starts_with('-'));
    let unread: Vec<&str> = lines.filter(|line| row(line).is_none()).collect();
    assert!(unread.is_empty(), "{unread:?}");
    for option in table() {
        let is_explained = match option.effect {
            Effect::Refused => !option.text.is_empty() && !option.remedy.is_empty(),
            Effect::IdleBut(_) => !option.remedy.is_empty(),
            Effect::Idle | Effect::Surprise | Effect::Expand => !option.text.is_empty(),
            _ => true,
        };
        assert!(is_explained, "--{}", option.long);
        let whose = option.tools.chars().all(|tool| "PCU".contains(tool));
        assert!(whose && !option.tools.is_empty(), "--{}", option.long);
        assert_eq!(
            find(option.long),
            Some(option),
            "--{} stands twice",
            option.long
        );
    }
}

#[test]
fn what_the_table_calls_lockgates_own_is() {
    let lock = lock();
    for option in table() {
        let long = match option.effect {
            Effect::Own => option.long,
            Effect::Alias(of) | Effect::Undo(of) => of,
            _ => continue,
        };
        let own = lock
            .get_arguments()
            .find(|own| own.get_long() == Some(long));
        let own = own.unwrap_or_else(|| panic!("--{}: there is no `--{long}`", option.long));
        if !matches!(option.effect, Effect::Undo(_)) {
            let takes_value = own.get_action().takes_values();
            assert_eq!(takes_value, option.value.is_some(), "--{}", option.long);
            let short = option.short.map(|short| format!("-{short}"));
            assert!(
                short.is_none_or(|short| is_named(own, &short)),
                "--{}",
                option.long
            );
        }
    }
}

#[test]
fn the_last_word_wins() {
    let no_hashes = |words: &[&str]| {
        let words = ["lockgate", "lock"].iter().chain(words);
        let words: Vec<String> = words.map(|word| (*word).to_owned()).collect();
        crate::cli::lock_arguments(&words)
            .unwrap()
            .rendering
            .no_hashes
    };
    for (words, expected) in [
        (&["--no-hashes"][..], true),
        (&["--no-generate-hashes"], true),
        (&["--generate-hashes"], false),
        (&["--no-hashes", "--generate-hashes"], false),
        (&["--generate-hashes", "--no-hashes"], true),
        (&["--no-hashes", "--require-hashes"], false),
        (&["--pip-args", "--require-hashes", "--no-hashes"], true),
    ] {
        assert_eq!(no_hashes(words), expected, "{words:?}");
    }
}

#[test]
fn pips_options_in_one_word_are_read_in_its_place() {
    let expand = |words: &[&str]| {
        let words: Vec<std::ffi::OsString> = words.iter().map(Into::into).collect();
        let words = expanded(&words).map_err(|failure| failure.message)?;
        let words: Vec<String> = words
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        Ok::<_, String>(words.join(" "))
    };
    for (words, expected) in [
        (
            &[
                "lockgate",
                "lock",
                "--pip-args",
                "--pre -i 'https://host.test/a b'",
                "a.in",
            ][..],
            "lockgate lock --pre -i https://host.test/a b a.in",
        ),
        (
            &["lockgate", "lock", "--pip-args=--timeout=5"],
            "lockgate lock --timeout=5",
        ),
        (
            &["lockgate", "lock", "--pip-args", "", "a.in"],
            "lockgate lock a.in",
        ),
        (
            &["lockgate", "lock", "--", "--pip-args", "x"],
            "lockgate lock -- --pip-args x",
        ),
        (
            &["lockgate", "check", "--pip-args", "x"],
            "lockgate check --pip-args x",
        ),
        (
            &["lockgate", "lock", "--pip-args"],
            "lockgate lock --pip-args",
        ),
    ] {
        assert_eq!(expand(words).as_deref(), Ok(expected));
    }
    for (value, part) in [
        ("--gate off", "`--gate` is no option of pip"),
        ("flask", "`flask` is no option of pip"),
        ("--pre flask", "`flask` is no option of pip"),
        ("-o x", "`-o` is no option of pip"),
        ("--index-url 'x", "a quote is not closed"),
    ] {
        let error = expand(&["lockgate", "lock", "--pip-args", value]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

/// What the page says of an option.
fn said(option: Foreign) -> String {
    let but = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!(": {text}")
        }
    };
    let Foreign { text, remedy, .. } = option;
    match option.effect {
        Effect::Own => format!("supported{}", but(text)),
        Effect::Alias(of) if text.is_empty() => format!("supported, as `--{of}`"),
        Effect::Alias(of) => format!("supported, as `--{of}`: {text}"),
        Effect::Undo(of) if text.is_empty() => format!("supported: takes `--{of}` back"),
        Effect::Undo(of) => format!("supported: takes `--{of}` back; {text}"),
        Effect::Expand => format!("supported: {text}"),
        Effect::Idle => format!("no effect: {text}"),
        Effect::Surprise => format!("no effect, and a warning: {text}"),
        Effect::IdleBut(value) => format!("no effect, but `{value}` is refused: {text}"),
        Effect::Refused => format!("refused: {text}; {remedy}"),
        Effect::Beside => String::new(),
    }
}

fn spelling(option: Foreign) -> String {
    let short = option
        .short
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    let value = option
        .value
        .map(|value| format!(" {value}"))
        .unwrap_or_default();
    format!("`{short}--{}{value}`", option.long)
}

/// `docs/options.md`.
fn page() -> String {
    let mut text = "\
# Options of pip, pip-compile and uv

What `lockgate lock` does with every option of `pip install`, `pip-compile` and `uv pip compile` that concerns what is locked. *Supported* means that it has its effect; *no effect*
that it may stand there, since nothing would come of it here (`-v` says so, and a warning where it may surprise); *refused* that the run ends with exit code 2 and a message that says
what to do. An option that is none of these is not known, and refused as such. Settings that pip-compile and uv
read from elsewhere (`.pip-tools.toml`, `uv.toml`, `UV_` variables) are not read.

This page is made from `crates/lockgate/src/cli/foreign.txt`. Tests hold it against the binary, and against the option lists of the tools in `fixtures/options`.
"
    .to_owned();
    for line in TABLE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let _ = write!(text, "\n## {heading}\n\n");
            if heading != BESIDE {
                text.push_str(
                    "| option | pip | pip-compile | uv | lockgate |\n|---|---|---|---|---|\n",
                );
            }
        } else if let Some(option) = row(line).filter(|option| option.effect != Effect::Beside) {
            let mark = |tool| {
                if option.tools.contains(tool) {
                    "•"
                } else {
                    ""
                }
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                spelling(option),
                mark('P'),
                mark('C'),
                mark('U'),
                said(option)
            );
        }
    }
    let beside = table().filter(|option| option.effect == Effect::Beside);
    let beside: Vec<String> = beside
        .map(|option| format!("`--{}`", option.long))
        .collect();
    let _ = writeln!(
        text,
        "{}: they are about the tool itself, or about installing.",
        beside.join(", ")
    );
    text
}

/// The section of what has no part in resolution.
const BESIDE: &str = "Without part in it";

#[test]
fn the_page_says_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/options.md");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path, page()).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == page(),
        "docs/options.md differs from the table; run this test with {WRITE}=1 to write it"
    );
}
