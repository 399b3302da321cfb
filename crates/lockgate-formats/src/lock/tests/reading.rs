//! Locks of lockgate, pip-compile, uv and pip.

use super::*;

/// A pin as one line: requirement, number of hashes, who asks, where.
fn shown(lock: &Lock) -> Vec<String> {
    let pins = lock.pins.iter().map(|pin| {
        let extras: Vec<&str> = pin.extras.iter().map(AsRef::as_ref).collect();
        let marker = pin.marker.to_text().unwrap_or_default();
        format!(
            "{}[{}]=={} ;{marker} #{} <{}> :{}",
            pin.name,
            extras.join(","),
            pin.version,
            pin.hashes.len(),
            pin.via.join("|"),
            pin.line
        )
    });
    pins.collect()
}

#[test]
fn what_was_written_is_read_back() {
    let text = render(&graph(), &header(), &RenderOptions::default());
    for text in [
        text.clone(),
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
    ] {
        let lock = read(&text, "requirements.txt").unwrap();
        assert!(lock.unpinned.is_empty());
        assert!(lock.options.is_empty());
        assert_eq!(
            shown(&lock),
            [
                "django[argon2,bcrypt]==4.2.16 ; #2 <-r requirements.in> :9",
                "sqlparse[]==0.5.0 ; #1 <-r requirements.in|django> :14",
            ]
        );
        if !text.starts_with('\u{feff}') {
            assert_eq!(
                lock.command.unwrap(),
                ["lockgate", "lock", "requirements.in", "-o", "my lock.txt"]
            );
        }
    }
}

#[test]
fn a_lock_of_pip_compile_is_read() {
    let text = include_str!("../../../../../fixtures/requirements/pip-compile.txt");
    let lock = read(text, "requirements.txt").unwrap();
    assert_eq!(lock.command, None);
    assert_eq!(lock.audit, None);
    assert_eq!(
        shown(&lock),
        [
            "click[]==8.1.7 ; #2 <flask> :10",
            "colorama[]==0.4.6 ;sys_platform == 'win32' #1 <click> :14",
            "flask[async]==3.0.3 ; #1 <-c limits.txt|-r requirements.in|my-app (pyproject.toml)> :17",
        ]
    );
    let options: Vec<(&str, &str)> = lock
        .options
        .iter()
        .map(|option| (option.name, option.value.as_str()))
        .collect();
    assert_eq!(
        options,
        [
            ("--index-url", "https://index.test/simple"),
            ("--trusted-host", "index.test")
        ]
    );
    let direct: Vec<(&str, usize)> = lock
        .direct
        .iter()
        .map(|line| (line.text.as_str(), line.line))
        .collect();
    assert_eq!(direct, [("-e file:.", 26)]);
}

#[test]
fn what_is_named_and_not_pinned_is_read() {
    for (text, omitted) in [
        (
            "# The following packages are considered to be unsafe in a requirements file:\n# setuptools\n# pip==24.0\n",
            "setuptools pip==24.0",
        ),
        (
            "# WARNING: The following packages were not pinned,\n# two words here\n# setuptools\n\n# wheel\n",
            "setuptools",
        ),
        (
            "# The following packages were excluded from the output:\n# pip\na==1\n# wheel\n",
            "pip",
        ),
        (
            "# Needed and not pinned here:\n# pip==x\n# pip==1.0\n",
            "pip==1.0",
        ),
        ("# pip\n", ""),
    ] {
        let lock = read(text, "requirements.txt").unwrap();
        let shown: Vec<String> = lock
            .omitted
            .iter()
            .map(|one| match &one.version {
                Some(version) => format!("{}=={version}", one.name),
                None => one.name.to_string(),
            })
            .collect();
        assert_eq!(shown.join(" "), omitted, "{text:?}");
    }
}

#[test]
fn a_lock_of_uv_is_read() {
    let text = include_str!("../../../../../fixtures/requirements/uv.txt");
    let lock = read(text, "requirements.txt").unwrap();
    assert_eq!(lock.command, None);
    assert_eq!(
        shown(&lock),
        [
            "anyio[]==4.4.0 ; #2 <httpx|starlette> :3",
            "httpx[]==0.27.0 ; #0 <-r requirements.in> :10",
            "numpy[]==1.26.4 ;python_full_version < '3.10' #0 <> :13",
            "numpy[]==2.1.0 ;python_full_version >= '3.10' #0 <> :14",
        ]
    );
    for (python, numpy) in [("3.9", "1.26.4"), ("3.11", "2.1.0")] {
        let versions = lock.versions(&environment(python));
        assert_eq!(versions.len(), 3);
        assert_eq!(versions[&"numpy".parse().unwrap()].to_string(), numpy);
    }
}

#[test]
fn lines_that_pin_nothing_are_kept_with_their_place() {
    for (text, unpinned, line) in [
        ("click>=8\n", "click>=8", 1),
        ("\nclick\n", "click", 2),
        ("click==8.*\n", "click==8.*", 1),
        ("click==8.1,!=8.2\n", "click==8.1,!=8.2", 1),
        ("a==1\rclick\n", "click", 2),
    ] {
        let lock = read(text, "requirements.txt").unwrap();
        let [only] = lock.unpinned.as_slice() else {
            panic!("{text:?}: {lock:?}")
        };
        assert_eq!((only.text.as_str(), only.line), (unpinned, line));
    }
}

