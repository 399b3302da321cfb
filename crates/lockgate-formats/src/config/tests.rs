use super::*;

fn read(text: &str) -> Result<Config, InputError> {
    Config::from_lockgate_toml(text, "lockgate.toml")
}

#[test]
fn every_key_is_read_with_its_place() {
    let config = read(
        "gate = \"prefer\"\nmin-severity = \"medium\"\nunknown-severity = \"warn\"\nadvisories = [\"osv\", \"extra\"]\nmax-advisory-age = \"7 days\"\n\
         [[ignore]]\nid = \"CVE-1\"\npackage = \"Jinja2\"\nversion = \"<3\"\nreason = \"ours\"\nexpires = 2027-03-01\nuntil-fixed = true\n",
    )
    .unwrap();
    assert_eq!(
        config.gate.unwrap(),
        Set {
            value: "prefer".to_owned(),
            origin: "lockgate.toml:1".to_owned()
        }
    );
    assert_eq!(config.min_severity.unwrap().value, Level::Medium);
    assert!(!config.unknown_severity.unwrap().value);
    assert_eq!(config.advisories.unwrap().value, ["osv", "extra"]);
    assert_eq!(
        config.max_advisory_age.unwrap().value,
        SignedDuration::from_hours(7 * 24)
    );
    let [ignore] = config.ignores.as_slice() else {
        panic!("one entry")
    };
    assert_eq!(ignore.package.as_ref().unwrap().as_str(), "jinja2");
    assert_eq!(ignore.expires.unwrap().to_string(), "2027-03-01");
    assert!(ignore.until_fixed);
    assert_eq!(ignore.origin, "lockgate.toml:6");
}

#[test]
fn wrong_configurations_name_the_line_and_the_remedy() {
    for (text, line, part) in [
        ("gaet = \"deny\"", 1, "unknown key `gaet`"),
        ("\ncooldown = \"7 days\"", 2, "`cooldown` is not supported"),
        ("gate = \"strict\"", 1, "none of `deny`"),
        ("\nmin-severity = \"bad\"", 2, "none of `low`"),
        ("unknown-severity = \"maybe\"", 1, "neither"),
        ("advisories = []", 1, "names no source"),
        ("max-advisory-age = \"soon\"", 1, "no duration"),
        ("gate = 1", 1, "string"),
        ("[[ignore]]\nid = \"X\"", 1, "has no reason"),
        ("[[ignore]]\nid = \"X\"\nreason = \" \"", 1, "has no reason"),
        (
            "[[ignore]]\nid = \"X\"\nreason = \"r\"\nuntil = 1",
            4,
            "unknown key `until`",
        ),
        (
            "[[ignore]]\nid = \"\"\nreason = \"r\"",
            1,
            "names no advisory",
        ),
        (
            "[[ignore]]\nid = \"X\"\nreason = \"r\"\nversion = \"abc\"",
            1,
            "`version`",
        ),
        ("gate = ", 1, ""),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
    }
    assert_eq!(
        read("gaet = 1").unwrap_err().remedy.unwrap(),
        "is `gate` meant?"
    );
}

#[test]
fn a_project_file_without_our_table_has_no_configuration() {
    assert!(
        Config::from_pyproject("[project]\nname = \"x\"\n", "pyproject.toml")
            .unwrap()
            .is_none()
    );
    let config = Config::from_pyproject("[tool.lockgate]\ngate = \"off\"\n", "pyproject.toml")
        .unwrap()
        .unwrap();
    assert_eq!(config.gate.unwrap().origin, "pyproject.toml:2");
}
