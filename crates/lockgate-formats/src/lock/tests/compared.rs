//! A lock against its graph: nothing that an installer acts on can be added, changed or taken away unseen.

use lockgate_model::{DirectKind, DirectPin};
use proptest::prelude::*;

use super::super::compare::{What, compare};
use super::*;

/// Every option that pip takes in a requirements file, in each of its spellings, with a value where it takes one.
const OPTIONS: &[&str] = &[
    "-i https://host.test/simple",
    "-ihttps://host.test/simple",
    "--index-url https://host.test/simple",
    "--index-url=https://host.test/simple",
    "--index-url ${INDEX}",
    "--index https://host.test/simple",
    "--pypi-url https://host.test/simple",
    "--extra-index-url https://host.test/simple",
    "--extra https://host.test/simple",
    "--no-index",
    "--no-i",
    "-f links",
    "-flinks",
    "--find-links links",
    "--find 'https://host.test/my links'",
    "--trusted-host host.test",
    "--trusted host.test",
    "--pre",
    "--prefer-binary",
    "--no-binary :all:",
    "--no-b django",
    "--only-binary :none:",
    "--all-releases :all:",
    "--only-final django",
    "--require-hashes",
    "--no-require-hashes",
    "--use-feature fast-deps",
    "-r other.txt",
    "-rother.txt",
    "--requirement other.txt",
    "--req other.txt",
    "-c other.txt",
    "--constraint=other.txt",
    "-e ./folder",
    "-e.",
    "--editable git+https://host.test/x",
    "--hash sha256:00",
    "--config-settings a=b",
    "-C a=b",
    "--global-option x",
    "--index-url \\\n    https://host.test/simple",
    "--index-\\\nurl https://host.test/simple",
    "\\--pre \\\n",
    "\u{a0}--pre",
    "\x1f--pre",
    "--pre # harmless",
    "# harmless\u{2028}--pre",
    "# harmless\x0b--pre",
    "\x1f# harmless \\\n--pre",
    "    # via a\r--pre",
    "--pre \\\n# harmless",
];

/// What stands on the line of a requirement.
const OF_A_PIN: &[&str] = &[
    "--hash=sha256:0909090909090909090909090909090909090909090909090909090909090909",
    "--hash sha512:00",
    "--hash=md5:00",
    "--ha=sha256:${DIGEST}",
    "--config-settings a=b",
    "--config-settings=a=b",
    "--config a=b",
    "-C a=b",
    "-Ca=b",
    "--global-option x",
    "--global-option=--x",
    "--pre",
    "--index-url https://host.test/simple",
    "-i https://host.test/simple",
    "--no-binary django",
    "; python_version < '3'",
    "; python_version > '3'",
    "; platform_release < '9.0' or platform_release >= '18.0'",
    "; python_version < '3.99999999999999999999'",
    "; sys_platform == '${PLATFORM}'",
    "; extra == 'x'",
    "; nonsense == 'x'",
];

fn with_references() -> LockedGraph {
    let mut graph = graph();
    let mut archive = pin("archive", "1.0", 1);
    archive.direct = Some(DirectPin {
        reference: "https://${TOKEN}@host.test/archive-1.0.tar.gz".to_owned(),
        kind: DirectKind::Archive(Sha256([0; 32])),
        requested: None,
        editable: false,
    });
    let mut folder = pin("folder", "1.0", 0);
    folder.direct = Some(DirectPin {
        reference: "./folder x".to_owned(),
        kind: DirectKind::Folder,
        requested: None,
        editable: false,
    });
    graph.pins.insert(archive);
    graph.pins.insert(folder);
    let mut one = pin("two", "1.0", 1);
    one.marker = Marker::parse("sys_platform == 'linux'").unwrap();
    let mut other = pin("two", "2.0", 2);
    other.marker = Marker::parse("sys_platform != 'linux'").unwrap();
    graph.pins.insert(one);
    graph.pins.insert(other);
    graph
}

fn index() -> IndexOptions {
    let place = |text: &str| (text.to_owned(), origin(""));
    IndexOptions {
        index_url: Some(place("https://index.test/simple")),
        extra_index_urls: vec![place("https://extra.test/${PATH_OF}/simple")],
        no_index: false,
        find_links: vec![place("my links")],
        trusted_hosts: vec![place("host.test")],
    }
}