#[test]
fn nothing_that_pip_would_install_is_overlooked() {
    // Python ends a line at each of these; an editor shows one comment.
    for end in ["\r", "\x0b", "\x0c", "\x1c", "\u{85}", "\u{2028}"] {
        let lock = read(&format!("a==1 # via x{end}b==2\n"), "r.txt").unwrap();
        assert_eq!(shown(&lock), ["a[]==1 ; #0 <x> :1", "b[]==2 ; #0 <> :2"]);
    }
    for (text, pins) in [
        (
            "a==1 \\\n# comment\nb==2\n",
            vec!["a[]==1 ; #0 <> :1", "b[]==2 ; #0 <> :3"],
        ),
        ("# comment \\\nb==2\n", vec!["b[]==2 ; #0 <> :2"]),
        ("a==1 # x \\\nb==2\n", vec!["a[]==1 ; #0 <> :1"]),
        ("a\\\n==1\n", vec!["a[]==1 ; #0 <> :1"]),
        (
            "a==1 \\\n\nb==2",
            vec!["a[]==1 ; #0 <> :1", "b[]==2 ; #0 <> :3"],
        ),
        ("A.B_c===1.0\n", vec!["a-b-c[]==1.0 ; #0 <> :1"]),
        (
            "a[y, X]==1.0+local # via b, c\n",
            vec!["a[x,y]==1.0+local ; #0 <b|c> :1"],
        ),
        (
            "a==1 --hash sha256:bb --hash=sha256:aa --hash=sha256:aa",
            vec!["a[]==1 ; #2 <> :1"],
        ),
        ("a==1 ; sys_platform ~= '1'", vec!["a[]==1 ; #0 <> :1"]),
        ("a==1 --global-option=--x", vec!["a[]==1 ; #0 <> :1"]),
    ] {
        assert_eq!(shown(&read(text, "r.txt").unwrap()), pins, "{text:?}");
    }
}

#[test]
fn only_annotations_say_who_asks() {
    for (text, via) in [
        ("a==1\n    # via b\n", "b"),
        (
            "a==1\n    # via\n    #   b\n    #   c, d\n    # from https://host.test\n",
            "b|c, d",
        ),
        ("a==1\n    # a remark\n", ""),
        ("a==1\n    # gate: 2 passed over, X-1\n    # via b\n", "b"),
        ("a==1\n# via b\n", ""),
        ("a==1\n\n    # via b\n", ""),
        ("a==1\n    # viable\n", ""),
    ] {
        let lock = read(text, "r.txt").unwrap();
        assert_eq!(lock.pins[0].via.join("|"), via, "{text:?}");
    }
}

#[test]
fn what_is_no_lock_is_said_with_its_line() {
    for (text, line, part) in [
        ("flask==2.0\n-r other.txt\n", 2, "includes another"),
        ("-c limits.txt\n", 1, "includes another"),
        ("\nflask==\n", 2, "not a requirement"),
        ("a==1 b==2\n", 1, "not a requirement"),
        ("flask==1.0 --sha256=x\n", 1, "unknown option"),
        ("flask==1.0 --pre\n", 1, "cannot stand on the line"),
        ("flask==1.0 --hash=abc\n", 1, "is no hash"),
        ("flask==1.0 --hash=sha256:\n", 1, "is no hash"),
        ("flask==1.0 --hash\n", 1, "needs a value"),
        ("--hash=sha256:aa\n", 1, "belongs to a requirement"),
        ("--wat\n", 1, "unknown option"),
        ("<html>\n", 1, "not a requirement"),
        ("flask==${VERSION}\n", 1, "not a requirement"),
    ] {
        let error = read(text, "requirements.txt").unwrap_err();
        assert_eq!(error.line, Some(line), "{error}");
        assert!(error.message.contains(part), "{error}");
    }
    assert!(read("a\0b", "x").unwrap_err().message.contains("binary"));
}

#[test]
fn only_lockgates_own_header_gives_a_command() {
    for (head, command) in [
        (
            "# autogenerated by lockgate\n#    lockgate lock a.in\n",
            Some(3),
        ),
        ("# autogenerated by lockgate\n#    rm -rf x\n", None),
        ("# autogenerated by lockgate\n#    lockgate lock 'a\n", None),
        ("# autogenerated by uv\n#    lockgate lock a.in\n", None),
        (
            "a==1\n# autogenerated by lockgate\n#    lockgate lock a.in\n",
            None,
        ),
    ] {
        let lock = read(head, "r.txt").unwrap();
        assert_eq!(lock.command.map(|words| words.len()), command, "{head:?}");
    }
}

#[test]
fn direct_references_are_kept_with_what_is_known_of_them() {
    for (text, expected) in [
        ("-e .\n", "-e . None #0 <>"),
        ("--editable=./x\n", "-e ./x None #0 <>"),
        (
            "git+https://host.test/x\n",
            "git+https://host.test/x None #0 <>",
        ),
        ("./x.whl --hash=sha256:aa\n", "./x.whl None #1 <>"),
        (
            "x @ https://host.test/x.whl \\\n    --hash=sha256:aa\n    # via -r a.in\n    # direct: x 1.0\n",
            "x @ https://host.test/x.whl x 1.0 #1 <-r a.in>",
        ),
        (
            "-e ./x\n    # via\n    #   -r a.in\n    #   y\n    # direct: x 1.0; not hashed\n",
            "-e ./x x 1.0 #0 <-r a.in|y>",
        ),
    ] {
        let lock = read(text, "requirements.txt").unwrap();
        let [only] = lock.direct.as_slice() else {
            panic!("{text:?}: {lock:?}")
        };
        let project = match &only.project {
            Some((name, version)) => format!("{name} {version}"),
            None => "None".to_owned(),
        };
        assert_eq!(
            format!(
                "{} {project} #{} <{}>",
                only.text,
                only.hashes.len(),
                only.via.join("|")
            ),
            expected
        );
    }
}
