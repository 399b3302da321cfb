use super::*;

fn read(text: &str) -> Result<Config, InputError> {
    Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml")
}

#[test]
fn every_key_is_read_with_its_place() {
    let config = read(
        "gate = \"prefer\"\nmin-severity = \"medium\"\nunknown-severity = \"warn\"\nadvisories = [\n\"osv\", \"extra\"]\nmax-advisory-age = \"7 days\"\ncooldown = \"3 days\"\n\
         [[ignore]]\nid = \"CVE-1\"\npackage = \"Jinja2\"\nversion = \"<3\"\nreason = \"ours\"\nexpires = 2027-03-01\nuntil-fixed = true\n\
         \n[[ignore]]\nid = \"CVE-2\"\nreason = \"unreachable\"\n",
    )
    .unwrap();
    let gate = config.gate.unwrap();
    assert_eq!(
        (gate.value.as_str(), gate.origin.as_str()),
        ("prefer", "lockgate.toml:1")
    );
    assert_eq!(config.min_severity.unwrap().value, Level::Medium);
    assert!(!config.unknown_severity.unwrap().value);
    let advisories = config.advisories.unwrap();
    let sources: Vec<&str> = advisories
        .value
        .iter()
        .map(|source| source.source.as_str())
        .collect();
    assert_eq!(sources, ["osv", "extra"]);
    assert_eq!(advisories.origin, "lockgate.toml:4");
    let age = config.max_advisory_age.unwrap();
    assert_eq!(age.value, SignedDuration::from_hours(7 * 24));
    assert_eq!(age.origin, "lockgate.toml:6");
    let cooldown = config.cooldown.unwrap();
    assert_eq!(cooldown.value, SignedDuration::from_hours(3 * 24));
    assert_eq!(cooldown.origin, "lockgate.toml:7");
    let [first, second] = config.ignores.as_slice() else {
        panic!("two entries")
    };
    assert_eq!(first.package.as_ref().unwrap().as_str(), "jinja2");
    assert_eq!(first.versions.as_ref().unwrap().to_string(), "<3");
    assert_eq!(first.expires.unwrap().to_string(), "2027-03-01");
    assert!(first.until_fixed);
    assert_eq!(first.origin, "lockgate.toml:8");
    assert_eq!(second.reason, "unreachable");
    assert_eq!((second.expires, second.until_fixed), (None, false));
    assert_eq!(second.origin, "lockgate.toml:16");
}

#[test]
fn an_empty_file_configures_nothing() {
    for text in ["", "# nothing\n", "ignore = []\n"] {
        let config = read(text).unwrap();
        assert!(config.gate.is_none() && config.ignores.is_empty(), "{text}");
    }
}

#[test]
fn durations_are_read_as_people_write_them() {
    let hours = SignedDuration::from_hours;
    for (text, duration) in [
        ("7 days", Some(hours(7 * 24))),
        ("P7D", Some(hours(7 * 24))),
        ("1 week", Some(hours(7 * 24))),
        ("12 hours", Some(hours(12))),
        ("PT12H", Some(hours(12))),
        ("36h", Some(hours(36))),
        ("1d 12h", Some(hours(36))),
        ("", None),
        ("7", None),
        ("0 days", None),
        ("-7 days", None),
        ("7 days ago", None),
        ("1 month", None),
        ("soon", None),
    ] {
        let config = read(&format!("max-advisory-age = \"{text}\"\n"));
        assert_eq!(
            config
                .ok()
                .map(|config| config.max_advisory_age.unwrap().value),
            duration,
            "{text}"
        );
    }
}

#[test]
fn wrong_configurations_name_the_line_and_what_is_wrong() {
    for (text, line, part) in [
        ("gaet = \"deny\"", 1, "unknown key `gaet`"),
        ("# gaet\n\n  gaet = \"deny\"", 3, "unknown key `gaet`"),
        (
            "gate = \"deny\"\n[ignores]\nid = \"X\"",
            2,
            "unknown key `ignores`",
        ),
        (
            "\ncooldown = \"soon\"",
            2,
            "`cooldown = \"soon\"`: it is no duration",
        ),
        ("cooldown = \"1 month\"", 1, "months and years"),
        ("cooldown = 7", 1, "string"),
        ("gate = \"strict\"", 1, "none of `deny`"),
        ("\nmin-severity = \"bad\"", 2, "none of `low`"),
        ("min_severity = \"low\"", 1, "unknown key `min_severity`"),
        ("unknown-severity = \"maybe\"", 1, "neither"),
        ("advisories = []", 1, "names no source"),
        ("advisories = \"osv\"", 1, "sequence"),
        ("max-advisory-age = \"soon\"", 1, "no duration"),
        ("max-advisory-age = 7", 1, "string"),
        ("gate = 1", 1, "string"),
        ("gate = ", 1, ""),
        ("gate = \"deny\"\ngate = \"off\"", 2, "duplicate"),
        ("ignore = 1", 1, "expected a sequence"),
        ("ignore = [1]", 1, "expected a table"),
        (
            "[ignore]\nid = \"X\"\nreason = \"r\"",
            1,
            "expected a sequence",
        ),
    ] {
        wrong(text, line, part);
    }
}

