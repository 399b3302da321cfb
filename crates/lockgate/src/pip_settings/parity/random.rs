//! Configurations made at random: what people write, what they mistype, and what nobody would.

use super::Case;
use lockgate_index::pip_config::System;

const PLACES: [&str; 6] = [
    "xdg/pip/pip.conf",
    "home/.pip/pip.conf",
    "home/.config/pip/pip.conf",
    "prefix/pip.conf",
    "x/pip/pip.conf",
    "named",
];
const SECTIONS: [&str; 12] = [
    "[global]",
    "[install]",
    "[global]",
    "[install]",
    "[DEFAULT]",
    "[download]",
    "[:env:]",
    "[ global]",
    "[install] x",
    "[Global]",
    "[list]",
    "[a.b]",
];
/// Options, and values that suit them or not.
const OPTIONS: [(&str, &[&str]); 19] = [
    (
        "index-url",
        &[
            "https://a.test/simple",
            "https://u:p%40@b.test/",
            "x # y",
            "\"q\"",
        ],
    ),
    ("pypi-url", &["https://c.test", "https://d.test # e"]),
    (
        "extra-index-url",
        &[
            "https://e.test",
            "https://e.test  https://f.test",
            "\n  https://g.test\n\n  # c\n  https://h.test",
        ],
    ),
    ("find-links", &["/a /b", "~/wheels", "\n\t./c"]),
    ("trusted-host", &["a.test", "a.test:80 b.test"]),
    ("timeout", &["3", "0.5", "1e1", "9", "9", "x", "0"]),
    ("default-timeout", &["4", "5"]),
    ("retries", &["1", "0", "0x2", "010", "9", "1 2"]),
    ("proxy", &["http://p.test:3128", "socks5://p.test"]),
    ("cert", &["~/ca.pem", "/ca.pem", "ca é.pem"]),
    ("pre", &["yes", "no", "1", "0", "True", "maybe"]),
    ("no-index", &["false", "off", "on", "1"]),
    ("no-deps", &["y", "n"]),
    ("prefer-binary", &["t", "f"]),
    ("no-binary", &[":all:", "a", "b,a", ":none:", "a,:all:,b"]),
    ("only-binary", &[":all:", "a", "some_thing,b", ":none:"]),
    ("all-releases", &[":all:", "a", "b,Some.Thing", ":none:"]),
    ("only-final", &[":all:", "a,b", ":none:"]),
    ("nonsense", &["1", ""]),
];

/// Numbers that follow from a seed alone.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // Xorshift: good enough to spread cases, and the same on every machine.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// The case of a seed.
pub(super) fn case(seed: usize) -> Case {
    let mut dice =
        Dice(0x9e37_79b9_7f4a_7c15 ^ (seed as u64 + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut case = Case::new(&format!("seed {seed}"), &[], &[]);
    for _ in 0..=dice.below(3) {
        let place = dice.of(&PLACES).to_owned();
        let text = file(&mut dice);
        case.files.retain(|(known, _)| *known != place);
        case.files.push((place, text.into_bytes()));
    }
    for _ in 0..dice.below(4) {
        let (name, values) = OPTIONS[dice.below(OPTIONS.len())];
        let name = name.to_uppercase().replace('-', "_");
        let value = if dice.once_in(6) { "" } else { dice.of(values) };
        case.variables
            .push((format!("PIP_{name}"), value.to_owned()));
    }
    if dice.once_in(4) {
        let file = dice.of(&[
            "{root}/named",
            "{root}/prefix/pip.conf",
            "/dev/null",
            "",
            "{root}/xdg/pip/pip.conf",
            "{root}",
        ]);
        case.variables
            .push(("PIP_CONFIG_FILE".to_owned(), file.to_owned()));
    }
    if dice.once_in(4) {
        case.variables
            .push(("XDG_CONFIG_HOME".to_owned(), "{root}/x".to_owned()));
    }
    if dice.once_in(8) {
        case.system = if dice.once_in(2) {
            System::MacOs
        } else {
            System::Windows
        };
    }
    case
}

fn file(dice: &mut Dice) -> String {
    let mut text = String::new();
    let ends = ["\n", "\n", "\n", "\r\n", "\n\n", "\r"];
    let end = dice.of(&ends);
    if !dice.once_in(30) {
        text.push_str(dice.of(&SECTIONS));
        text.push_str(end);
    }
    for _ in 0..dice.below(7) {
        let line = match dice.below(24) {
            0 | 1 => dice.of(&SECTIONS).to_owned(),
            2 => dice
                .of(&["# a comment", "; another", "  # deeper", "", "   "])
                .to_owned(),
            3 => dice
                .of(&["  continued", "\tcontinued = x", "    [global]"])
                .to_owned(),
            4 if dice.once_in(4) => dice
                .of(&["no sign", "= no key", "[open", "[]", ": x", "\u{feff}"])
                .to_owned(),
            _ => assignment(dice),
        };
        text.push_str(&line);
        text.push_str(end);
    }
    text
}

fn assignment(dice: &mut Dice) -> String {
    let (name, values) = OPTIONS[dice.below(OPTIONS.len())];
    let name = match dice.below(8) {
        0 => name.to_uppercase(),
        1 => name.replace('-', "_"),
        2 => format!("--{name}"),
        _ => name.to_owned(),
    };
    let indent = if dice.once_in(8) { "  " } else { "" };
    let sign = dice.of(&[" = ", "=", ": ", " :", " =  "]);
    let value = if dice.once_in(8) { "" } else { dice.of(values) };
    format!("{indent}{name}{sign}{value}")
}
