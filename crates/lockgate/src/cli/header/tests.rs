use std::collections::{BTreeMap, BTreeSet};

use clap::Arg;
use lockgate_formats::{Config, LOCK_ENTRY_OPTIONS};

use super::*;

/// Every way to write an option with a value that it takes, as words of a command.
fn spellings(argument: &Arg) -> Vec<Vec<String>> {
    let value = match argument.get_id().as_str() {
        "pip-args" => "-q".to_owned(),
        _ => argument
            .get_possible_values()
            .first()
            .map_or_else(|| "3".to_owned(), |possible| possible.get_name().to_owned()),
    };
    let takes_value = argument.get_action().takes_values();
    let longs = argument.get_long().into_iter();
    let longs = longs.chain(argument.get_all_aliases().into_iter().flatten());
    let shorts = argument.get_short().into_iter();
    let shorts = shorts.chain(argument.get_all_short_aliases().into_iter().flatten());
    let mut spellings = Vec::new();
    for long in longs {
        if !takes_value {
            spellings.push(vec![format!("--{long}")]);
            continue;
        }
        spellings.push(vec![format!("--{long}={value}")]);
        if !argument.is_require_equals_set() {
            spellings.push(vec![format!("--{long}"), value.clone()]);
        }
    }
    for short in shorts {
        if takes_value {
            spellings.push(vec![format!("-{short}{value}")]);
            spellings.push(vec![format!("-{short}"), value.clone()]);
            spellings.push(vec![format!("-q{short}"), value.clone()]);
        } else {
            spellings.push(vec![format!("-{short}")]);
        }
    }
    if argument.is_positional() {
        spellings.push(vec![value]);
    }
    spellings
}

fn read(words: &[String]) -> Result<RecordedCommand, String> {
    let command = ["lockgate", "lock"].map(str::to_owned);
    RecordedCommand::read(&[&command, words].concat())
}

/// What holds again of a command.
fn held(words: &[String]) -> Result<String, String> {
    let mut arguments = LockArguments::default();
    arguments.take_results(&read(words)?.arguments);
    Ok(format!("{arguments:?}"))
}

#[test]
fn every_option_of_lock_has_a_role() {
    let ids: BTreeSet<&str> = recorded_lock()
        .get_arguments()
        .map(|argument| argument.get_id().as_str())
        .collect();
    let unclassed: Vec<&&str> = ids.iter().filter(|id| classed(id).is_none()).collect();
    assert!(
        unclassed.is_empty(),
        "these options of `lock` are in no row of ROLES, and so count as loosening: {unclassed:?}"
    );
    let mut seen = BTreeMap::new();
    for (role, listed) in ROLES {
        for id in listed {
            assert!(ids.contains(id), "`{id}` is no option of `lock`");
            assert_eq!(seen.insert(*id, role), None, "`{id}` stands there twice");
        }
    }
}

#[test]
fn an_option_without_a_role_counts_as_loosening() {
    assert_eq!(role("an_option_of_tomorrow"), HeaderRole::Loosens);
    assert_eq!(classed("an_option_of_tomorrow"), None);
}

#[test]
fn only_results_hold_again_however_they_are_spelled() {
    let nothing = held(&[]).unwrap();
    let mut walked = 0;
    for argument in recorded_lock().get_arguments() {
        let role = role(argument.get_id().as_str());
        for words in spellings(argument) {
            // Some need others beside them, and are told apart by those.
            let company: &[&str] = match argument.get_id().as_str() {
                "fork_strategy" => &["--universal"],
                _ => &[],
            };
            let company: Vec<String> = company.iter().map(ToString::to_string).collect();
            let base = held(&company).unwrap();
            let command = [company, words.clone()].concat();
            let holds = held(&command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
            let is_undo = foreign::header_role(argument.get_id().as_str()).is_some();
            if role == HeaderRole::Result && !is_undo {
                assert_ne!(holds, base, "{command:?} is lost");
            } else {
                assert_eq!(holds, base, "{command:?} holds again");
            }
            walked += 1;
        }
    }
    assert!(walked > 150, "{walked}");
    assert_eq!(
        held(&["--no-header", "--header"].map(str::to_owned)).unwrap(),
        nothing
    );
}

#[test]
fn options_of_the_caller_are_kept_for_the_message() {
    let words = [
        "--allow-build=foo,bar",
        "-i",
        "https://user:secret@index.test/simple",
        "--no-hashes",
        "--pip-args=--no-deps -f wheels",
    ]
    .map(str::to_owned);
    let read = read(&words).unwrap();
    let of_caller = read
        .options
        .iter()
        .filter(|option| option.role.is_of_caller());
    let mut shown: Vec<String> = of_caller.map(RecordedOption::shown).collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            "--allow-build=foo,bar",
            "--find-links wheels",
            "--index-url https://user:****@index.test/simple",
            "--no-deps",
            "--no-hashes",
        ]
    );
}

