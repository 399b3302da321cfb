//! Configurations made by hand, the texts themselves: grammar, words of switches, numbers and dates.
#![expect(clippy::too_many_lines, reason = "each function is one table")]

use super::super::{Case, TWICE};
use super::USER;

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let mut all = grammar();
    all.extend(switches());
    all.extend(numbers());
    all
}

fn grammar() -> Vec<Case> {
    [
        (
            "colons",
            "[global]\ntimeout: 3\nindex-url: https://a.test:80/x=y\n",
        ),
        ("no blanks around the sign", "[global]\ntimeout=3\n"),
        (
            "keys of any case and with underscores",
            "[global]\nIndex_Url = https://a.test\n--TIMEOUT = 3\n",
        ),
        (
            "comments",
            "# c\n; c\n[global]\n# timeout = 3\n  ; c\nretries = 2 # no comment\n",
        ),
        (
            "comments after a value",
            "[global]\nindex-url = https://a.test # c ; d\n",
        ),
        (
            "values over several lines",
            "[global]\nextra-index-url =\n    https://a.test\n    https://b.test\n",
        ),
        (
            "comments inside a value",
            "[global]\nfind-links =\n    /a\n    # c\n    /b\n\n    /c\ntimeout = 3\n",
        ),
        (
            "a key that is deeper",
            "[global]\nproxy = a\n  timeout = 3\n",
        ),
        (
            "keys that are all deeper",
            "[global]\n  proxy = a\n  timeout = 3\n",
        ),
        (
            "a section that is deeper",
            "[global]\nproxy = a\n  [install]\n  timeout = 3\n",
        ),
        (
            "percent signs",
            "[global]\nindex-url = https://u%40v:p%25%(x)s@a.test/\n",
        ),
        (
            "variables in values",
            "[global]\nindex-url = https://${USER}@a.test/$HOME\n",
        ),
        ("quotes", "[global]\nindex-url = \"https://a.test\"\n"),
        (
            "carriage returns",
            "[global]\r\ntimeout = 3\r\nretries = 2\r",
        ),
        ("tabs", "[global]\n\ttimeout\t=\t3\n\tretries = 2\n"),
        (
            "text after a section",
            "[global] # c\ntimeout = 3\n[install];\nretries = 2\n",
        ),
        ("blanks in a section", "[ global ]\ntimeout = 3\n"),
        (
            "defaults",
            "[DEFAULT]\ntimeout = 3\nretries = 7\n[global]\nretries = 2\n",
        ),
        ("defaults and no section", "[DEFAULT]\ntimeout = 3\n"),
        (
            "defaults of the command",
            "[DEFAULT]\ntimeout = 3\n[global]\n[install]\n[DEFAULT]\nretries = 1\n",
        ),
        ("values that are not ASCII", "[global]\ncert = /ä/ö\u{a0}\n"),
        ("a value of blanks", "[global]\ntimeout = 3\nproxy =   \n"),
        ("an empty file", ""),
        ("only blank lines", "\n\n  \n"),
        ("a byte order mark", "\u{feff}[global]\ntimeout = 3\n"),
        ("no section", "timeout = 3\n"),
        ("no sign", "[global]\ntimeout\n"),
        ("no key", "[global]\n= 3\n"),
        ("an empty section", "[]\ntimeout = 3\n"),
        ("an open section", "[global\ntimeout = 3\n"),
        (
            "a section twice",
            "[global]\ntimeout = 3\n[install]\n[global]\nretries = 2\n",
        ),
        ("a key twice", "[global]\ntimeout = 3\ntimeout = 4\n"),
        (
            "a key twice in two cases",
            "[global]\ntimeout = 3\nTIMEOUT = 4\n",
        ),
        (
            "a key twice among the defaults",
            "[DEFAULT]\na = 3\n[DEFAULT]\na = 4\n",
        ),
    ]
    .into_iter()
    .map(|(name, text)| Case::new(name, &[(USER, text)], &[]))
    .chain([
        Case::new("not UTF-8", &[], &[]).with(USER, b"[global]\ncert = /\xe4\n"),
        Case::new(
            "a key twice in two spellings",
            &[(
                USER,
                "[global]\nindex-url = https://a.test\nindex_url = https://b.test\n",
            )],
            &[],
        )
        .differs(TWICE),
    ])
    .collect()
}

fn switches() -> Vec<Case> {
    let words = [
        "y", "YES", "t", "True", "on", "1", "n", "No", "f", "FALSE", "off", "0", "2", "enable",
        "-1", "yes!",
    ];
    words
        .into_iter()
        .flat_map(|word| {
            [
                Case::new(
                    &format!("pre = {word}"),
                    &[(USER, &format!("[install]\npre = {word}\n"))],
                    &[],
                ),
                Case::new(
                    &format!("no-index = {word}"),
                    &[],
                    &[("PIP_NO_INDEX", word)],
                ),
            ]
        })
        .chain([
            Case::new(
                "a switch with blanks",
                &[],
                &[("PIP_PREFER_BINARY", " yes ")],
            ),
            Case::new(
                "no dependencies",
                &[(USER, "[global]\nno-dependencies = on\n")],
                &[],
            ),
            Case::new(
                "no dependencies, taken back",
                &[(USER, "[global]\nno-dependencies = on\n")],
                &[("PIP_NO_DEPS", "0")],
            ),
            Case::new(
                "no proxies of the environment",
                &[],
                &[
                    ("PIP_NO_PROXY_ENV", "1"),
                    ("PIP_PROXY", "http://a.test:3128"),
                ],
            ),
            Case::new("keyrings", &[], &[("PIP_KEYRING_PROVIDER", "subprocess")]),
            Case::new(
                "a keyring that is none",
                &[],
                &[("PIP_KEYRING_PROVIDER", "Subprocess")],
            ),
        ])
        .collect()
}

fn numbers() -> Vec<Case> {
    let counts = [
        "0", "7", "007", "09", "0x1F", "0b11", "0b", "0o7", "1_0", "1__0", "_1", "+3", "1.0", "x",
        " 4 ",
    ];
    let times = [
        "0", "3", "2.5", "1e2", ".5", "5.", "1_0", "inf", "3s", "--", " 4 ", "0x10",
    ];
    counts
        .into_iter()
        .map(|count| {
            Case::new(
                &format!("retries {count:?}"),
                &[],
                &[("PIP_RETRIES", count)],
            )
        })
        .chain(
            times
                .into_iter()
                .map(|time| Case::new(&format!("timeout {time:?}"), &[], &[("PIP_TIMEOUT", time)])),
        )
        .chain(
            [
                "2023-01-01",
                "2023-01-01T12:30",
                "2023-01-01T12:30:15.5",
                "2023-01-01T00:00:00Z",
                "2023-01-01 00:00:00+02:00",
                "P3D",
                "P0D",
                "P1W",
                "P-1D",
                "tomorrow",
                "2023-13-01",
                "7 days",
            ]
            .into_iter()
            .map(|when| {
                Case::new(
                    &format!("uploaded {when:?}"),
                    &[],
                    &[("PIP_UPLOADED_PRIOR_TO", when)],
                )
            }),
        )
        .collect()
}
