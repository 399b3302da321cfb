use super::*;
use crate::config::Config;

fn read(text: &str) -> Result<Config, InputError> {
    Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml")
}

/// The error for `text`, with its line and help.
fn refused(text: &str) -> String {
    let error = read(text).unwrap_err();
    format!("{error} {}", error.remedy.clone().unwrap_or_default())
}

#[test]
fn an_entry_has_an_output_sources_and_options() {
    let config = read(
        "[[lock]]\noutput = \"requirements/prod.txt\"\nsources = [\"requirements/prod.in\"]\nuniversal = true\npython-version = \"3.10\"\n\
         [[lock]]\noutput = \"dev.txt\"\ngroup = [\"dev\", \"sub/pyproject.toml:docs\"]\n",
    )
    .unwrap();
    let [prod, dev] = config.locks.as_slice() else {
        panic!("two entries")
    };
    assert_eq!(prod.output.value, "requirements/prod.txt");
    assert_eq!(prod.sources.len(), 1);
    assert_eq!(prod.origin, "lockgate.toml:1");
    let options: Vec<(&str, &LockEntryValue, &str)> = prod
        .options
        .iter()
        .map(|option| (option.name, &option.value, option.origin.as_str()))
        .collect();
    assert_eq!(
        options,
        [
            (
                "universal",
                &LockEntryValue::Switch(true),
                "lockgate.toml:4"
            ),
            (
                "python-version",
                &LockEntryValue::Text("3.10".to_owned()),
                "lockgate.toml:5"
            ),
        ]
    );
    assert!(dev.sources.is_empty());
}

#[test]
fn every_option_of_an_entry_can_be_stated() {
    for name in LOCK_ENTRY_OPTIONS {
        let stated = ["true", "\"a\"", "[\"a\"]"]
            .iter()
            .filter_map(|value| {
                read(&format!(
                    "[[lock]]\noutput = \"a.txt\"\nsources = [\"a.in\"]\n{name} = {value}\n"
                ))
                .ok()
            })
            .filter(|config| config.locks[0].options[0].name == name)
            .count();
        assert_eq!(stated, 1, "{name}");
    }
}

#[test]
fn what_runs_connects_or_loosens_is_no_key_of_an_entry() {
    for key in [
        "allow-build = [\"a\"]",
        "python = \"ci/python\"",
        "index-url = \"https://index.test\"",
        "find-links = [\"wheels\"]",
        "no-hashes = true",
        "gate = \"off\"",
        "exclude-newer = \"2024-01-01\"",
        "upgrade = true",
        "outputs = \"b.txt\"",
    ] {
        let text = format!("[[lock]]\noutput = \"a.txt\"\nsources = [\"a.in\"]\n{key}\n");
        let error = refused(&text);
        assert!(error.contains("lockgate.toml:4"), "{key}: {error}");
        assert!(error.contains("unknown key"), "{key}: {error}");
    }
}

#[test]
fn an_incomplete_or_repeated_entry_is_an_error() {
    for (text, expected) in [
        ("[[lock]]\nsources = [\"a.in\"]\n", "no `output`"),
        ("[[lock]]\noutput = \"a.txt\"\n", "no sources"),
        (
            "[[lock]]\noutput = \"a.txt\"\nsources = [\"a.in\"]\n[[lock]]\noutput = \"./a.txt\"\nsources = [\"b.in\"]\n",
            "two `[[lock]]` entries",
        ),
        ("[lock]\noutput = \"a.txt\"\n", "lockgate.toml:1"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_path_is_one_in_the_repository() {
    for path in [
        "-",
        "",
        "/etc/passwd",
        "https://host.test/a.in",
        "C:\\\\a.in",
        "file:///a.in",
        "..",
    ] {
        for text in [
            format!("[[lock]]\noutput = \"{path}\"\nsources = [\"a.in\"]\n"),
            format!("[[lock]]\noutput = \"a.txt\"\nsources = [\"{path}\"]\n"),
            format!(
                "[[lock]]\noutput = \"a.txt\"\nsources = [\"a.in\"]\nconstraint = [\"{path}\"]\n"
            ),
            format!("[[lock]]\noutput = \"a.txt\"\ngroup = [\"{path}:dev\"]\n"),
            format!("override = [\"{path}\"]\n"),
        ] {
            let error = refused(&text);
            assert!(
                error.contains("is not the path of a file"),
                "{text}: {error}"
            );
        }
    }
}

#[test]
fn hosts_and_packages_are_checked() {
    let config = read(
        "indexes = [\"Index.test\", \"index.test:8443\"]\nexclude = [\"A_b\"]\nno-emit-package = [\"pip\"]\nallow-build = [\"c\"]\noverride = [\"o.txt\"]\n",
    )
    .unwrap();
    assert_eq!(config.indexes[0].value, "index.test");
    assert_eq!(config.excludes[0].value.as_str(), "a-b");
    assert_eq!(config.overrides[0].value, "o.txt");
    for text in [
        "indexes = [\"https://index.test\"]",
        "indexes = [\"user@index.test\"]",
        "indexes = [\"index.test/simple\"]",
        "indexes = [\"\"]",
        "allow-build = [\":all:\"]",
        "exclude = [\"a>1\"]",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}