#[test]
fn wrong_ignore_entries_name_the_line_and_what_is_wrong() {
    for (rest, line, part) in [
        ("id = \"X\"", 2, "has no reason"),
        ("id = \"X\"\nreason = \" \"", 2, "has no reason"),
        (
            "id = \"X\"\nreason = \"r\"\nuntil = 1",
            5,
            "unknown key `until`",
        ),
        ("reason = \"r\"", 2, "missing field `id`"),
        ("id = \"\"\nreason = \"r\"", 2, "names no advisory"),
        (
            "id = \"X\"\nreason = \"r\"\nversion = \"abc\"",
            2,
            "`version`",
        ),
        (
            "id = \"X\"\nreason = \"r\"\npackage = \"a b\"",
            2,
            "`package`",
        ),
        (
            "id = \"X\"\nreason = \"r\"\nexpires = \"2027-03-01\"",
            5,
            "datetime",
        ),
        (
            "id = \"X\"\nreason = \"r\"\nexpires = 2027-03-01T00:00:00Z",
            2,
            "no date",
        ),
        (
            "id = \"X\"\nreason = \"r\"\nexpires = 07:32:00",
            2,
            "no date",
        ),
        ("id = \"X\"\nreason = \"r\"\nexpires = 2027-02-30", 5, ""),
        (
            "id = \"X\"\nreason = \"r\"\nuntil-fixed = \"yes\"",
            5,
            "boolean",
        ),
    ] {
        wrong(&format!("\n[[ignore]]\n{rest}"), line, part);
    }
}

fn wrong(text: &str, line: usize, part: &str) {
    let error = read(text).unwrap_err();
    assert!(error.message.contains(part), "{text}: {error}");
    assert_eq!(error.line, Some(line), "{text}: {error}");
    assert_eq!(error.message.lines().count(), 1, "{text}: {error}");
}

#[test]
fn misspelled_keys_are_told_what_was_meant() {
    for (text, remedy) in [
        ("gaet = 1", "is `gate` meant?"),
        ("max-advisory-agee = 1", "is `max-advisory-age` meant?"),
        ("[[ignores]]", "is `ignore` meant?"),
        ("[[ignore]]\nexpire = 1", "is `expires` meant?"),
        (
            "colour = 1",
            "the keys are gate, min-severity, unknown-severity, advisories, max-advisory-age, cooldown, ignore, allow-incomplete, yanked, vex, groups, environments, required-environments, delegate, lock, indexes, exclude, override, no-emit-package, allow-build, index",
        ),
    ] {
        assert_eq!(read(text).unwrap_err().remedy.unwrap(), remedy, "{text}");
    }
}

#[test]
fn a_project_file_may_hold_the_configuration() {
    for text in [
        "[project]\nname = \"x\"\n",
        "[tool.other]\ngaet = 1\n",
        "tool = 1\n",
        "",
    ] {
        let config = Config::from_pyproject(text.as_bytes(), "pyproject.toml").unwrap();
        assert!(config.is_none(), "{text}");
    }
    let text = "[project]\ngaet = 1\n\n[tool.lockgate]\ngate = \"off\"\n\n[[tool.lockgate.ignore]]\nid = \"X\"\nreason = \"r\"\n";
    let config = Config::from_pyproject(text.as_bytes(), "pyproject.toml").unwrap();
    let config = config.unwrap();
    assert_eq!(config.gate.unwrap().origin, "pyproject.toml:5");
    assert_eq!(config.ignores[0].origin, "pyproject.toml:7");
    for (text, line, part) in [
        (
            "[project]\ngaet = 1\n[tool.lockgate]\ngaet = 1\n",
            4,
            "unknown key `gaet`",
        ),
        ("[tool.lockgate.ignores]\n", 1, "unknown key `ignores`"),
        ("[tool]\nlockgate = 1\n", 2, "expected a table"),
        ("[tool\n", 1, "unclosed"),
    ] {
        let error = Config::from_pyproject(text.as_bytes(), "pyproject.toml").unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
    }
}

