//! Configurations made by hand, one for every rule that a user could meet: places, precedence, lists, controls.
#![expect(clippy::too_many_lines, reason = "each function is one table")]

mod texts;

use lockgate_index::pip_config::System;

use super::{BRACKET, COUNT, Case, NAME, RELATIVE, SPACES, TIME};

const OLD: &str = "home/.pip/pip.conf";
const USER: &str = "home/.config/pip/pip.conf";
const XDG: &str = "xdg/pip/pip.conf";
const SITE: &str = "prefix/pip.conf";

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let mut all = places();
    all.extend(precedence());
    all.extend(texts::all());
    all.extend(lists());
    all.extend(controls());
    all.extend(chosen());
    all
}

fn places() -> Vec<Case> {
    let url = "[global]\nindex-url = https://a.test/simple\n";
    let mut cases = vec![
        Case::new("nothing", &[], &[]),
        Case::new("the machine's file", &[(XDG, url)], &[]),
        Case::new("the user's old file", &[(OLD, url)], &[]),
        Case::new("the user's file", &[(USER, url)], &[]),
        Case::new("the interpreter's file", &[(SITE, url)], &[]),
        Case::new(
            "a named file",
            &[("named", url)],
            &[("PIP_CONFIG_FILE", "{root}/named")],
        ),
        Case::new(
            "a named file that is missing",
            &[(USER, url)],
            &[("PIP_CONFIG_FILE", "{root}/missing")],
        ),
        Case::new(
            "a named file that is a folder",
            &[(USER, url)],
            &[("PIP_CONFIG_FILE", "{root}/home")],
        ),
        Case::new(
            "a named file beside the user's",
            &[(USER, url), ("named", "[global]\ntimeout = 3\n")],
            &[("PIP_CONFIG_FILE", "{root}/named")],
        ),
        Case::new(
            "an empty name of a file",
            &[(USER, url)],
            &[("PIP_CONFIG_FILE", "")],
        ),
        Case::new(
            "no file at all",
            &[(USER, url), (SITE, url)],
            &[("PIP_CONFIG_FILE", "/dev/null"), ("PIP_TIMEOUT", "3")],
        ),
        Case::new(
            "the interpreter's file by name",
            &[(SITE, url), (USER, "[global]\ntimeout = 3\n")],
            &[("PIP_CONFIG_FILE", "{root}/prefix/pip.conf")],
        ),
        Case::new(
            "XDG's home",
            &[("x/pip/pip.conf", url), (USER, "[global]\ntimeout = 3\n")],
            &[("XDG_CONFIG_HOME", "{root}/x")],
        ),
        Case::new(
            "an empty XDG home",
            &[(USER, url)],
            &[("XDG_CONFIG_HOME", "")],
        ),
        Case::new(
            "two of XDG's folders",
            &[
                ("x/pip/pip.conf", url),
                ("y/pip/pip.conf", "[global]\nindex-url = https://b.test\n"),
            ],
            &[("XDG_CONFIG_DIRS", "{root}/x:{root}/y")],
        ),
        Case::new(
            "a folder in place of a file",
            &[("home/.config/pip/pip.conf/x", url)],
            &[],
        ),
        Case::new(
            "relative XDG folders",
            &[],
            &[("XDG_CONFIG_HOME", "x"), ("XDG_CONFIG_DIRS", "y")],
        )
        .differs(RELATIVE),
    ];
    for system in [System::MacOs, System::Windows] {
        cases.extend([
            Case::new("elsewhere", &[], &[]).on(system),
            Case::new(
                "elsewhere, with a library",
                &[("home/Library/Application Support/pip/pip.conf", url)],
                &[],
            )
            .on(system),
            Case::new(
                "elsewhere, with a named file",
                &[("named", url)],
                &[("PIP_CONFIG_FILE", "{root}/named")],
            )
            .on(system),
            Case::new(
                "elsewhere, with a missing named file",
                &[],
                &[("PIP_CONFIG_FILE", "{root}/missing")],
            )
            .on(system),
        ]);
    }
    cases.push(
        Case::new(
            "the null device of Windows",
            &[(USER, url)],
            &[("PIP_CONFIG_FILE", "nul")],
        )
        .on(System::Windows),
    );
    cases.push(
        Case::new(
            "the null device of macOS",
            &[(USER, url)],
            &[("PIP_CONFIG_FILE", "/dev/null")],
        )
        .on(System::MacOs),
    );
    cases
}

