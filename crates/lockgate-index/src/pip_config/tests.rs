//! Files and variables together, in temporary homes.

use super::*;
use std::fs;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn at(&self, path: &str) -> String {
        self.0.path().join(path).display().to_string()
    }

    fn surroundings(&self, variables: &[(&str, &str)]) -> Surroundings {
        let mut variables: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        variables
            .entry("XDG_CONFIG_DIRS".to_owned())
            .or_insert_with(|| "/nowhere".to_owned());
        Surroundings {
            variables,
            home: Some(self.0.path().to_owned()),
            prefix: Some(self.0.path().join("prefix")),
            base: None,
            system: System::Unix,
        }
    }

    fn read(&self, variables: &[(&str, &str)]) -> PipSettings {
        PipSettings::read(&self.surroundings(variables)).unwrap()
    }
}

fn value<'a>(settings: &'a PipSettings, option: &str) -> Option<&'a str> {
    settings.get(option).map(|setting| setting.value.as_str())
}

#[test]
fn later_places_win_and_sections_do_too() {
    let home = Home::new();
    home.write(
        ".pip/pip.conf",
        "[global]\nindex-url = https://old.test\ntimeout = 3\nretries = 1\n[install]\nproxy = http://old.test\n",
    );
    home.write(
        ".config/pip/pip.conf",
        "[global]\nindex_url = https://user.test\nproxy = http://user.test\n[install]\nretries = 2\n",
    );
    home.write(
        "prefix/pip.conf",
        "[global]\nextra-index-url =\n    https://a.test\n    https://b.test\n",
    );
    let settings = home.read(&[]);
    assert_eq!(value(&settings, "index-url"), Some("https://user.test"));
    assert_eq!(value(&settings, "timeout"), Some("3"));
    assert_eq!(value(&settings, "retries"), Some("2"));
    // A section wins over the later file.
    assert_eq!(value(&settings, "proxy"), Some("http://old.test"));
    let extras: Vec<String> = settings
        .list("extra-index-url")
        .into_iter()
        .map(|setting| setting.value)
        .collect();
    assert_eq!(extras, ["https://a.test", "https://b.test"]);
    let settings = home.read(&[("PIP_INDEX_URL", "https://env.test"), ("PIP_TIMEOUT", "")]);
    assert_eq!(
        settings.get("index-url").unwrap(),
        &PipSetting {
            value: "https://env.test".to_owned(),
            origin: "PIP_INDEX_URL".to_owned()
        }
    );
    assert_eq!(
        settings.get("timeout").unwrap(),
        &PipSetting {
            value: "3".to_owned(),
            origin: format!("{}:3", home.at(".pip/pip.conf"))
        }
    );
}

#[test]
fn an_empty_value_takes_back_what_an_earlier_file_says_in_its_section() {
    let home = Home::new();
    home.write(
        ".pip/pip.conf",
        "[global]\nproxy = http://a.test\n[install]\ntimeout = 4\n",
    );
    home.write(
        ".config/pip/pip.conf",
        "[global]\nproxy =\ntimeout = 5\n[install]\nretries =\n",
    );
    home.write("prefix/pip.conf", "[global]\nretries = 6\n");
    let settings = home.read(&[]);
    assert_eq!(value(&settings, "proxy"), None);
    assert_eq!(value(&settings, "timeout"), Some("4"));
    assert_eq!(value(&settings, "retries"), Some("6"));
}

#[test]
fn names_of_one_option_are_told_by_order() {
    let home = Home::new();
    home.write(
        ".pip/pip.conf",
        "[global]\npypi-url = https://a.test\nindex-url = https://b.test\n",
    );
    home.write(
        ".config/pip/pip.conf",
        "[global]\npypi-url = https://c.test\n",
    );
    let names = ["index-url", "pypi-url"];
    // A key keeps the place where it came up first.
    let settings = home.read(&[]);
    assert_eq!(settings.last(&names).unwrap().value, "https://b.test");
    let settings = home.read(&[("PIP_PYPI_URL", "https://d.test")]);
    assert_eq!(settings.last(&names).unwrap().value, "https://d.test");
}

#[test]
fn a_section_may_rank_with_the_variables() {
    let home = Home::new();
    home.write(
        ".pip/pip.conf",
        "[:env:]\ntimeout = 1\nretries = 1\n[install]\ntimeout = 2\n[Global]\nproxy = x\n[download]\nproxy = y\n",
    );
    let settings = home.read(&[("PIP_RETRIES", "7")]);
    assert_eq!(value(&settings, "timeout"), Some("1"));
    assert_eq!(value(&settings, "retries"), Some("7"));
    assert_eq!(value(&settings, "proxy"), None);
}

#[test]
fn variables_have_any_case_after_their_beginning() {
    let home = Home::new();
    let settings = home.read(&[
        ("PIP_index_url", "https://a.test"),
        ("PIP_--timeout", "3"),
        ("pip_retries", "1"),
    ]);
    assert_eq!(value(&settings, "index-url"), Some("https://a.test"));
    assert_eq!(value(&settings, "timeout"), Some("3"));
    assert_eq!(value(&settings, "retries"), None);
    let windows = Surroundings {
        system: System::Windows,
        ..home.surroundings(&[("Pip_Retries", "1")])
    };
    let settings = PipSettings::read(&windows).unwrap();
    assert_eq!(settings.get("retries").unwrap().origin, "PIP_RETRIES");
}

#[test]
fn a_named_file_shuts_out_the_users_and_the_null_device_all() {
    let home = Home::new();
    home.write(
        ".config/pip/pip.conf",
        "[global]\nindex-url = https://user.test\ntimeout = 9\n",
    );
    home.write("named.conf", "[global]\nindex-url = https://named.test\n");
    let settings = home.read(&[("PIP_CONFIG_FILE", &home.at("named.conf"))]);
    assert_eq!(value(&settings, "index-url"), Some("https://named.test"));
    assert_eq!(value(&settings, "timeout"), None);
    let settings = home.read(&[("PIP_CONFIG_FILE", "/dev/null")]);
    assert_eq!(value(&settings, "index-url"), None);
    assert!(settings.files().is_empty());
}

#[test]
fn every_place_is_told_with_what_came_of_it() {
    let home = Home::new();
    home.write(".pip/pip.conf", "[global]\n");
    home.write(".config/pip/pip.conf/file", "");
    let settings = home.read(&[]);
    let of = |end: &str| {
        let file = settings
            .files()
            .iter()
            .find(|file| file.path.ends_with(end));
        file.unwrap().found.clone()
    };
    assert_eq!(of(".pip/pip.conf"), Found::Read);
    assert!(matches!(of(".config/pip/pip.conf"), Found::Closed(_)));
    assert_eq!(of("prefix/pip.conf"), Found::Missing);
}

#[test]
fn what_cannot_be_read_names_file_and_line_and_no_value() {
    let home = Home::new();
    for (text, line) in [
        ("[global]\nsecret-word\n", 2),
        ("secret-word = 1\n", 1),
        ("[global]\na = secret-word\na = secret-word\n", 3),
    ] {
        home.write(".pip/pip.conf", text);
        let error = PipSettings::read(&home.surroundings(&[])).unwrap_err();
        let shown = error.to_string();
        let place = format!("{}:{line}: ", home.at(".pip/pip.conf"));
        assert!(shown.contains(&place), "{shown}");
        assert!(!shown.contains("secret-word"), "{shown}");
    }
}