/// Ways to write a lock.
fn all_options() -> Vec<RenderOptions> {
    let mut all = Vec::new();
    for annotation in [Annotation::Split, Annotation::Line, Annotation::None] {
        for newline in [Newline::Unix, Newline::Windows] {
            for header in [true, false] {
                for strip_extras in [true, false] {
                    all.push(RenderOptions {
                        annotation,
                        newline,
                        header,
                        strip_extras,
                        index: if header {
                            index()
                        } else {
                            IndexOptions::default()
                        },
                        omitted: strip_extras
                            .then(|| "sqlparse".parse().unwrap())
                            .into_iter()
                            .collect(),
                        ..RenderOptions::default()
                    });
                }
            }
        }
    }
    all
}

/// What `compare` says of a text; what cannot be read is as good as a difference.
fn seen(text: &str, options: &RenderOptions) -> Vec<String> {
    match compare(text, "requirements.txt", &with_references(), options) {
        Ok(differences) => differences
            .iter()
            .map(|one| one.text("requirements.txt"))
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn a_lock_is_the_same_as_what_would_be_written_however_it_is_written() {
    for options in all_options() {
        let text = render(&with_references(), &header(), &options);
        assert_eq!(seen(&text, &options), [""; 0], "{text}");
        let marked = format!("\u{feff}{text}");
        assert_eq!(seen(&marked, &options), [""; 0]);
        let without_hashes = RenderOptions {
            hashes: false,
            ..options.clone()
        };
        assert_eq!(seen(&text, &without_hashes), [""; 0]);
        let bare = render(&with_references(), &header(), &without_hashes);
        assert_eq!(seen(&bare, &without_hashes), [""; 0], "{bare}");
        assert_ne!(seen(&bare, &options), [""; 0]);
    }
}

#[test]
fn every_option_of_pip_is_seen_wherever_it_stands() {
    for options in all_options() {
        let text = render(&with_references(), &header(), &options);
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        for option in OPTIONS {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            for place in [0, lines.len() / 2, lines.len()] {
                // Not within a pin: its lines go on.
                let place = (place..=lines.len())
                    .find(|place| {
                        !lines[..*place]
                            .last()
                            .is_some_and(|line| line.trim_end().ends_with('\\'))
                    })
                    .unwrap();
                let edited = format!(
                    "{}{option}{end}{}",
                    lines[..place].concat(),
                    lines[place..].concat()
                );
                assert_ne!(
                    seen(&edited, &options),
                    [""; 0],
                    "{option:?} at {place}:\n{edited}"
                );
            }
            let marked = format!("\u{feff}{option}{end}{text}");
            assert_ne!(seen(&marked, &options), [""; 0], "{option:?}");
        }
        for line in text.lines().filter(|line| line.starts_with("--")) {
            assert_ne!(seen(&text.replace(line, ""), &options), [""; 0], "{line}");
            assert_ne!(
                seen(&text.replace(line, &format!("{line}x")), &options),
                [""; 0]
            );
        }
    }
}

#[test]
fn every_option_on_a_pin_is_seen() {
    for options in all_options() {
        let text = render(&with_references(), &header(), &options);
        for option in OF_A_PIN {
            for pin in ["django", "archive", "./folder x", "two==1.0"] {
                let mut edited = String::new();
                for line in text.lines() {
                    if !line.starts_with(pin) {
                        edited.push_str(line);
                    } else if let Some(line) = line.strip_suffix(" \\") {
                        let (line, marker) = line.split_once(" ; ").unwrap_or((line, ""));
                        let marker = if marker.is_empty() || option.starts_with(';') {
                            String::new()
                        } else {
                            format!(" ; {marker}")
                        };
                        edited.extend([line, marker.as_str(), " ", option, " \\"]);
                    } else {
                        edited.extend([line, " ", option]);
                    }
                    edited.push('\n');
                }
                assert_ne!(
                    seen(&edited, &options),
                    [""; 0],
                    "{option} on {pin}:\n{edited}"
                );
            }
        }
    }
}

#[test]
fn what_differs_is_said_with_its_line() {
    let options = bare();
    let text = render(&with_references(), &header(), &options);
    let django = "django[argon2,bcrypt]==4.2.16";
    for (from, to, said) in [
        (
            django,
            "django==4.2.16",
            "`django==4.2.16` would now be locked as `django[argon2,bcrypt]==4.2.16`",
        ),
        (
            django,
            "django[argon2,bcrypt,evil]==4.2.16",
            "would now be locked as `django[argon2,bcrypt]==4.2.16`",
        ),
        (
            django,
            "django[argon2,bcrypt]===4.2.16",
            "would now be locked as",
        ),
        (
            django,
            "django[argon2,bcrypt]>=4.2.16",
            "is not pinned to one version",
        ),
        (
            django,
            "django[argon2,bcrypt]==4.2.*",
            "is not pinned to one version",
        ),
        (
            django,
            "django[argon2,bcrypt]==4.2.17",
            "`django==4.2.17` would now be 4.2.16",
        ),
        (
            django,
            "jango==4.2.16",
            "`jango==4.2.16` is locked and not required by anything",
        ),
        (
            django,
            "django[argon2,bcrypt]==4.2.16\ndjango[argon2,bcrypt]==4.2.16",
            "is locked more than once",
        ),
        (
            "two==1.0 ; sys_platform == \"linux\"",
            "two==1.0",
            "`two==1.0` is locked for all environments and needed for `sys_platform == 'linux'`",
        ),
        (
            "https://${TOKEN}@host.test",
            "https://other.test",
            "`archive` would now be locked as `archive @ https://${TOKEN}@host.test/archive-1.0.tar.gz`",
        ),
    ] {
        let edited = text.replace(from, to);
        assert_ne!(edited, text, "{from}");
        let found = seen(&edited, &options);
        assert!(
            found.iter().any(|one| one.contains(said)),
            "{to}: {found:#?}"
        );
    }
    let found = compare(&format!("--pre\n{text}"), "x", &with_references(), &options).unwrap();
    let [difference] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(difference.line, Some(1));
    assert!(matches!(&difference.what, What::Unwanted { text } if text == "--pre"));
}

#[test]
fn other_spellings_of_the_same_are_no_difference() {
    let options = bare();
    let text = render(&with_references(), &header(), &options);
    for (from, to) in [
        (
            "django[argon2,bcrypt]==4.2.16",
            "Django[bcrypt, Argon2] == 4.2.16.0",
        ),
        ("sqlparse==0.5.0", "sqlparse == 0.5"),
        (
            "two==1.0 ; sys_platform == \"linux\"",
            "two==1.0;'linux' == sys_platform",
        ),
        ("    --hash=sha256:0000", "    --hash sha256:0000"),
        ("    # via", "    # requested by"),
        ("\nsqlparse", "\n\n# a remark\nsqlparse"),
    ] {
        let edited = text.replace(from, to);
        assert_ne!(edited, text, "{from}");
        assert_eq!(seen(&edited, &options), [""; 0], "{edited}");
    }
}

/// An option of a pin as pip reads it: a shell's escapes dropped, a beginning of its name taken for the name.
fn option_of_pin(word: &str) -> String {
    if !word.starts_with("--") {
        return word.to_owned();
    }
    let bare = word.replace('\\', "");
    match bare.split_once('=') {
        Some((name, value)) if name.len() > 2 && "--hash".starts_with(name) => {
            format!("--hash{value}")
        }
        _ => bare,
    }
}

proptest! {
    /// A line that is taken away or written twice, a character that is changed: seen, unless only comments and blanks differ.
    #[test]
    fn any_edit_of_what_counts_is_seen(
        form in 0..24_usize,
        place in any::<prop::sample::Index>(),
        put in prop::sample::select(vec!["", "x", "0", " ", "\\", "#", "\n", ";", "=", "[", "-"]),
    ) {
        let all = all_options();
        let options = &all[form % all.len()];
        let text = render(&with_references(), &header(), options);
        let chars: Vec<char> = text.chars().collect();
        let place = place.index(chars.len());
        let edited: String = chars[..place].iter().collect::<String>() + put
            + &chars[place + 1..].iter().collect::<String>();
        let kept = |text: &str| -> Vec<String> {
            let lines = crate::requirements::uncommented(text);
            lines.into_iter().map(|(_, line)| {
                line.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
            }).collect()
        };
        if kept(&edited) == kept(&text) {
            prop_assert_eq!(seen(&edited, options), [""; 0], "{}", edited);
        } else {
            let found = seen(&edited, options);
            // A zero may be added to a version, blanks may stand anywhere, an option takes its value behind `=` or a blank, and pip
            // takes the beginning of an option's name for it.
            let options: Vec<String> = (kept(&text).into_iter())
                .filter(|line| line.starts_with("--"))
                .filter_map(|line| line.split([' ', '=']).next().map(str::to_owned))
                .collect();
            let squeezed = |text: &str| {
                let lines = kept(text).into_iter();
                let lines = lines.map(|line| {
                    if !line.starts_with('-') {
                        let words = line.split(' ').map(option_of_pin);
                        return words.collect::<Vec<_>>().join(" ");
                    }
                    let line = line.replace('=', " ");
                    let (name, value) = line.split_once(' ').unwrap_or((&line, ""));
                    let whole = options.iter().find(|option| option.starts_with(name));
                    format!("{} {value}", whole.map_or(name, String::as_str))
                });
                lines.collect::<String>().replace([' ', '0'], "")
            };
            if squeezed(&edited) != squeezed(&text) {
                prop_assert_ne!(found, [""; 0], "{}", edited);
            }
        }
    }
}