#[test]
fn what_is_no_command_of_lock_is_not_read() {
    for words in [
        &["lockgate"] as &[&str],
        &["lockgate", "audit"],
        &["lockgate", "lock", "--help"],
        &["lockgate", "lock", "--version"],
        &["lockgate", "lock", "--universa"],
        &[
            "lockgate",
            "lock",
            "--universal",
            "--python-platform",
            "linux",
        ],
        &["lockgate", "lock", "--pip-args", "'"],
    ] {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert!(RecordedCommand::read(&words).is_err(), "{words:?}");
    }
}

#[test]
fn only_final_restricts_and_takes_nothing_back() {
    let comes_to = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let read = read(&words).unwrap();
        let names = only_final(&read.arguments.choice.releases.0);
        let name = |option: &ReleaseOption| match option {
            ReleaseOption::OnlyFinal(name) | ReleaseOption::AllReleases(name) => name.clone(),
        };
        names.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(comes_to(&["--only-final", "a,b"]), "a b");
    assert_eq!(comes_to(&["--only-final", "a", "--all-releases", "b"]), "a");
    assert_eq!(
        comes_to(&["--only-final", "a", "--only-final", ":none:"]),
        ""
    );
    assert_eq!(comes_to(&["--only-final", "a,:all:"]), ":all:");
}

#[test]
fn an_entry_may_state_exactly_the_options_that_hold_again() {
    let results: BTreeSet<String> = recorded_lock()
        .get_arguments()
        .filter(|argument| {
            let id = argument.get_id().as_str();
            role(id) == HeaderRole::Result && foreign::header_role(id).is_none()
        })
        .filter(|argument| !matches!(argument.get_id().as_str(), "sources" | "requirement"))
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .collect();
    let stated: BTreeSet<String> = LOCK_ENTRY_OPTIONS.iter().map(ToString::to_string).collect();
    assert_eq!(stated, results);
}

#[test]
fn an_entry_stands_for_arguments_of_lock() {
    let text = "[[lock]]\noutput = \"prod.txt\"\nsources = [\"-odd.in\"]\nuniversal = true\npython-version = \"3.10\"\nconstraint = [\"c.txt\"]\ngroup = [\"dev\", \"x/pyproject.toml:docs\"]\nall-extras = false\n";
    let config = Config::from_lockgate_toml(text.as_bytes(), "sub/lockgate.toml").unwrap();
    let arguments = entry_arguments(&config.locks[0], |path| format!("sub/{path}")).unwrap();
    assert_eq!(arguments.sources, ["sub/-odd.in"]);
    assert_eq!(arguments.output_file.as_deref(), Some("sub/prod.txt"));
    assert_eq!(arguments.constraint, ["sub/c.txt"]);
    assert_eq!(
        arguments.project.group,
        ["sub/pyproject.toml:dev", "sub/x/pyproject.toml:docs"]
    );
    assert!(arguments.region.universal && !arguments.project.all_extras);
    let text = "[[lock]]\noutput = \"a.txt\"\nsources = [\"a.in\"]\nnewline = \"none\"\n";
    let config = Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml").unwrap();
    let failure = entry_arguments(&config.locks[0], str::to_owned).unwrap_err();
    assert!(failure.message.contains("lockgate.toml:1"), "{failure}");
    assert!(failure.message.contains("--newline"), "{failure}");
}
