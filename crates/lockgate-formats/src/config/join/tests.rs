use std::path::Path;

use super::*;

fn read(text: &str, file: &str) -> Config {
    Config::from_lockgate_toml(text.as_bytes(), file)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn under(upper: &str, lower: &str) -> JoinedPolicy {
    let lower = read(lower, "low/lockgate.toml");
    let lower = LowerPolicy {
        config: &lower,
        is_delegated: false,
    };
    join_policies(Some(&read(upper, "lockgate.toml")), &[lower], &[])
}

fn delegated(upper: &str, lower: &str) -> JoinedPolicy {
    let lower = read(lower, "low/lockgate.toml");
    let lower = LowerPolicy {
        config: &lower,
        is_delegated: true,
    };
    join_policies(Some(&read(upper, "lockgate.toml")), &[lower], &[])
}

/// What holds, in one line that leaves out what nobody said.
fn told(config: &Config) -> String {
    let mut words = Vec::new();
    let rules = |prefix: &str, rules: &ConfigGroup, words: &mut Vec<String>| {
        words.extend(
            rules
                .gate
                .iter()
                .map(|set| format!("{prefix}gate={}", set.value)),
        );
        words.extend((rules.min_severity.iter()).map(|set| format!("{prefix}min={}", set.value)));
        words.extend(
            (rules.unknown_severity.iter()).map(|set| format!("{prefix}unknown={}", set.value)),
        );
    };
    rules("", &config.rules(), &mut words);
    for (name, group) in &config.groups {
        rules(&format!("{name}."), group, &mut words);
    }
    words.extend(
        config
            .yanked
            .iter()
            .map(|set| format!("yanked={}", set.value)),
    );
    words.extend(
        (config.max_advisory_age.iter()).map(|set| format!("age={}", set.value.as_hours())),
    );
    words.extend(
        config
            .cooldown
            .iter()
            .map(|set| format!("cooldown={}", set.value.as_hours())),
    );
    if let Some(set) = &config.advisories {
        let named = set.value.iter().map(|source| {
            let star = if source.overrides { "*" } else { "" };
            format!("{}{star}", source.source)
        });
        words.push(format!("from={}", named.collect::<Vec<_>>().join("+")));
    }
    words.extend(
        config
            .ignores
            .iter()
            .map(|ignore| format!("ignore={}", ignore.id)),
    );
    words.extend(config.vex.iter().map(|set| format!("vex={}", set.value)));
    words.extend((config.environments.iter()).map(|_| "environments".to_owned()));
    words.extend((config.required_environments.iter()).map(|_| "required".to_owned()));
    words.join(" ")
}

fn keys(joined: &JoinedPolicy) -> Vec<&str> {
    joined
        .ineffective
        .iter()
        .map(|one| one.key.as_str())
        .collect()
}

const IGNORE: &str = "[[ignore]]\nid = \"CVE-1\"\nreason = \"r\"\n";

/// The upper policy, the lower one, what holds, and what has no effect.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const KEYS: [Case; 31] = [
    ("gate = 'warn'", "gate = 'deny'", "gate=deny", &[]),
    ("gate = 'warn'", "gate = 'prefer'", "gate=prefer", &[]),
    ("gate = 'off'", "gate = 'warn'", "gate=warn", &[]),
    ("gate = 'prefer'", "gate = 'warn'", "gate=prefer", &["gate"]),
    ("gate = 'deny'", "gate = 'off'", "gate=deny", &["gate"]),
    ("", "gate = 'off'", "", &["gate"]),
    ("", "gate = 'deny'", "", &[]),
    ("", "min-severity = 'low'", "", &["min-severity"]),
    (
        "min-severity = 'high'",
        "min-severity = 'low'",
        "min=low",
        &[],
    ),
    (
        "min-severity = 'high'",
        "min-severity = 'high'",
        "min=high",
        &[],
    ),
    (
        "min-severity = 'low'",
        "min-severity = 'high'",
        "min=low",
        &["min-severity"],
    ),
    ("", "unknown-severity = 'warn'", "", &["unknown-severity"]),
    (
        "unknown-severity = 'warn'",
        "unknown-severity = 'deny'",
        "unknown=true",
        &[],
    ),
    ("", "yanked = 'deny'", "yanked=true", &[]),
    ("", "yanked = 'warn'", "yanked=false", &[]),
    (
        "yanked = 'deny'",
        "yanked = 'warn'",
        "yanked=true",
        &["yanked"],
    ),
    ("yanked = 'warn'", "yanked = 'deny'", "yanked=true", &[]),
    ("", "max-advisory-age = '30 days'", "age=168", &[]),
    ("", "max-advisory-age = '1 day'", "age=24", &[]),
    (
        "max-advisory-age = '2 days'",
        "max-advisory-age = '3 days'",
        "age=48",
        &["max-advisory-age"],
    ),
    (
        "max-advisory-age = '3 days'",
        "max-advisory-age = '2 days'",
        "age=48",
        &[],
    ),
    ("", "cooldown = '2 days'", "cooldown=48", &[]),
    (
        "cooldown = '3 days'",
        "cooldown = '2 days'",
        "cooldown=72",
        &["cooldown"],
    ),
    (
        "cooldown = '2 days'",
        "cooldown = '3 days'",
        "cooldown=72",
        &[],
    ),
    ("", "advisories = ['x']", "from=osv+x", &[]),
    (
        "advisories = ['a', 'b']",
        "advisories = ['b', 'c']",
        "from=a+b+c",
        &[],
    ),
    (
        "advisories = ['a', { source = 'o', overrides = true }]",
        "advisories = ['c', { source = 'p', overrides = true }]",
        "from=a+o*+c",
        &["advisories `p`"],
    ),
    ("", IGNORE, "", &["[[ignore]] `CVE-1`"]),
    ("", "vex = ['v.json']", "", &["vex `v.json`"]),
    (
        "",
        "environments = [\"os_name == 'nt'\"]\nrequired-environments = [\"os_name == 'nt'\"]",
        "required",
        &["environments"],
    ),
    ("", "delegate = ['x']", "", &["delegate"]),
];

