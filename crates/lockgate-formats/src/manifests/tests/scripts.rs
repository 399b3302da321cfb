//! PEP 723 scripts as sources.

use super::*;

#[test]
fn a_script_gives_its_dependencies_and_python() {
    let text = "#!/usr/bin/env python3\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   \"requests<3\",\n#   \"rich; os_name == 'nt'\",\n# ]\n#\n# [tool.other]\n# x = 1\n# ///\nimport requests\n";
    let files = Texts::default().with("bin/tool.py", text);
    let manifest = read(&files, &["bin/tool.py"], &[]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "requests<3 from bin/tool.py:5 (bin/tool.py)",
            "rich ; os_name == 'nt' from bin/tool.py:6 (bin/tool.py)",
        ]
    );
    let (python, origin) = manifest.requires_python.first().unwrap();
    assert_eq!(
        (python.to_string(), origin.line),
        (">=3.11".to_owned(), Some(3))
    );
    let files = Texts::default().with("a.py", "# /// script\n#\n# ///\n");
    assert!(
        read(&files, &["a.py"], &[])
            .unwrap()
            .requirements
            .is_empty()
    );
}

#[test]
fn wrong_scripts_say_where_and_what_to_do() {
    for (text, line, part) in [
        ("", None, "no `# /// script` block"),
        ("import os\n", None, "no `# /// script` block"),
        (
            "x\n# /// script\n# dependencies = []\n",
            Some(2),
            "does not end",
        ),
        (
            "# /// script\n# dependencies = [\n# ///\n",
            Some(2),
            "array",
        ),
        (
            "# /// script\n#\n# dependencies = 'a'\n# ///\n",
            Some(3),
            "sequence",
        ),
        (
            "# /// script\n# dependencies = ['a==']\n# ///\n",
            Some(2),
            "a==",
        ),
        (
            "# /// script\n# dependancies = ['a']\n# ///\n",
            Some(2),
            "no key `dependancies`",
        ),
        (
            "# /// script\n# requires-python = 'x'\n# ///\n",
            Some(2),
            "requires-python",
        ),
        (
            "# /// script\n# a\n# ///\n\n# /// script\n# a\n# ///\n",
            Some(5),
            "second",
        ),
        ("x\n\0", None, "binary"),
    ] {
        let files = Texts::default().with("a.py", text);
        is_told(&read(&files, &["a.py"], &[]).unwrap_err(), line, part);
    }
}
