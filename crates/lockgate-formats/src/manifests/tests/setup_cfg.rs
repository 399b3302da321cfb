//! `setup.cfg` as a source, and `setup.py` beside it.

use super::*;

const TEXT: &str = "[metadata]\nname = My.App\n\n[options]\npython_requires = >=3.9\ninstall_requires =\n    flask>=3\n    # a comment\n    tomli; python_version < '3.11'  # why\n    url @@\n\n[options.extras_require]\ntest =\n    pytest\nall = my-app[test]; black\n\n[tool:pytest]\nlog_format = %(message)s\n";

fn whole() -> String {
    TEXT.replace("    url @@\n", "")
}

#[test]
fn a_setup_cfg_gives_its_requirements_extras_and_python() {
    let files = Texts::default()
        .with("app/setup.cfg", &whole())
        .with("app/setup.py", "from setuptools import setup\nsetup()\n");
    let manifest = read(&files, &["app/setup.cfg"], &["all"]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask>=3 from app/setup.cfg:7 my-app (app/setup.cfg)",
            "tomli ; python_full_version < '3.11' from app/setup.cfg:9 my-app (app/setup.cfg)",
            "pytest from app/setup.cfg:13 my-app (app/setup.cfg)",
            "black from app/setup.cfg:14 my-app (app/setup.cfg)",
        ]
    );
    let (python, origin) = manifest.requires_python.first().unwrap();
    assert_eq!(
        (python.to_string(), origin.line),
        (">=3.9".to_owned(), Some(5))
    );
}

#[test]
fn lists_are_read_from_files_or_from_one_line() {
    let files = Texts::default()
        .with("app/setup.cfg", "[options]\ninstall_requires = file: a.in, in/b.in\n[options.extras_require]\nx = one; two==1\ny = file: in/b.in\n")
        .with("app/a.in", "# head\nflask # why\n\njinja2\n")
        .with("app/in/b.in", "rich\n");
    let manifest = read(&files, &["app/setup.cfg"], &["x", "y"]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask from app/a.in:2 (app/setup.cfg)",
            "jinja2 from app/a.in:4 (app/setup.cfg)",
            "rich from app/in/b.in:1 (app/setup.cfg)",
            "one from app/setup.cfg:4 (app/setup.cfg)",
            "two==1 from app/setup.cfg:4 (app/setup.cfg)",
            "rich from app/in/b.in:1 (app/setup.cfg)",
        ]
    );
}

#[test]
fn wrong_setup_cfgs_say_where_and_what_to_do() {
    for (text, line, part) in [
        ("", None, "neither `install_requires`"),
        ("[metadata]\nname = x\n", None, "neither `install_requires`"),
        ("name = x\n", Some(1), "begin with a section"),
        (
            "[options]\ninstall_requires\n",
            Some(2),
            "neither a section nor an option",
        ),
        (
            "[options]\ninstall_requires = a\ninstall_requires = b\n",
            Some(3),
            "twice",
        ),
        ("[options]\n[options]\n", Some(2), "twice"),
        (
            "[options]\ninstall-requires = a\n",
            Some(2),
            "no option `install-requires`",
        ),
        (
            "[options]\nInstall_Requires = a\n",
            Some(2),
            "no option `Install_Requires`",
        ),
        (
            "[options]\ninstall_requires =\n  a\n  b==\n",
            Some(4),
            "b==",
        ),
        (
            "[options]\ninstall_requires = a; python_version < '3'\n",
            Some(2),
            "is a marker",
        ),
        (
            "[options]\ninstall_requires =\n  a\n  -r b.in\n",
            Some(4),
            "no options",
        ),
        (
            "[options]\ninstall_requires = file: none.in\n",
            Some(2),
            "no such file",
        ),
        (
            "[options]\ninstall_requires = file: ../a.in\n",
            Some(2),
            "outside",
        ),
        (
            "[options]\ninstall_requires =\n  %(x)s\n",
            Some(3),
            "another option's value",
        ),
        (
            "[metadata]\nname = a b\n[options]\ninstall_requires = a\n",
            Some(2),
            "`name`",
        ),
        (
            "[options]\npython_requires = x\ninstall_requires = a\n",
            Some(2),
            "python_requires",
        ),
        ("[options.extras_require]\na b = c\n", Some(2), "valid name"),
        (
            "[options.extras_require]\na-b = c\nA_B = c\n",
            Some(3),
            "there twice",
        ),
        ("\0", None, "binary"),
    ] {
        let files = Texts::default().with("setup.cfg", text);
        is_told(&read(&files, &["setup.cfg"], &[]).unwrap_err(), line, part);
    }
}

#[test]
fn who_has_the_last_word_is_named() {
    for (name, text, part, needs_build) in [
        (
            "setup.py",
            "setup(install_requires=['a'])",
            "speaks of `install_requires`",
            true,
        ),
        (
            "setup.py",
            "setup(setup_requires=['pbr'], pbr=True)",
            "speaks of `pbr`",
            true,
        ),
        (
            "setup.py",
            "open('requirements.txt')",
            "speaks of `requirements`",
            true,
        ),
        (
            "pyproject.toml",
            "[project]\nname = 'x'\n",
            "goes by that",
            false,
        ),
    ] {
        let files = Texts::default()
            .with("setup.cfg", &whole())
            .with(name, text);
        let error = read(&files, &["setup.cfg"], &[]).unwrap_err();
        is_told(&error, None, part);
        assert_eq!(error.needs_build.is_some(), needs_build, "{error}");
    }
    for text in [
        "[build-system]\n",
        "[project]\nname = 'x'\ndynamic = ['dependencies']\n",
    ] {
        let files = Texts::default()
            .with("setup.cfg", &whole())
            .with("pyproject.toml", text);
        assert!(read(&files, &["setup.cfg"], &[]).is_ok(), "{text}");
    }
}

#[test]
fn a_setup_py_is_not_run_and_says_what_to_do() {
    for (beside, remedy) in [
        (None, "requirements file"),
        (
            Some(("app/setup.cfg", "[options]\ninstall_requires = a\n")),
            "lock `setup.cfg`",
        ),
        (
            Some(("app/pyproject.toml", "[project]\n")),
            "lock `pyproject.toml`",
        ),
    ] {
        let mut files = Texts::default().with("app/setup.py", "setup()");
        if let Some((name, text)) = beside {
            files = files.with(name, text);
        }
        let error = read(&files, &["app/setup.py"], &[]).unwrap_err();
        is_told(&error, None, "it is a program");
        assert!(error.remedy.unwrap().contains(remedy));
        assert_eq!(error.needs_build.unwrap().folder, "app");
    }
}
