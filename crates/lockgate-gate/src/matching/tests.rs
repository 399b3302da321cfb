use super::*;

fn affected(json: &str) -> Extent {
    extent(&serde_json::from_str(json).unwrap())
}

fn range(events: &str) -> Extent {
    affected(&format!(
        r#"{{"ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}]}}"#
    ))
}

fn check(extent: &Extent, inside: &[&str], outside: &[&str]) {
    for version in inside {
        assert!(
            extent.versions().contains(&version.parse().unwrap()),
            "{version} is affected"
        );
    }
    for version in outside {
        assert!(
            !extent.versions().contains(&version.parse().unwrap()),
            "{version} is not affected"
        );
    }
}

#[test]
fn a_range_holds_from_its_introduction_up_to_its_fix() {
    let extent = range(r#"{"introduced":"1.0"},{"fixed":"2.0"}"#);
    check(
        &extent,
        &["1.0", "1.0+cpu", "1.5", "1.9.post1", "2.0rc1", "2.0.dev1"],
        &["0.9", "1.0rc1", "2.0", "2.0+cpu", "1!1.5"],
    );
    assert_eq!(extent.fixed, ["2.0".parse().unwrap()]);
}

#[test]
fn zero_is_before_everything() {
    check(
        &range(r#"{"introduced":"0"},{"fixed":"1.0"}"#),
        &["0", "0.dev0", "0.1a1"],
        &["1.0"],
    );
    check(&range(r#"{"introduced":"0"}"#), &["0.dev0", "99!1"], &[]);
}

#[test]
fn the_last_affected_version_is_affected_with_its_local_versions() {
    check(
        &range(r#"{"introduced":"0"},{"last_affected":"1.4"}"#),
        &["1.4", "1.4+cpu", "1.4rc1"],
        &["1.4.post1", "1.4.1"],
    );
}

#[test]
fn events_come_in_any_order_and_open_several_ranges() {
    let extent =
        range(r#"{"fixed":"2.0"},{"introduced":"3.0"},{"introduced":"1.0"},{"fixed":"3.1"}"#);
    check(
        &extent,
        &["1.0", "1.9", "3.0", "3.0.9"],
        &["0.9", "2.0", "2.9", "3.1"],
    );
    let extent = affected(
        r#"{"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.0"},{"fixed":"1.1"}]},{"type":"ECOSYSTEM","events":[{"introduced":"2.0"},{"fixed":"2.1"}]}]}"#,
    );
    check(&extent, &["1.0", "2.0.5"], &["1.1", "1.5", "2.1"]);
}

#[test]
fn a_limit_ends_a_range_and_a_star_does_not() {
    check(
        &range(r#"{"introduced":"1.0"},{"limit":"2.0"}"#),
        &["1.9"],
        &["2.0"],
    );
    check(
        &range(r#"{"introduced":"1.0"},{"limit":"*"}"#),
        &["1.9", "20"],
        &["0.9"],
    );
}

#[test]
fn listed_versions_count_whatever_the_ranges_say() {
    let extent = affected(
        r#"{"versions":["1.0","2.9.0-NA","3.0"],"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.0"},{"fixed":"2.1"}]}]}"#,
    );
    check(
        &extent,
        &["1.0", "1.0.0", "1.0+cpu", "2.0.1", "3.0"],
        &["1.1", "2.9.0", "2.1"],
    );
}

#[test]
fn ranges_of_commits_say_nothing_about_versions() {
    let extent = affected(
        r#"{"versions":["1.0"],"ranges":[{"type":"GIT","events":[{"introduced":"0"},{"fixed":"abcdef"}]}]}"#,
    );
    check(&extent, &["1.0"], &["0.9", "1.1"]);
    assert!(extent.unclear.is_empty());
}

#[test]
fn an_entry_that_comes_to_no_version_affects_every_version() {
    for entry in [
        "{}",
        r#"{"versions":[],"ranges":[]}"#,
        r#"{"versions":null,"ranges":null}"#,
        r#"{"versions":["2.9.0-NA"]}"#,
        r#"{"ranges":[{"type":"GIT","events":[{"introduced":"0"},{"fixed":"abcdef"}]}]}"#,
        r#"{"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.0"},{"fixed":"1.0"}]}]}"#,
    ] {
        let extent = affected(entry);
        check(&extent, &["0.dev0", "1.0", "99!1"], &[]);
        assert_eq!(extent.unclear, [NO_VERSIONS], "{entry}");
        let is_silent = !entry.contains("1.0") && !entry.contains("NA");
        assert_eq!(extent.states_no_versions, is_silent, "{entry}");
    }
}

#[test]
fn a_range_without_introduced_begins_with_the_first_version() {
    for (events, inside, outside) in [
        ("", vec!["0.dev0", "99"], vec![]),
        ("{}", vec!["0.dev0", "99"], vec![]),
        (r#"{"introduced":null}"#, vec!["0.dev0", "99"], vec![]),
        (r#"{"limit":"*"}"#, vec!["0.dev0", "99"], vec![]),
        (r#"{"fixed":"x-y"}"#, vec!["0.dev0", "99"], vec![]),
        (r#"{"fixed":"2.0"}"#, vec!["0.dev0", "1.9"], vec!["2.0"]),
        (
            r#"{"last_affected":"2.0"}"#,
            vec!["0.dev0", "2.0"],
            vec!["2.1"],
        ),
        (
            r#"{"introduced":"3.0"},{"fixed":"2.0"}"#,
            vec!["1.0", "3.0", "99"],
            vec!["2.0", "2.9"],
        ),
    ] {
        let extent = range(events);
        check(&extent, &inside, &outside);
        assert!(
            extent.unclear.iter().any(|what| what == NO_INTRODUCED),
            "{events}"
        );
    }
    // A sound range next to it does not speak for it.
    let extent = affected(
        r#"{"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"5"},{"fixed":"6"}]},{"type":"ECOSYSTEM","events":[{"fixed":"2.0"}]}]}"#,
    );
    check(&extent, &["1.0", "5.5"], &["2.0", "6"]);
}

#[test]
fn a_version_that_last_affected_names_is_affected_whatever_else_ends_the_range() {
    let extent = range(r#"{"introduced":"0"},{"last_affected":"0.9"},{"last_affected":"0.11"}"#);
    check(&extent, &["0.9", "0.10", "0.11"], &["0.12"]);
    assert_eq!(extent.unclear, [SEVERAL_ENDS]);
    let extent = range(r#"{"introduced":"0"},{"fixed":"2.0"},{"last_affected":"3.0"}"#);
    check(&extent, &["1.0", "3.0"], &["2.0", "2.5", "3.1"]);
    assert_eq!(extent.unclear, [SEVERAL_ENDS]);
}

#[test]
fn a_bound_without_a_release_leaves_the_range_open() {
    for text in [
        "abc-def",
        "NA",
        "<= 2.0",
        "2.0 and later",
        "2.0+",
        "2.0, 3.0",
        "7a9c3f21",
        "18446744073709551616.x",
        "2.0-*é",
        "",
    ] {
        check(
            &range(&format!(r#"{{"introduced":"1.0"}},{{"fixed":"{text}"}}"#)),
            &["1.0", "99"],
            &["0.9"],
        );
        check(
            &range(&format!(
                r#"{{"introduced":"1.0"}},{{"last_affected":"{text}"}}"#
            )),
            &["1.0", "99"],
            &["0.9"],
        );
        check(
            &range(&format!(r#"{{"introduced":"{text}"}},{{"fixed":"2.0"}}"#)),
            &["0.1", "1.9"],
            &["2.0"],
        );
    }
}

#[test]
fn a_bound_that_begins_with_a_release_is_that_release_with_any_suffix() {
    let any = [
        "2.6.0.dev0",
        "2.6.0a1",
        "2.6.0",
        "2.6",
        "2.6.0+cu124",
        "2.6.0.post3.dev1",
        "2.6.0.post3+x",
        "2.6.0.post18446744073709551615+z",
    ];
    let later = ["2.6.0.1.dev0", "2.6.1", "2.7", "1!0.1"];
    let earlier = ["0.1", "2.5.9"];
    for text in [
        "2.6.0-NA",
        "2.6.0-cu124",
        "v2.6.0-NA",
        " 2.6.0-NA ",
        "0!2.6.0-NA",
        r"2.6.0-alpha\\.33",
        "2.6.0-12.1",
        "2.6.0NA",
        "2.6-NA",
    ] {
        for word in ["last_affected", "fixed", "limit"] {
            let extent = range(&format!(r#"{{"introduced":"0"}},{{"{word}":"{text}"}}"#));
            check(&extent, &earlier, &later);
            check(&extent, &any, &[]);
            assert_eq!(extent.unclear.len(), 1, "{text}");
            assert!(extent.unclear[0].starts_with(word), "{text}");
            assert_eq!(extent.fixed, [], "{text}");
        }
        let extent = range(&format!(r#"{{"introduced":"{text}"}},{{"fixed":"3"}}"#));
        check(&extent, &any, &earlier);
        check(&extent, &["2.6.0.1.dev0", "2.9"], &["3"]);
    }
    check(
        &range(r#"{"introduced":"0"},{"last_affected":"1!2.0-NA"}"#),
        &["9", "1!2.0.post1"],
        &["1!2.0.1"],
    );
}

#[test]
fn a_bound_of_a_family_or_a_date_means_all_of_it() {
    for text in ["2.x", "2.X", "2.*", "2-x", "v2.x-dev"] {
        check(
            &range(&format!(
                r#"{{"introduced":"0"}},{{"last_affected":"{text}"}}"#
            )),
            &["1.0", "2.0", "2.99.post1"],
            &["3.dev0", "3.0"],
        );
        check(
            &range(&format!(r#"{{"introduced":"{text}"}}"#)),
            &["2.dev0", "2.0", "3"],
            &["1.9"],
        );
    }
    check(
        &range(r#"{"introduced":"0"},{"last_affected":"2.1.x"}"#),
        &["2.0", "2.1.7"],
        &["2.2.dev0"],
    );
    check(
        &range(r#"{"introduced":"0"},{"fixed":"4.6.0.stable11"}"#),
        &["4.5", "4.6.0", "4.6.0.10"],
        &["4.6.1.dev0", "4.6.1"],
    );
    for text in ["2024-09-25", "2024-09-25b"] {
        check(
            &range(&format!(
                r#"{{"introduced":"0"}},{{"last_affected":"{text}"}}"#
            )),
            &["0.3", "2024", "2024.9.20", "2024.9.25.post1"],
            &["2024.9.26", "2024.10.1", "2025"],
        );
    }
    // Numbers with other separators may all be of the release, or the first alone.
    for text in ["2-6-0", "2_6_0", "2-6.0"] {
        check(
            &range(&format!(
                r#"{{"introduced":"0"}},{{"last_affected":"{text}"}}"#
            )),
            &["1.0", "2.5", "2.6.0", "2.6.0.post1"],
            &["2.6.1", "3.0"],
        );
        check(
            &range(&format!(r#"{{"introduced":"{text}"}}"#)),
            &["2.6.0", "2.6.1"],
            &["1.9"],
        );
    }
}

#[test]
fn of_several_ends_that_are_no_versions_the_largest_counts() {
    let extent = range(
        r#"{"introduced":"0"},{"last_affected":"2.9.0-NA"},{"last_affected":"2.9.0-beta1"},{"last_affected":"2.9.0-rc3"}"#,
    );
    check(
        &extent,
        &["2.8", "2.9.0b1", "2.9.0rc2", "2.9.0"],
        &["2.9.1"],
    );
    let extent = range(
        r#"{"introduced":"0"},{"last_affected":"2.7.1-NA"},{"last_affected":"2.5.0-NA"},{"introduced":"3.0"},{"fixed":"3.1"}"#,
    );
    check(&extent, &["2.6.0", "2.7.1", "3.0"], &["2.8", "3.1"]);
}

#[test]
fn spans_of_one_range_may_lie_in_each_other() {
    // As a record of 2021 has it.
    let extent = range(
        r#"{"introduced":"2.11"},{"fixed":"2.11.7"},{"introduced":"0"},{"fixed":"2.11.6"},{"introduced":"2.12"},{"fixed":"2.12.4"}"#,
    );
    check(
        &extent,
        &["1.0", "2.11", "2.11.6", "2.12"],
        &["2.11.7", "2.12.4"],
    );
    // One end for two beginnings is one span, and a second end of one beginning none.
    check(
        &range(r#"{"introduced":"0"},{"introduced":"1.0"},{"fixed":"2.0"}"#),
        &["0.5", "1.5"],
        &["2.0", "3.0"],
    );
    check(
        &range(r#"{"introduced":"5.0"},{"fixed":"5.0.12"},{"fixed":"5.0.46"}"#),
        &["5.0.11"],
        &["5.0.12", "5.0.20"],
    );
}

#[test]
fn an_event_with_several_bounds_has_them_all() {
    check(
        &range(r#"{"introduced":"1.0","fixed":"2.0"}"#),
        &["1.0", "1.9"],
        &["0.9", "2.0"],
    );
}

#[test]
fn an_introduction_and_the_last_affected_version_may_be_one() {
    check(
        &range(r#"{"introduced":"1.0"},{"last_affected":"1.0"}"#),
        &["1.0"],
        &["0.9", "1.0.1"],
    );
    check(
        &range(r#"{"introduced":"0"},{"last_affected":"0"}"#),
        &["0.dev0", "0", "0.0"],
        &["0.0.1"],
    );
}

#[test]
fn a_range_that_ends_where_it_begins_affects_every_version() {
    let entry = |ranges: &[&str], versions: &str| {
        let ranges: Vec<String> = ranges
            .iter()
            .map(|events| format!(r#"{{"type":"ECOSYSTEM","events":[{events}]}}"#))
            .collect();
        affected(&format!(
            r#"{{"versions":[{versions}],"ranges":[{}]}}"#,
            ranges.join(",")
        ))
    };
    let at_zero = ["0", "0.0", "0!0", "0.dev0", "0rc1"];
    let mut empty: Vec<String> = Vec::new();
    for end in at_zero {
        for word in ["fixed", "limit"] {
            empty.push(format!(r#"{{"introduced":"0"}},{{"{word}":"{end}"}}"#));
            empty.push(format!(r#"{{"{word}":"{end}"}},{{"introduced":"0"}}"#));
            // What was not introduced was there from the beginning.
            empty.push(format!(r#"{{"{word}":"{end}"}}"#));
        }
    }
    for more in [
        r#"{"introduced":"0.0"},{"fixed":"0"}"#,
        r#"{"introduced":"1.0"},{"fixed":"1.0"}"#,
        r#"{"introduced":"1.0"},{"limit":"1"}"#,
        // A second span of a sound range.
        r#"{"introduced":"5"},{"fixed":"6"},{"introduced":"7"},{"fixed":"7.0"}"#,
    ] {
        empty.push(more.to_owned());
    }
    let sound = r#"{"introduced":"5"},{"fixed":"6"}"#;
    for events in &empty {
        for (extent, is_alone) in [
            (entry(&[events], ""), true),
            (entry(&[events], r#""9.0""#), false),
            (entry(&[events, sound], ""), false),
            (entry(&[sound, events], ""), false),
        ] {
            check(&extent, &["0.dev0", "0", "1.0", "99!1"], &[]);
            assert!(!extent.states_no_versions, "{events}");
            let why = if is_alone && !events.contains('5') {
                NO_VERSIONS
            } else {
                ENDS_WHERE_IT_BEGINS
            };
            assert!(extent.unclear.iter().any(|text| text == why), "{events}");
        }
    }
}

#[test]
fn a_range_that_ends_where_the_next_one_begins_is_sound() {
    // As a record of 2024 has it.
    let extent =
        range(r#"{"introduced":"0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"fixed":"2.11.2"}"#);
    check(&extent, &["0.7", "2.0.0", "2.11.1"], &["2.11.2", "3"]);
    assert!(extent.unclear.is_empty());
}

/// The rules again, by walking over the events for one version at a time.
fn slowly(events: &[(u8, &str)], version: &Version) -> bool {
    let mut sorted: Vec<(Version, u8)> = events
        .iter()
        .map(|(kind, text)| (text.parse().unwrap(), *kind))
        .collect();
    sorted.sort();
    let mut is_affected = false;
    for (bound, kind) in sorted {
        match kind {
            0 if *version >= bound => is_affected = true,
            1 if *version >= bound => is_affected = false,
            2 if *version > bound => is_affected = false,
            _ => {}
        }
    }
    is_affected
}

#[test]
fn random_ranges_agree_with_the_slow_walk() {
    let texts = [
        "0.1",
        "1.0a1",
        "1.0",
        "1.0.post1",
        "1.1",
        "2.0.dev1",
        "2.0",
        "1!0.5",
    ];
    // All pairs of two ranges over these versions.
    for a in 0..texts.len() {
        for b in a + 1..texts.len() {
            for c in b + 1..texts.len() {
                for closing in [1u8, 2] {
                    let events = [(0, texts[a]), (closing, texts[b]), (0, texts[c])];
                    let json: Vec<String> = events
                        .iter()
                        .map(|(kind, text)| {
                            format!(
                                r#"{{"{}":"{text}"}}"#,
                                ["introduced", "fixed", "last_affected"][usize::from(*kind)]
                            )
                        })
                        .collect();
                    let extent = range(&json.join(","));
                    for text in texts {
                        let version: Version = text.parse().unwrap();
                        assert_eq!(
                            extent.versions().contains(&version),
                            slowly(&events, &version),
                            "{text} in {events:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_range_that_opens_where_it_closes_goes_on() {
    // As a record of 2022 has it.
    check(
        &range(
            r#"{"introduced":"0.13.0"},{"fixed":"0.14.0rc1"},{"introduced":"0.12.2"},{"fixed":"0.13.0"}"#,
        ),
        &["0.12.2", "0.13.0", "0.13.5"],
        &["0.12.1", "0.14.0rc1", "0.14.0"],
    );
}
