//! Settings from variables alone: places and files are tested where they are read.

use lockgate_index::pip_config::Surroundings;

use super::*;

fn options(variables: &[(&str, &str)]) -> Result<PipOptions, Failure> {
    let mut variables: std::collections::BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    variables.insert("PIP_CONFIG_FILE".to_owned(), "/dev/null".to_owned());
    let surroundings = Surroundings {
        variables,
        ..Surroundings::default()
    };
    PipOptions::new(&PipSettings::read(&surroundings).unwrap(), None)
}

#[test]
fn every_setting_has_its_meaning_and_its_origin() {
    let options = options(&[
        ("PIP_EXTRA_INDEX_URL", " https://a.test\nhttps://b.test "),
        ("PIP_NO_INDEX", "off"),
        ("PIP_PRE", "Yes"),
        ("PIP_TIMEOUT", "2.5"),
        ("PIP_RETRIES", "010"),
        ("PIP_KEYRING_PROVIDER", "subprocess"),
        ("PIP_NO_BINARY", ":all:"),
        ("PIP_ONLY_BINARY", "Some_Thing"),
        ("PIP_CONSTRAINT", "a.txt b.txt"),
    ])
    .unwrap();
    let extras: Vec<&str> = options
        .extra_index_urls
        .iter()
        .map(|url| url.value.as_str())
        .collect();
    assert_eq!(extras, ["https://a.test", "https://b.test"]);
    assert!(!is_on(&options.no_index) && options.no_index.is_some());
    assert_eq!(
        options.pre,
        Some(Sourced {
            value: true,
            origin: "PIP_PRE".to_owned()
        })
    );
    assert_eq!(options.timeout.unwrap().value, Duration::from_secs_f64(2.5));
    assert_eq!(options.retries.unwrap().value, 8);
    assert_eq!(
        options.keyring_provider.unwrap().value,
        KeyringProvider::Subprocess
    );
    assert!(options.binary.all.no_wheels);
    assert!(options.binary.of(&"some-thing".parse().unwrap()).no_sdists);
    assert_eq!(options.constraints.len(), 2);
}

#[test]
fn what_pip_would_not_start_with_is_told_with_its_origin_and_without_secrets() {
    for (name, value, part) in [
        ("PIP_PRE", "perhaps", "no switch"),
        ("PIP_NO_INDEX", "2", "no switch"),
        ("PIP_TIMEOUT", "soon", "no number of seconds"),
        ("PIP_RETRIES", "many", "no whole number"),
        ("PIP_KEYRING_PROVIDER", "mine", "subprocess"),
        ("PIP_NO_BINARY", "a b", "a b"),
        ("PIP_UPLOADED_PRIOR_TO", "yesterday", "P3D"),
    ] {
        let failure = options(&[(name, value)]).unwrap_err();
        assert!(failure.message.contains(&format!("({name})")), "{failure}");
        assert!(failure.message.contains(part), "{failure}");
        assert!(failure.remedy.is_some());
    }
    let failure = options(&[("PIP_TIMEOUT", "https://user:secret@host.test")]).unwrap_err();
    assert!(!failure.message.contains("secret"), "{failure}");
}