#[test]
fn a_lower_policy_makes_each_key_stricter_and_never_looser() {
    for (upper, lower, expected, ineffective) in KEYS {
        let joined = under(upper, lower);
        assert_eq!(told(&joined.config), expected, "{upper} / {lower}");
        assert_eq!(keys(&joined), ineffective, "{upper} / {lower}");
        for one in &joined.ineffective {
            assert!(one.origin.starts_with("low/lockgate.toml:"), "{one:?}");
        }
    }
}

#[test]
fn groups_are_no_way_around_a_stricter_policy() {
    let cases: [(&str, &str, &str, &[&str]); 9] = [
        // A group of the lower policy alone.
        ("", "[groups.dev]\ngate = 'off'", "", &["[groups.dev] gate"]),
        (
            "gate = 'warn'",
            "[groups.dev]\ngate = 'deny'",
            "gate=warn dev.gate=deny",
            &[],
        ),
        // A group of both.
        (
            "[groups.dev]\ngate = 'warn'",
            "[groups.dev]\ngate = 'deny'",
            "dev.gate=deny",
            &[],
        ),
        (
            "[groups.dev]\ngate = 'prefer'",
            "[groups.dev]\ngate = 'off'",
            "dev.gate=prefer",
            &["[groups.dev] gate"],
        ),
        // A group of the upper policy, and what the lower one says of everything.
        (
            "[groups.dev]\ngate = 'warn'",
            "gate = 'deny'",
            "dev.gate=deny",
            &[],
        ),
        (
            "min-severity = 'medium'\n[groups.dev]\nmin-severity = 'critical'",
            "min-severity = 'high'",
            "min=medium dev.min=high",
            &["min-severity"],
        ),
        // The lower policy exempts a group from its own strictness.
        (
            "gate = 'warn'",
            "gate = 'deny'\n[groups.dev]\ngate = 'warn'",
            "gate=deny dev.gate=warn",
            &[],
        ),
        (
            "[groups.dev]\nunknown-severity = 'warn'",
            "[groups.dev]\nunknown-severity = 'deny'\nmin-severity = 'low'",
            "dev.unknown=true",
            &["[groups.dev] min-severity"],
        ),
        (
            "min-severity = 'high'",
            "[groups.dev]\nmin-severity = 'low'",
            "min=high dev.min=low",
            &[],
        ),
    ];
    for (upper, lower, expected, ineffective) in cases {
        let joined = under(upper, lower);
        assert_eq!(told(&joined.config), expected, "{upper} / {lower}");
        assert_eq!(keys(&joined), ineffective, "{upper} / {lower}");
    }
}

#[test]
fn a_delegated_policy_decides_mode_severities_and_accepted_advisories_alone() {
    let cases: [(&str, &str, &str, &[&str]); 8] = [
        ("gate = 'deny'", "gate = 'warn'", "gate=warn", &[]),
        // Malicious packages are never delegated, and `off` would not look for them.
        ("gate = 'deny'", "gate = 'off'", "gate=warn", &["gate"]),
        ("gate = 'off'", "gate = 'off'", "gate=off", &[]),
        (
            "min-severity = 'low'",
            "min-severity = 'high'\nunknown-severity = 'warn'",
            "min=high unknown=false",
            &[],
        ),
        ("", IGNORE, "ignore=CVE-1", &[]),
        (
            "[groups.dev]\ngate = 'deny'",
            "[groups.dev]\ngate = 'warn'",
            "dev.gate=warn",
            &[],
        ),
        ("advisories = ['a']", "advisories = ['b']", "from=a+b", &[]),
        (
            "cooldown = '3 days'\nmax-advisory-age = '1 day'\nyanked = 'deny'",
            "cooldown = '1 day'\nmax-advisory-age = '3 days'\nyanked = 'warn'\nvex = ['v.json']\ndelegate = ['x']",
            "yanked=true age=24 cooldown=72",
            &[
                "yanked",
                "max-advisory-age",
                "cooldown",
                "vex `v.json`",
                "delegate",
            ],
        ),
    ];
    for (upper, lower, expected, ineffective) in cases {
        let joined = delegated(upper, lower);
        assert_eq!(told(&joined.config), expected, "{upper} / {lower}");
        assert_eq!(keys(&joined), ineffective, "{upper} / {lower}");
    }
}

