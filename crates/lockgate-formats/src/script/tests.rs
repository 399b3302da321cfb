//! The grammar of the block, case by case, and against the specification's own expression in Python.

use std::process::Command;

use super::{Block, block};

const TEXTS: [&str; 16] = [
    "",
    "import os\n",
    "# /// script\n# a = 1\n# ///\n",
    "#!/usr/bin/env python\n\n# /// script\n# a = 1\n#\n# b = 2\n# ///\nimport os\n",
    "# /// script\n# a = 1\n# ///",
    "# /// script\n# a = '''\n# ///\n# '''\n# ///\n",
    "# /// script\n# a = 1\n# ///\n\n# /// other\n# b\n# ///\n",
    "# /// other\n# b\n# ///\n# /// script\n# a = 1\n# ///\n",
    "# /// other\n\n# /// script\n# a = 1\n# ///\n",
    "  # /// script\n  # a = 1\n  # ///\n",
    "#/// script\n# a = 1\n#///\n",
    "# /// script \n# a = 1\n# ///\n",
    "# /// scripts\n# a = 1\n# ///\n",
    "# /// script\n#\n# ///\n",
    "# /// script\n# a = 1\n# ///\nx = '''\n# /// scr\n'''\n",
    "# /// script\r\n# a = 1\r\n# ///\r\n",
];

/// Texts in which there is no block, or two, by the expression: an error here, since somebody meant one.
const WRONG: [(&str, &str); 6] = [
    ("# /// script\n# a = 1\n", "does not end"),
    ("# /// script\n# a = 1\n\n# ///\n", "does not end"),
    ("# /// script\n#a = 1\n# ///\n", "does not end"),
    ("# /// script\n# a = 1\n# /// \n", "does not end"),
    ("# /// script\n# ///\n", "empty"),
    (
        "# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n",
        "second",
    ),
];

fn python(texts: &[&str]) -> String {
    const SCRIPT: &str = r##"
import json, re, sys
EXPRESSION = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
for text in json.loads(sys.argv[1]):
    text = text.replace("\r\n", "\n")
    found = [m for m in re.finditer(EXPRESSION, text) if m.group("type") == "script"]
    if len(found) != 1:
        print(len(found))
        continue
    lines = found[0].group("content").splitlines()
    print(json.dumps([line[2:] if line.startswith("# ") else line[1:] for line in lines]))
"##;
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    let output = Command::new("python3")
        .args(["-c", SCRIPT, &format!("[{}]", quoted.join(","))])
        .output()
        .expect("python3 runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

fn shown(block: Option<&Block>) -> String {
    let Some(block) = block else {
        return "0".to_owned();
    };
    let lines: Vec<String> = block
        .toml
        .split('\n')
        .map(|line| format!("{line:?}"))
        .collect();
    format!("[{}]", lines.join(", "))
}

#[test]
fn blocks_are_found_as_the_specification_finds_them() {
    for (text, theirs) in TEXTS.iter().zip(python(&TEXTS).lines()) {
        let ours = block("a.py", text).unwrap();
        assert_eq!(shown(ours.as_ref()), theirs, "{text:?}");
    }
}

#[test]
fn blocks_that_are_none_are_errors_with_their_line() {
    let texts = WRONG.map(|(text, _)| text);
    for ((text, part), theirs) in WRONG.iter().zip(python(&texts).lines()) {
        assert!(matches!(theirs, "0" | "2"), "{text:?}: {theirs}");
        let error = block("a.py", text).unwrap_err();
        assert!(error.message.contains(part), "{text:?}: {error}");
        assert!(error.line.is_some() && error.remedy.is_some(), "{error}");
    }
}

#[test]
fn openings_without_end_take_no_more_time_than_there_are_lines() {
    let text = "# /// other\n".repeat(200_000);
    assert_eq!(block("a.py", &text).unwrap(), None);
}