#[test]
fn a_scripts_own_table_is_read_with_its_lines() {
    let text = "import os\n# /// script\n# dependencies = []\n# [tool.lockgate]\n# gate = \"warn\"\n# ///\n";
    let config = Config::from_script(text.as_bytes(), "a.py")
        .unwrap()
        .unwrap();
    let gate = config.gate.unwrap();
    assert_eq!(
        (gate.value.as_str(), gate.origin.as_str()),
        ("warn", "a.py:5")
    );
    let error =
        Config::from_script(text.replace("gate =", "gaet =").as_bytes(), "a.py").unwrap_err();
    assert_eq!(error.line, Some(5));
    assert!(
        Config::from_script(b"import os\n", "a.py")
            .unwrap()
            .is_none()
    );
}

#[test]
fn sources_groups_and_documents_are_read() {
    let text = r#"
yanked = "deny"
vex = ["ours.vex.json"]
advisories = ["osv", { source = "corrections", overrides = true }]

[groups.Dev_Tools]
min-severity = "high"
gate = "warn"

[[ignore]]
id = "CVE-1"
reason = "not reached"
group = "dev"
justification = "vulnerable_code_not_in_execute_path"
"#;
    let config = Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml").unwrap();
    assert!(config.yanked.unwrap().value);
    assert_eq!(config.vex[0].value, "ours.vex.json");
    assert_eq!(config.vex[0].origin, "lockgate.toml:3");
    let overrides: Vec<bool> = config
        .advisories
        .unwrap()
        .value
        .iter()
        .map(|source| source.overrides)
        .collect();
    assert_eq!(overrides, [false, true]);
    let group = &config.groups[&"dev-tools".parse().unwrap()];
    assert_eq!(group.min_severity.as_ref().unwrap().value, Level::High);
    assert_eq!(group.gate.as_ref().unwrap().value, "warn");
    assert_eq!(config.ignores[0].group, Some("dev".parse().unwrap()));
}

#[test]
fn what_is_wrong_with_sources_and_groups_is_said() {
    for (text, said) in [
        (
            "yanked = \"no\"\n",
            "`yanked = \"no\"` is neither `deny` nor `warn`",
        ),
        (
            "advisories = [{ source = \"a\", override = true }]\n",
            "unknown key `override`",
        ),
        (
            "advisories = [{ source = \"a\", overrides = true }]\n",
            "nothing before it",
        ),
        (
            "[groups.dev]\nseverity = \"low\"\n",
            "unknown key `severity`",
        ),
        ("[groups.\"!\"]\ngate = \"warn\"\n", "`[groups.!]`"),
        ("[groups.a_b]\n[groups.a-b]\n", "stands there twice"),
        (
            "[[ignore]]\nid = \"A\"\nreason = \"r\"\njustification = \"ours\"\n",
            "no word of OpenVEX",
        ),
    ] {
        let error = Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml").unwrap_err();
        assert!(error.to_string().contains(said), "{text}: {error}");
    }
}

#[test]
fn environments_are_markers_that_do_not_overlap() {
    let read = |text: &str| Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml");
    let config = read(
        "environments = [\"sys_platform == 'linux'\", \"sys_platform == 'win32'\"]\nrequired-environments = [\"os_name == 'nt'\"]",
    );
    let config = config.expect("it is well formed");
    assert_eq!(config.environments.len(), 2);
    assert_eq!(config.required_environments.len(), 1);
    for (text, part) in [
        ("environments = [\"python\"]", "`environments`: `python`"),
        ("environments = [\"extra == 'x'\"]", "names an extra"),
        (
            "environments = [\"os_name == 'a' and os_name == 'b'\"]",
            "holds nowhere",
        ),
        (
            "environments = [\"os_name == 'nt'\", \"python_version > '3'\"]",
            "overlaps `os_name == 'nt'`",
        ),
        (
            "required-environments = \"os_name == 'nt'\"",
            "expected a sequence",
        ),
        ("required-environment = []", "required-environment"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}
