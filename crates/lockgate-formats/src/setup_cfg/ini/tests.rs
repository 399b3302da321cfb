//! Against Python's own reader, and what it refuses.

use std::process::Command;

use super::*;

/// Files that both read.
const TEXTS: [&str; 14] = [
    "",
    "[a]\n",
    "[a]\nb = 1\n c\n\n d\nB=2\n",
    "# head\n; other\n[a]\nb:1=2\n# in between\n   c\n",
    "[a]\n  b = 1\n  c = 2\n   more\n  d=\n",
    "[DEFAULT]\nx = 1\ny = 2\n[a]\nx = 3\n",
    "[a]b]\nc = 1\n[d] # why\ne = 2\n",
    "[a]\nb =\n    one\n    # no\n    two ; three\n\n\n[c]\nd = 1\n",
    "[a]\nb = x # y\nc d = e\n",
    "[a]\r\nb = 1\r\n 2\r\n",
    "[a]\nb = 1\n\n\n",
    "[a]\n\tb = 1\n\t\t2\n",
    "[options]\ninstall_requires =\n  flask>=1; python_version>'3'\n  jinja2\npython_requires = >=3\n",
    "[a]\nb = [x]\n [y]\n",
];

/// Files that both refuse, and the line.
const WRONG: [(&str, usize); 6] = [
    ("a = 1\n", 1),
    ("[a]\nb\n", 2),
    ("[a]\n= 1\n", 2),
    ("[a]\nb = 1\nb = 2\n", 3),
    ("[a]\n[b]\n[a]\n", 3),
    ("[a]\nb = 1\n[]\n", 3),
];

fn shown(ini: &Ini) -> String {
    let mut shown = String::new();
    for name in ini.sections.keys().filter(|name| *name != "DEFAULT") {
        let mut settings: Vec<String> = ini
            .section(name)
            .iter()
            .map(|setting| {
                let lines: Vec<&str> = setting
                    .value
                    .iter()
                    .map(|(_, text)| text.as_str())
                    .collect();
                format!("{name}.{}={:?}", setting.key, lines.join("\n").trim_end())
            })
            .collect();
        settings.sort();
        let header = format!("[{name}]");
        for line in [header].into_iter().chain(settings) {
            shown.push_str(&line);
            shown.push('\n');
        }
    }
    shown
}

fn python(texts: &[&str]) -> Vec<String> {
    const SCRIPT: &str = r#"
import configparser, json, sys
for text in json.loads(sys.argv[1]):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    try:
        parser.read_string(text)
    except configparser.Error as error:
        print(json.dumps("error"))
        continue
    shown = ""
    for name in sorted(parser.sections()):
        shown += "[%s]\n" % name
        for line in sorted("%s.%s=%s" % (name, key, json.dumps(value)) for key, value in parser.items(name)):
            shown += line + "\n"
    print(json.dumps(shown))
"#;
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    let output = Command::new("python3")
        .args(["-c", SCRIPT, &format!("[{}]", quoted.join(","))])
        .output()
        .expect("python3 runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(unquoted).collect()
}

/// A JSON string of plain text.
fn unquoted(line: &str) -> String {
    let inner = line
        .strip_prefix('"')
        .and_then(|line| line.strip_suffix('"'))
        .unwrap();
    inner
        .replace("\\\\", "\0")
        .replace("\\n", "\n")
        .replace("\\\"", "\"")
        .replace("\\t", "\t")
        .replace('\0', "\\")
}

#[test]
fn files_say_what_python_reads_in_them() {
    let theirs = python(&TEXTS);
    for (text, theirs) in TEXTS.iter().zip(theirs) {
        let ours = Ini::read("setup.cfg", text).unwrap();
        assert_eq!(shown(&ours), theirs, "{text:?}");
    }
}

#[test]
fn what_python_refuses_is_refused_with_its_line() {
    let texts: Vec<&str> = WRONG.iter().map(|(text, _)| *text).collect();
    for ((text, line), theirs) in WRONG.iter().zip(python(&texts)) {
        assert_eq!(theirs, "error", "{text:?}");
        let error = Ini::read("setup.cfg", text).unwrap_err();
        assert_eq!(error.line, Some(*line), "{error}");
        assert!(error.remedy.is_some(), "{error}");
    }
}
