//! Requirement files made at random, the same for the same seed: mostly what people write, with slips here and there.

use std::fs;
use std::path::Path;

use crate::words::{
    ADDRESSES, DIGESTS, EDITABLES, EXTRAS, INCLUDES, MARKERS, NAME_LISTS, NAMES, OPERATORS, PATHS,
    VERSIONS,
};

/// A small generator of numbers (xorshift64*): what is made depends on the seed alone.
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// One of the first `usual`, and now and then of the rest, which pip refuses.
    fn pick_mostly<'a>(&mut self, from: &[&'a str], usual: usize) -> &'a str {
        let limit = if self.once_in(15) { from.len() } else { usual };
        from[self.below(limit)]
    }
}

/// Makes the world below `root` and `count` files in it; their names.
pub(crate) fn write(root: &Path, seed: u64, count: u64) -> Vec<String> {
    world(root);
    (0..count)
        .map(|index| {
            // The first numbers of neighbouring seeds are alike; a step far from them is not.
            let mut random = Random((seed + index).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
            for _ in 0..8 {
                random.next();
            }
            let name = format!("random-{}.txt", seed + index);
            put(root, &name, &file(&mut random));
            name
        })
        .collect()
}

fn world(root: &Path) {
    for (path, text) in [
        ("pyproject.toml", "[project]\nname = 'here'\n"),
        ("proj/pyproject.toml", "[project]\nname = 'proj'\n"),
        ("proj two/setup.py", ""),
        ("plain/readme", ""),
        ("wheels/a-1.0-py3-none-any.whl", ""),
        ("inc/wheels/a-1.0-py3-none-any.whl", ""),
        ("x-1.0-py3-none-any.whl", ""),
        ("dist/sample-2.0.tar.gz", ""),
        (
            "inc/base.txt",
            "# base\nclick>=7\n-f wheels\nflask ; os_name == 'nt'\n",
        ),
        ("inc/limits.txt", "click<9\n-r base.txt\nDjango!=1.0\n"),
        (
            "inc/nested.txt",
            "-c limits.txt\n-r ../inc/base.txt\n--pre\n./proj\n",
        ),
        ("inc/with blank.txt", "a\n"),
        ("inc/circle.txt", "a\n-r ./circle.txt\n"),
        ("web/host.test/r/base.txt", "click>=7\n-f wheels\n"),
        (
            "web/host.test/r/nested.txt",
            "-r base.txt\n-c ../r/limits.txt\nb\n",
        ),
        ("web/host.test/r/limits.txt", "b<2\n"),
    ] {
        put(root, path, text.as_bytes());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "pip reads files, so there must be some"
)]
fn put(root: &Path, path: &str, text: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn file(random: &mut Random) -> Vec<u8> {
    let has_slips = random.once_in(5);
    let mut text = String::new();
    for _ in 0..=random.below(9) {
        let mut line = line(random);
        if has_slips && random.once_in(3) {
            line = slip(random, &line);
        }
        text.push_str(&line);
        text.push_str(random.pick(&[
            "\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\r", "\n\n", "\x0c", "\u{2028}", " \n",
        ]));
    }
    encoded(random, text)
}

fn encoded(random: &mut Random, text: String) -> Vec<u8> {
    match random.below(40) {
        0 => [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
        1 => utf16(&text, u16::to_le_bytes, [0xff, 0xfe]),
        2 => utf16(&text, u16::to_be_bytes, [0xfe, 0xff]),
        3 => [
            "# -*- coding: utf-8 -*-\n# grüße\n".as_bytes(),
            text.as_bytes(),
        ]
        .concat(),
        4 if text.is_ascii() => [b"# coding: latin-1\n# gr\xfc\xdfe\n", text.as_bytes()].concat(),
        5 if text.is_ascii() => [
            b"#\n# vim: set fileencoding=cp1252 :\n# \x80\n",
            text.as_bytes(),
        ]
        .concat(),
        6 if text.is_ascii() => [b"# coding=koi8-r\n# \xc4\xc1\n", text.as_bytes()].concat(),
        7 if random.once_in(4) => [text.as_bytes(), b"# \xff\n"].concat(),
        _ => text.into_bytes(),
    }
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: [u8; 2]) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(unit);
    mark.into_iter().chain(units).collect()
}

/// A letter more, less or twice.
fn slip(random: &mut Random, line: &str) -> String {
    let mut letters: Vec<char> = line.chars().collect();
    let place = random.below(letters.len() + 1);
    match random.below(3) {
        0 => {
            let new = random.pick(&[
                " ", "-", "=", "<", ";", "#", "\\", "[", "]", "'", "\"", ",", "@", ":", "/", ".",
                "*", "(", ")", "$", "\t", "!", "~", "a", "1", "_", "--", " # ", "{", "%", "&",
                "\u{a0}",
            ]);
            for (offset, letter) in new.chars().enumerate() {
                letters.insert(place + offset, letter);
            }
        }
        1 if place < letters.len() => {
            letters.remove(place);
        }
        _ if place < letters.len() => letters.insert(place, letters[place]),
        _ => {}
    }
    letters.into_iter().collect()
}

fn line(random: &mut Random) -> String {
    let text = match random.below(20) {
        0..=8 => named(random),
        9 => direct(random),
        10 => format!("{}{}", random.pick(ADDRESSES), with_marker(random)),
        11 => format!("{}{}", random.pick_mostly(PATHS, 11), with_marker(random)),
        12 => format!(
            "{} {}",
            random.pick(&["-e", "--editable", "-e"]),
            random.pick_mostly(EDITABLES, 14)
        ),
        13 | 14 => include(random),
        15..=18 => option(random),
        _ => random
            .pick(&["", "# a comment", "   # set in", "\\", "# ends in \\", "#"])
            .to_owned(),
    };
    let comment = if random.once_in(8) {
        random.pick(&[" # why", "\t# why", "  #", "#no"])
    } else {
        ""
    };
    let before = if random.once_in(15) { "  " } else { "" };
    format!("{before}{text}{comment}")
}

fn named(random: &mut Random) -> String {
    let mut text = format!("{}{}", random.pick(NAMES), random.pick(EXTRAS));
    let clauses = random
        .pick(&["", "1", "1", "1", "2", "3"])
        .parse()
        .unwrap_or(0);
    let inside: Vec<String> = (0..clauses).map(|_| clause(random)).collect();
    let joined = inside.join(random.pick(&[",", ", ", " ,", ","]));
    let joined = match random.below(12) {
        0 if clauses > 0 => format!(" ({joined})"),
        1 => format!(" {joined}"),
        2 if clauses > 0 => format!("{joined},"),
        _ => joined,
    };
    text.push_str(&joined);
    text.push_str(&with_marker(random));
    if random.once_in(4) {
        for _ in 0..=random.below(3) {
            let before = random.pick(&[" ", " \\\n    ", "  "]);
            let hash = format!(
                "{before}--hash{}sha256:{}",
                random.pick(&["=", " ", "="]),
                random.pick(DIGESTS)
            );
            text.push_str(&hash);
        }
    }
    if random.once_in(25) {
        text.push_str(random.pick(&[
            " --config-settings a=b",
            " -C a=b -C a=c",
            " --config-settings='a=b c'",
            " --config-settings a",
            " -Ca=",
            " --no-binary :all:",
            " --only-binary=flask",
            " --pre",
            " -r inc/base.txt",
            " -i https://host.test",
            " junk",
            " --all-releases flask",
        ]));
    }
    text
}

fn clause(random: &mut Random) -> String {
    let operator = random.pick(OPERATORS);
    let mut version = random.pick(VERSIONS);
    if matches!(operator, "==" | "!=") && random.once_in(4) {
        version = random.pick(&["1.*", "2.0.*", "1.0+local.1", "1!1.*"]);
    }
    if random.once_in(80) {
        version = random.pick(&["1.*", "1.0+x", "1.x", "", "dev"]);
    }
    format!("{operator}{}{version}", random.pick(&["", "", " "]))
}

fn with_marker(random: &mut Random) -> String {
    if !random.once_in(3) {
        return String::new();
    }
    let before = random.pick(&[" ; ", ";", "; ", " ;"]);
    format!("{before}{}", marker(random, 2))
}

fn marker(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(3) > 0 {
        return random.pick(MARKERS).to_owned();
    }
    let (left, right) = (marker(random, depth - 1), marker(random, depth - 1));
    let both = format!("{left} {} {right}", random.pick(&["and", "or"]));
    if random.once_in(2) {
        format!("({both})")
    } else {
        both
    }
}

fn direct(random: &mut Random) -> String {
    let between = random.pick(&[" @ ", "@", " @", "@ "]);
    let marker = if random.once_in(3) {
        format!(" ; {}", random.pick(MARKERS))
    } else {
        String::new()
    };
    format!(
        "{}{}{between}{}{marker}",
        random.pick(NAMES),
        random.pick(EXTRAS),
        random.pick(ADDRESSES)
    )
}

fn include(random: &mut Random) -> String {
    let option = random.pick(&[
        "-r ",
        "-c ",
        "--requirement ",
        "--constraint=",
        "-r",
        "--requirement=",
        "-c",
    ]);
    let more = if random.once_in(12) {
        random.pick(&[
            " -r inc/base.txt",
            " -c inc/limits.txt",
            " --pre",
            " --no-binary a",
        ])
    } else {
        ""
    };
    format!("{option}{}{more}", random.pick_mostly(INCLUDES, 9))
}

fn option(random: &mut Random) -> String {
    let list = random.pick(NAME_LISTS);
    let one = match random.below(18) {
        0 => "-i https://one.test/simple".to_owned(),
        1 => "--index-url=https://user:${LOCKGATE_TOKEN}@two.test/simple".to_owned(),
        2 => format!(
            "--extra-index-url {}",
            random.pick(&["https://three.test/simple", "http://four.test:8080/"])
        ),
        3 => "--pypi-url https://five.test".to_owned(),
        4 => "--no-index".to_owned(),
        5 => format!(
            "-f {}",
            random.pick(&[
                "wheels",
                "./wheels",
                "https://host.test/links",
                "gone",
                "file:///srv/links",
                "inc/wheels"
            ])
        ),
        6 => format!(
            "--find-links={}",
            random.pick(&["wheels", "dist/sample-2.0.tar.gz", "../gone"])
        ),
        7 => format!("--no-binary {list}"),
        8 => format!("--only-binary={list}"),
        9 => "--prefer-binary".to_owned(),
        10 => "--require-hashes".to_owned(),
        11 => "--pre".to_owned(),
        12 => format!(
            "--trusted-host {}",
            random.pick_mostly(
                &[
                    "host.test",
                    "host.test:8443",
                    "localhost",
                    "[::1]:80",
                    "[::1]",
                    ":80",
                    "host.test:x"
                ],
                5
            )
        ),
        13 => format!(
            "--use-feature {}",
            random.pick_mostly(
                &["fast-deps", "truststore", "none-such", "2020-resolver"],
                2
            )
        ),
        14 => format!("--all-releases {list}"),
        15 => format!("--only-final={list}"),
        16 => random
            .pick_mostly(
                &[
                    "--no-require-hashes",
                    "--hash sha256:aa",
                    "-C a=b",
                    "--extra-index-url=",
                    "--ext https://six.test",
                    "--require",
                    "--no",
                    "--wat",
                    "-x",
                ],
                5,
            )
            .to_owned(),
        _ => format!(
            "{} {}",
            random.pick(&["--pre", "--no-index", "-i https://seven.test"]),
            random.pick(&[
                "--extra-index-url https://eight.test",
                "--prefer-binary",
                "junk",
                "-- --wat",
                "-f wheels -f gone"
            ])
        ),
    };
    if random.once_in(10) {
        format!("{one} --prefer-binary")
    } else {
        one
    }
}