fn precedence() -> Vec<Case> {
    let of = |section: &str, value: &str| format!("[{section}]\ntimeout = {value}\n");
    let (global, install) = (of("global", "1"), of("install", "2"));
    vec![
        Case::new(
            "files in their order",
            &[
                (XDG, &of("global", "1")),
                (OLD, &of("global", "2")),
                (USER, &of("global", "3")),
                (SITE, &of("global", "4")),
            ],
            &[],
        ),
        Case::new(
            "the command's section wins over a later file",
            &[(OLD, &install), (SITE, &global)],
            &[],
        ),
        Case::new(
            "the order of sections in a file does not count",
            &[(USER, &format!("{install}{global}"))],
            &[],
        ),
        Case::new(
            "variables win",
            &[(USER, &install)],
            &[("PIP_TIMEOUT", "3")],
        ),
        Case::new(
            "an empty variable does not",
            &[(USER, &install)],
            &[("PIP_TIMEOUT", "")],
        ),
        Case::new(
            "an empty value takes back",
            &[(OLD, &global), (USER, "[global]\ntimeout =\n")],
            &[],
        ),
        Case::new(
            "an empty value of the command does not",
            &[(OLD, &global), (USER, "[install]\ntimeout =\n")],
            &[],
        ),
        Case::new(
            "other commands' sections do not count",
            &[(
                USER,
                "[download]\ntimeout = 3\n[wheel]\nretries = 1\n[lock]\nretries = 2\n[freeze]\npre = x\n",
            )],
            &[],
        ),
        Case::new(
            "sections have case",
            &[(USER, "[Global]\ntimeout = 3\n[INSTALL]\ntimeout = 4\n")],
            &[],
        ),
        Case::new(
            "a section among the variables",
            &[(USER, "[:env:]\ntimeout = 3\n[install]\ntimeout = 4\n")],
            &[],
        ),
        Case::new(
            "a section among the variables, and a variable",
            &[(USER, "[:env:]\ntimeout = 3\n")],
            &[("PIP_TIMEOUT", "5")],
        ),
        Case::new(
            "two names of one option",
            &[(
                USER,
                "[global]\npypi-url = https://a.test\nindex-url = https://b.test\n",
            )],
            &[],
        ),
        Case::new(
            "two names of one option, turned round",
            &[(
                USER,
                "[global]\nindex-url = https://b.test\npypi-url = https://a.test\n",
            )],
            &[],
        ),
        Case::new(
            "two names of one option in two files",
            &[
                (
                    OLD,
                    "[global]\npypi-url = https://a.test\nindex-url = https://b.test\n",
                ),
                (USER, "[global]\npypi-url = https://c.test\n"),
            ],
            &[],
        ),
        Case::new(
            "the other name of the timeout",
            &[(USER, &install)],
            &[("PIP_DEFAULT_TIMEOUT", "9")],
        ),
        Case::new(
            "any case in a variable",
            &[],
            &[("PIP_timeout", "3"), ("PIP_Pre", "1")],
        ),
        Case::new(
            "dashes in a variable",
            &[],
            &[("PIP_INDEX-URL", "https://a.test"), ("PIP_--RETRIES", "2")],
        ),
        Case::new(
            "what pip does not know",
            &[(USER, "[global]\nnonsense = 1\nversions = x\n")],
            &[("PIP_NONSENSE", "1"), ("PIP_CONFIG_FILES", "x")],
        ),
        Case::new(
            "a bad value that is overridden",
            &[(USER, "[global]\ntimeout = soon\n")],
            &[("PIP_TIMEOUT", "5")],
        ),
    ]
}

