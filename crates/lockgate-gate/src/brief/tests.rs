//! Records that cannot be right are in force or unreadable, never without effect.

use super::*;

const NOW: &str = "2026-11-24T12:00:00Z";

/// Returns what is kept of a record with these members.
fn read(members: &str) -> Result<Option<Brief>, String> {
    let json = format!(r#"{{"id":"PYSEC-1",{members}}}"#);
    let record =
        Record::read("PYSEC-1.json", json.as_bytes()).map_err(|unreadable| unreadable.why)?;
    Brief::of(&record, NOW.parse().unwrap())
}

fn affects(brief: &Brief, version: &str) -> bool {
    let version = version.parse().unwrap();
    brief
        .extents
        .iter()
        .any(|(name, extent)| name.as_str() == "foo-bar" && extent.versions().contains(&version))
}

const AFFECTED: &str =
    r#""affected":[{"package":{"ecosystem":"PyPI","name":"Foo_Bar"},"versions":["1.0"]}]"#;

#[test]
fn only_a_time_in_the_past_withdraws_a_record() {
    for past in [
        r#""2026-11-24T12:00:00Z""#,
        r#""2026-11-24T14:00:00+02:00""#,
        r#"" 2024-01-01T00:00:00.5Z ""#,
    ] {
        let brief = read(&format!(r#""withdrawn":{past},{AFFECTED}"#));
        assert_eq!(brief, Ok(None), "{past}");
    }
    for other in [
        r#""2026-11-24T12:00:01Z""#,
        r#""2999-01-01T00:00:00Z""#,
        r#""2024-01-01""#,
        r#""soon""#,
        r#""""#,
        "false",
        "true",
        "0",
        "[]",
        "{}",
    ] {
        let brief = read(&format!(r#""withdrawn":{other},{AFFECTED}"#))
            .unwrap()
            .unwrap_or_else(|| panic!("{other} withdraws it"));
        assert!(affects(&brief, "1.0") && !affects(&brief, "0.9"), "{other}");
        let unclear = &brief.extents[0].1.unclear;
        assert!(unclear[0].starts_with("withdrawn "), "{other}: {unclear:?}");
    }
    let brief = read(&format!(r#""withdrawn":null,{AFFECTED}"#)).unwrap();
    assert!(brief.unwrap().extents[0].1.unclear.is_empty());
}

#[test]
fn a_package_is_understood_however_its_ecosystem_is_spelled() {
    for ecosystem in [
        "PyPI",
        "pypi",
        "PYPI",
        " PyPI ",
        "PyPI:3.11",
        "pip",
        "Py-PI",
    ] {
        for name in ["Foo_Bar", " foo.bar ", "foo--bar"] {
            let brief = read(&format!(
                r#""affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"versions":["1.0"]}}]"#
            ));
            let brief = brief.unwrap().unwrap();
            assert!(affects(&brief, "1.0"), "{ecosystem} {name}");
        }
    }
    for ecosystem in ["npm", "crates.io", "Debian:12", "PyPI-like"] {
        let brief = read(&format!(
            r#""affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"foo bar"}},"versions":["1.0"]}}]"#
        ));
        assert!(brief.unwrap().unwrap().extents.is_empty(), "{ecosystem}");
    }
}

#[test]
fn a_record_that_names_no_package_is_an_error() {
    for (members, why) in [
        (r#""aliases":[]"#, "`affected`"),
        (r#""affected":null"#, "`affected`"),
        (r#""affected":[]"#, "`affected`"),
        (r#""affected":[{}]"#, "names no package"),
        (r#""affected":[{"versions":["1.0"]}]"#, "names no package"),
        (r#""affected":[{"package":{"ecosystem":"PyPI"}}]"#, "name"),
        (r#""affected":[{"package":{"name":"foo"}}]"#, "ecosystem"),
        (
            r#""affected":[{"package":{"ecosystem":"PyPI","name":"foo bar"}}]"#,
            "foo bar",
        ),
        (
            r#""affected":[{"package":{"ecosystem":"PyPI","name":""}}]"#,
            "``",
        ),
        (
            r#""affected":[{"package":{"ecosystem":"PyPI","name":"foo"},"versions":"1.0"}]"#,
            "sequence",
        ),
        (
            r#""affected":[{"package":{"ecosystem":"PyPI","name":"foo"},"versions":[1.0]}]"#,
            "a text",
        ),
        (
            r#""affected":[{"package":{"ecosystem":"PyPI","name":"foo"},"ranges":[{"events":[]}]}]"#,
            "type",
        ),
        (
            r#""affected":[{"package":{"ecosystem":"PyPI","name":"foo"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":0}]}]}]"#,
            "string",
        ),
        (r#""modified":"yesterday","affected":[]"#, "year"),
    ] {
        let error = read(members).unwrap_err();
        assert!(error.contains(why), "{members}: {error}");
    }
    // Withdrawn, it says nothing, and needs not be right.
    let withdrawn = read(r#""withdrawn":"2024-01-01T00:00:00Z","affected":[]"#);
    assert_eq!(withdrawn, Ok(None));
    // About commits alone: the schema allows it without a package.
    let commits = read(r#""affected":[{"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]}]"#);
    assert!(commits.unwrap().unwrap().extents.is_empty());
}

#[test]
fn ids_are_read_without_the_blanks_around_them() {
    let json = format!(r#"{{"id":" mal-2024-1 ","aliases":[" CVE-1"],{AFFECTED}}}"#);
    let record = Record::read("x.json", json.as_bytes()).unwrap();
    let brief = Brief::of(&record, NOW.parse().unwrap()).unwrap().unwrap();
    assert_eq!(brief.ids(), ["mal-2024-1", "CVE-1"]);
}
