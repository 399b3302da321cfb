use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::number::{self, Number};
use super::parts::Parts;
use super::{Form, Version, parse};
use crate::{Requirement, Specifiers};

/// Recorded from `packaging`: fixtures/pep440/record.py.
const RECORDED: &str = include_str!("../../../../fixtures/pep440/specifiers.tsv");

/// Other spellings, and texts that are none.
const SPELLINGS: &str = "v1 1.0A1 1.0-alpha.1 1.0_beta-2 1.0c1 1.0-pre 1.0.preview3 1.0-1 1.0-r4 1.0.rev 1.0post 1.0-post-2 1.0DEV 1.0-dev-3 1.0.Dev_3 \
    1!2 0!1 1.0+AB.c-1_2 1.0+01 1.0+a1b 1.0a1.post2.dev3+x 01.002.0 1.0rc-1 1.0a 1. 1..0 1.0x 1.0+ 1.0+a..b 1.0+a! !1 1! a1 1.0-a-b 1.0dev1a 1.0.*";

/// The same text with larger numbers, in the same order: a table of small versions says what is right of large ones too.
fn large(text: &str) -> String {
    let larger =
        |text: String, digit: char| text.replace(digit, &format!("10000000000000000000{digit}"));
    "129".chars().fold(text.to_owned(), larger)
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn both_readers_agree() {
    let versions = RECORDED.lines().next().unwrap().split_once('\t').unwrap().1;
    for text in versions.split(' ').chain(SPELLINGS.split_whitespace()) {
        let usual: Option<pep440_rs::Version> = text.parse().ok();
        let read = parse::parse(text).map(|parts| parts.small().unwrap());
        assert_eq!(read, usual, "{text}");
        assert_eq!(
            read.map(|v| v.to_string()),
            usual.map(|v| v.to_string()),
            "{text}"
        );
    }
}

#[test]
fn numbers_of_any_size_are_ordered_as_small_ones_are() {
    let versions = RECORDED.lines().next().unwrap().split_once('\t').unwrap().1;
    let versions: Vec<&str> = versions.split(' ').collect();
    let hash = |version: &Version| {
        let mut hasher = DefaultHasher::new();
        version.hash(&mut hasher);
        hasher.finish()
    };
    for (place, one) in versions.iter().enumerate() {
        let large_one = version(&large(one));
        assert_eq!(large_one.to_string(), large(one));
        for (other_place, other) in versions.iter().enumerate() {
            let order = place.cmp(&other_place);
            let large_other = version(&large(other));
            assert_eq!(version(one).cmp(&version(other)), order);
            assert_eq!(large_one.cmp(&large_other), order, "{one} {other}");
            if order == Ordering::Equal {
                assert_eq!(hash(&large_one), hash(&large_other));
            }
        }
    }
    for (low, high) in [
        ("1.999999999999999999", "1.1000000000000000000"),
        ("1.18446744073709551614", "1.18446744073709551615"),
        ("1.18446744073709551615", "1.18446744073709551616"),
        ("1.0.dev20261130235959123456", "1.0.dev20261130235959123457"),
        ("1.0.dev20261130235959123456", "1.0"),
        ("1.0+abc", "1.0+99999999999999999999"),
        ("99999999999999999999", "1!0"),
    ] {
        assert!(version(low) < version(high), "{low} {high}");
    }
    assert_eq!(
        version("1.99999999999999999999"),
        version("1.099999999999999999999.0")
    );
}

/// The recorded answers, with each number made large.
#[test]
fn specifiers_admit_of_large_versions_what_they_do_of_small_ones() {
    let mut lines = RECORDED.lines().map(|line| line.split_once('\t').unwrap());
    let (_, versions) = lines.next().unwrap();
    let mut wrong = Vec::new();
    for (text, recorded) in lines {
        let specifiers: Specifiers = large(text).parse().unwrap();
        let admitted: Vec<&str> = versions
            .split(' ')
            .filter(|text| specifiers.set().contains(&version(&large(text))))
            .collect();
        if admitted.join(" ") != recorded {
            wrong.push(format!("{text}\n  {recorded}\n  {}", admitted.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_successor_of_a_number_has_one_form() {
    for (number, next) in [
        ("0", "1"),
        ("999999999999999999", "1000000000000000000"),
        ("1000000000000000000", "1000000000000000001"),
        ("18446744073709551615", "18446744073709551616"),
        ("19999999999999999999", "20000000000000000000"),
        ("99999999999999999999", "100000000000000000000"),
    ] {
        let [number, next] = [number, next].map(|text| Number::parse(text).unwrap());
        assert!(number.next() == next, "{next}");
        assert!(number < next, "{next}");
    }
    let changed = version("1.0.post99999999999999999999").base();
    assert!(matches!(changed.0, Form::Small(_)));
    assert_eq!(changed, version("1.0"));
}

#[test]
fn what_python_does_not_read_is_no_version() {
    let digits = |count: usize| format!("1.{}", "7".repeat(count));
    assert_eq!(version(&digits(4300)).to_string(), digits(4300));
    assert!(digits(4301).parse::<Version>().is_err());
    assert!(
        format!("1.0+a.{}", "7".repeat(4301))
            .parse::<Version>()
            .is_err()
    );
    assert!("1.99999999999999999999x".parse::<Version>().is_err());
    assert!("99999999999999999999.*".parse::<Version>().is_err());
    assert_eq!(
        version("1.0").last_post().to_string().len(),
        "1.0.post".len() + 4300
    );
}

#[test]
fn requirements_hold_large_numbers() {
    for (text, shown) in [
        (
            "a==1.0.dev20261130235959123456",
            "==1.0.dev20261130235959123456",
        ),
        (
            "a[x] >= 99999999999999999999, <100000000000000000000 ; os_name == 'nt'",
            ">=99999999999999999999,<100000000000000000000",
        ),
        ("a (~=1.99999999999999999999)", "~=1.99999999999999999999"),
        ("a===01.99999999999999999999", "===01.99999999999999999999"),
        ("a123456789012345678901==1.*", "==1.*"),
        ("a!=1.99999999999999999999.*", "!=1.99999999999999999999.*"),
    ] {
        let read: Requirement = text.parse().unwrap();
        assert_eq!(read.specifiers().unwrap().to_string(), shown, "{text}");
    }
    for text in [
        "a>=99999999999999999999.*",
        "a~=99999999999999999999",
        "a<1+99999999999999999999",
    ] {
        assert!(text.parse::<Requirement>().is_err(), "{text}");
    }
    let parts = Parts::of(&"1.2".parse().unwrap());
    assert_eq!(parts.to_string(), "1.2");
    assert!(number::has_many_digits("0000000000000000000"));
}