fn lists() -> Vec<Case> {
    vec![
        Case::new(
            "lists of a variable",
            &[],
            &[(
                "PIP_EXTRA_INDEX_URL",
                "https://a.test  https://b.test\thttps://c.test\n",
            )],
        ),
        Case::new(
            "a list takes the place of another",
            &[(
                USER,
                "[global]\nextra-index-url = https://a.test\n[install]\nextra-index-url = https://b.test\n    https://c.test\n",
            )],
            &[],
        ),
        Case::new(
            "a list with an odd blank",
            &[],
            &[("PIP_TRUSTED_HOST", "a.test\u{1d}b.test\u{a0}c.test")],
        ),
        Case::new(
            "trusted hosts",
            &[(USER, "[global]\ntrusted-host = a.test\n    b.test:8080\n")],
            &[],
        ),
        Case::new(
            "places of links",
            &[(
                USER,
                "[global]\nfind-links =\n  ~/wheels\n  file:///x\n  https://a.test/links.html\n",
            )],
            &[],
        ),
        Case::new(
            "constraints",
            &[],
            &[
                ("PIP_CONSTRAINT", "c.txt ../d.txt"),
                ("PIP_BUILD_CONSTRAINT", "e.txt"),
            ],
        ),
        Case::new(
            "certificates",
            &[(
                USER,
                "[global]\ncert = ~/ca.pem\nclient-cert = ~/client.pem\n",
            )],
            &[],
        ),
        Case::new(
            "certificates of others",
            &[(
                USER,
                "[global]\ncert = /a/~/ca.pem\nclient-cert = client.pem\n",
            )],
            &[],
        ),
        Case::new("a home alone", &[], &[("PIP_CERT", "~")]),
    ]
}

fn controls() -> Vec<Case> {
    let both = |no: &str, only: &str| -> Vec<(String, String)> {
        [("PIP_NO_BINARY", no), ("PIP_ONLY_BINARY", only)]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    let mut cases: Vec<Case> = [
        (":all:", "a"),
        ("a", ":all:"),
        ("a,b", "b"),
        (":all:", ":none:"),
        (":all:", ":all:"),
        ("a,:all:,b", "a"),
        ("a,:none:,b", "Some_Thing"),
        (":all:,:none:", "a"),
        ("a,:all:,:none:,b", ":none:"),
    ]
    .into_iter()
    .map(|(no, only)| {
        let mut case = Case::new(&format!("no-binary {no} and only-binary {only}"), &[], &[]);
        case.variables = both(no, only);
        case
    })
    .collect();
    cases.extend([
        Case::new(
            "releases",
            &[],
            &[("PIP_ALL_RELEASES", ":all:"), ("PIP_ONLY_FINAL", "a")],
        ),
        Case::new(
            "releases, turned round",
            &[(USER, "[global]\nonly-final = :all:\nall-releases = a,B\n")],
            &[],
        ),
        Case::new(
            "releases, taken back",
            &[(
                USER,
                "[global]\nonly-final = a,b\n[install]\nonly-final = :none:\n",
            )],
            &[],
        ),
        Case::new(
            "controls add up over sections",
            &[(USER, "[global]\nno-binary = a\n[install]\nno-binary = b\n")],
            &[("PIP_ONLY_BINARY", "a")],
        ),
        Case::new(
            "controls of a later file take the place",
            &[
                (OLD, "[global]\nno-binary = a\n"),
                (USER, "[global]\nno-binary = b\n"),
            ],
            &[],
        ),
        Case::new(
            "controls in the order of their keys",
            &[(USER, "[global]\nonly-binary = :all:\nno-binary = a\n")],
            &[],
        ),
        Case::new(
            "controls in the other order",
            &[(USER, "[global]\nno-binary = a\nonly-binary = :all:\n")],
            &[],
        ),
        Case::new(
            "a control that is an option",
            &[],
            &[("PIP_NO_BINARY", "-a")],
        ),
    ]);
    cases
}

fn chosen() -> Vec<Case> {
    vec![
        Case::new(
            "a bracket after a section",
            &[(USER, "[install] ]\nretries = 2\n")],
            &[],
        )
        .differs(BRACKET),
        Case::new("fewer than no retries", &[], &[("PIP_RETRIES", "-1")]).differs(COUNT),
        Case::new("less than no time", &[], &[("PIP_TIMEOUT", "-1")]).differs(TIME),
        Case::new("time that is no number", &[], &[("PIP_TIMEOUT", "nan")]).differs(TIME),
        Case::new("a name with blanks in it", &[], &[("PIP_NO_BINARY", "a b")]).differs(NAME),
        Case::new(
            "names over several lines",
            &[(USER, "[global]\nno-binary =\n    a\n    b\n")],
            &[],
        )
        .differs(NAME),
        Case::new("blanks around names", &[], &[("PIP_NO_BINARY", "a, b")]).differs(SPACES),
    ]
}

impl Case {
    /// With a file that need not be text.
    fn with(mut self, place: &str, content: &[u8]) -> Self {
        self.files.push((place.to_owned(), content.to_vec()));
        self
    }
}