#[test]
fn what_lies_between_and_below_a_delegated_policy_still_makes_it_stricter() {
    let top = read("gate = 'warn'\ndelegate = ['a/b']", "lockgate.toml");
    let (between, own, below) = (
        read("gate = 'prefer'", "a/lockgate.toml"),
        read("gate = 'off'\nmin-severity = 'high'", "a/b/lockgate.toml"),
        read(
            "gate = 'off'\nmin-severity = 'medium'",
            "a/b/c/lockgate.toml",
        ),
    );
    let lower = [(&between, false), (&own, true), (&below, true)].map(|(config, is_delegated)| {
        LowerPolicy {
            config,
            is_delegated,
        }
    });
    let joined = join_policies(Some(&top), &lower, &[]);
    assert_eq!(told(&joined.config), "gate=prefer min=medium");
}

#[test]
fn the_floor_is_under_all_policies_and_names_sources_where_no_other_does() {
    let floor = read(
        "gate = 'prefer'\nadvisories = ['f', { source = 'o', overrides = true }]\n[[ignore]]\nid = 'CVE-1'\nreason = 'r'",
        "/etc/lockgate.toml",
    );
    let none = join_policies(None, &[], &[&floor]);
    assert_eq!(told(&none.config), "from=f");
    assert_eq!(
        keys(&none),
        ["gate", "advisories `o`", "[[ignore]] `CVE-1`"]
    );
    let top = read("gate = 'off'\nadvisories = ['a']", "lockgate.toml");
    let joined = join_policies(Some(&top), &[], &[&floor]);
    assert_eq!(told(&joined.config), "gate=prefer from=a+f");
    let off = read("gate = 'off'", "lockgate.toml");
    let joined = join_policies(Some(&off), &[], &[&floor]);
    assert_eq!(told(&joined.config), "gate=prefer from=f");
}

#[test]
fn only_the_topmost_policy_and_the_floor_say_which_statuses_mean_absent() {
    let statuses = |config: &Config| {
        let tables = config.index_settings.iter();
        tables
            .map(|table| (table.address.clone(), table.ignore_status.value.clone()))
            .collect::<Vec<_>>()
    };
    let table =
        |status: u16| format!("[index.\"https://host/simple\"]\nignore-status = [{status}]");
    let host = || "https://host/simple".to_owned();
    for joined in [under("", &table(403)), delegated("", &table(403))] {
        assert_eq!(statuses(&joined.config), []);
        assert_eq!(
            keys(&joined),
            ["[index.\"https://host/simple\"] ignore-status"]
        );
    }
    let joined = under(&table(403), "");
    assert_eq!(statuses(&joined.config), [(host(), [403].into())]);
    let (top, floor) = (
        read(&table(403), "lockgate.toml"),
        read(&table(401), "/etc/lockgate.toml"),
    );
    let joined = join_policies(Some(&top), &[], &[&floor]);
    assert_eq!(
        statuses(&joined.config),
        [(host(), [403].into()), (host(), [401].into())]
    );
    assert_eq!(keys(&joined), [""; 0]);
}

#[test]
fn relative_paths_are_those_of_the_policys_own_folder() {
    let text = "vex = ['v.json', '/abs/v.json']\nadvisories = ['osv', 'osv-api', 'pypi', 'https://example.org/a.zip', 'HTTPS://example.org/api', 'records', '../all.zip', '/abs/all.zip', './osv']";
    let config = read(text, "sub/lockgate.toml").with_paths_from(Path::new("sub"));
    assert_eq!(
        told(&config),
        "from=osv+osv-api+pypi+https://example.org/a.zip+HTTPS://example.org/api+sub/records+sub/../all.zip+/abs/all.zip+sub/./osv vex=sub/v.json vex=/abs/v.json"
    );
}

#[test]
fn delegated_folders_lie_below_the_policy() {
    for wrong in ["..", "../a", "/a", "", ".", "a/../.."] {
        let text = format!("delegate = ['{wrong}']");
        let error = Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml").unwrap_err();
        assert!(error.to_string().contains("`delegate`"), "{wrong}: {error}");
    }
    assert_eq!(
        read("delegate = ['a/b', './c']", "lockgate.toml")
            .delegate
            .len(),
        2
    );
}
