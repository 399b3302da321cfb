//! What a line of a requirements file may say.

use super::*;

#[test]
fn requirements_mean_what_pip_reads() {
    for (text, requirement) in [
        ("flask", "flask"),
        ("  Flask_Login  ", "flask-login"),
        ("flask==2.0", "flask==2.0"),
        ("flask == 2.0", "flask==2.0"),
        ("flask===2.0", "flask===2.0"),
        ("flask~=2.0,!=2.1.*", "flask~=2.0,!=2.1.*"),
        ("flask (>=1,<2)", "flask>=1,<2"),
        ("flask>=1.0-beta", "flask>=1.0b0"),
        ("flask==1!2.0+local.1", "flask==1!2.0+local.1"),
        ("flask[Async,dot_env]>2", "flask[async,dot-env]>2"),
        ("flask[async,ASYNC]", "flask[async]"),
        ("flask[]", "flask"),
        ("flask # why", "flask"),
        ("flask>=1 \\\n  ,<2", "flask>=1,<2"),
        ("flask;os_name=='nt'", "flask ; os_name == 'nt'"),
        (
            "flask ; python_version in '3.8 3.9'",
            "flask ; python_full_version >= '3.8' and python_full_version < '3.10'",
        ),
        (
            "flask ; (os_name == 'nt' or sys_platform == 'linux')",
            "flask ; sys_platform == 'linux' or os_name == 'nt'",
        ),
        (
            "flask ; platform_release > '2'",
            "flask ; platform_release > '2'",
        ),
        ("${NAME}==${VERSION}", "django==4.2"),
        ("\u{feff}flask", "flask"),
    ] {
        let files = Texts::default()
            .with("a.in", text)
            .with_variable("NAME", "Django")
            .with_variable("VERSION", "4.2");
        let manifest = read(&files, &["a.in"], &[]).unwrap();
        let [root] = manifest.requirements.as_slice() else {
            panic!("{text}: one requirement")
        };
        assert_eq!(root.requirement.to_string(), requirement, "{text}");
        assert_eq!(root.origin.to_string(), "a.in:1");
    }
}

#[test]
fn wrong_lines_name_file_line_and_what_is_wrong() {
    for (text, line, part) in [
        ("flask==", 1, "expected version"),
        ("\nflask=>2", 2, "not a requirement"),
        ("flask=2", 1, "not a requirement"),
        ("flask 2.0", 1, "not a requirement"),
        ("flask==2.0.x", 1, "found `.x`"),
        ("flask>=2,<", 1, "expected version"),
        ("flask>=1.*", 1, "wildcard"),
        ("flask~=1", 1, "two segments"),
        ("flask,django", 1, "found `,`"),
        ("flask>=1 <2", 1, "not allowed"),
        ("flask[x", 1, "closing bracket"),
        ("flask[x-]", 1, "not a valid name"),
        ("flask-", 1, "not a valid name"),
        ("flask-==1", 1, "not a valid name"),
        ("flask;", 1, "marker value"),
        ("flask ; python_version", 1, "marker operator"),
        ("flask ; python_version >= 3", 1, "quoted string"),
        ("flask ; nonsense == 'x'", 1, "valid marker name"),
        ("flask ; python_version in '3.8, 3.9'", 1, "PEP 440"),
        ("flask ; sys_platform ~= '1'", 1, "`~=`"),
        ("flask ; 'a' == 'a'", 1, "two quoted strings"),
        ("${MISSING}==1", 1, "not a requirement"),
        ("(flask)", 1, "not a requirement"),
        ("a\\\nb\\\n==\nc", 1, "`ab==`"),
        ("# x\n\nflask \\\n==\n", 3, "not a requirement"),
        ("a\x0cb==", 2, "not a requirement"),
        ("flask @ https://host.test/flask.whl", 1, "direct reference"),
        ("flask[x]@file:flask.whl", 1, "direct reference"),
        ("flask @ ./flask.whl", 1, "direct reference"),
        ("https://host.test/flask.whl", 1, "an address"),
        ("git+https://host.test/flask", 1, "an address"),
        ("file:///flask", 1, "an address"),
        (".", 1, "a path"),
        ("./flask", 1, "a path"),
        ("../flask[x]", 1, "a path"),
        ("/srv/flask", 1, "a path"),
        ("~/flask", 1, "a path"),
        ("vendored/flask", 1, "a path"),
        ("vendored\\flask", 1, "a path"),
        ("flask-2.0-py3-none-any.whl", 1, "a path"),
        ("flask-2.0.tar.gz ; os_name == 'nt'", 1, "a path"),
    ] {
        let error = wrong(text);
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
        assert_eq!(error.message.lines().count(), 1, "{text}: {error}");
    }
}

#[test]
fn what_pip_does_and_lockgate_does_not_is_said_with_a_way_on() {
    for option in [
        "-e .",
        "--editable=git+https://host.test/x#egg=x",
        "-f wheels",
        "--find-links wheels",
        "--no-index",
        "--trusted-host host.test",
        "--require-hashes",
        "--prefer-binary",
        "--use-feature x",
        "--all-releases flask",
        "--only-final :all:",
        "-C x=y",
        "--config-settings x=y",
        "--global-option x",
        "flask --global-option=x",
        "flask --config-settings x=y",
        "-r https://host.test/a.in",
        "-c file:///a.in",
        "flask @ https://host.test/flask.whl",
        "./flask",
    ] {
        let error = wrong(option);
        assert!(error.message.contains("not supported"), "{option}: {error}");
        assert_eq!(error.line, Some(1), "{option}");
        assert!(error.remedy.is_some(), "{option}: {error}");
    }
}

#[test]
fn wrong_options_name_the_line_and_what_was_meant() {
    for (text, line, part) in [
        ("--indx-url x", 1, "`--index-url` meant"),
        ("--constrain x.txt\n", 1, "no such file"),
        ("\n--extra-index x --wat", 2, "unknown option `--wat`"),
        ("-x", 1, "unknown option `-x`"),
        ("-i", 1, "needs a value"),
        ("--pre=yes", 1, "takes no value"),
        ("--no", 1, "could be"),
        ("-r 'a", 1, "quote"),
        ("-r missing.in", 1, "`missing.in`: no such file"),
        ("-rmissing.in", 1, "no such file"),
        ("\n-c=missing.txt", 2, "no such file"),
        ("-c limits.txt", 1, "has extras"),
        ("flask --pre", 1, "cannot stand on the line"),
        ("flask -i https://host.test", 1, "cannot stand on the line"),
        ("--hash=sha256:aa", 1, "belongs to a requirement"),
        ("flask --hash=md5:aa", 1, "no algorithm that pip accepts"),
        ("flask --hash=sha384:aa", 1, "not supported"),
        ("flask --hash=sha512:aa", 1, "not supported"),
        ("flask --hash=sha256:zz", 1, "64 hexadecimal"),
        ("flask --hash=sha256", 1, "`--hash=sha256:…`"),
        ("flask --hash", 1, "needs a value"),
        ("--no-binary -x-", 1, "`--no-binary`"),
        ("--only-binary=a,,b!", 1, "`--only-binary`"),
        ("flask - x", 1, "neither an option"),
    ] {
        let error = wrong(text);
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
    }
}

#[test]
fn the_usual_slips_get_a_remedy() {
    for (text, remedy) in [
        ("flask=>2", "write `>=` or `<=`"),
        ("flask=<2", "write `>=` or `<=`"),
        ("flask=2", "write `==` for one version"),
        (
            "flask 2.0",
            "write an operator between name and version, such as `==`",
        ),
    ] {
        assert_eq!(wrong(text).remedy.as_deref(), Some(remedy), "{text}");
    }
    assert_eq!(wrong("flask==2.0.x").remedy, None);
}

#[test]
fn errors_in_constraints_name_the_constraint_file() {
    for (text, part) in [
        ("jinja2[x]<3", "has extras"),
        ("-e .", "`--editable` is not supported"),
        ("jinja2 @ https://host.test/x.whl", "direct reference"),
        ("./jinja2", "a path"),
        ("jinja2==", "not a requirement"),
    ] {
        let files = Texts::default()
            .with("a/b.in", "-c ../limits.txt")
            .with("limits.txt", &format!("\n{text}"));
        let error = read(&files, &["a/b.in"], &[]).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("limits.txt", Some(2)));
        assert!(error.message.contains(part), "{text}: {error}");
    }
}

#[test]
fn credentials_in_a_line_are_not_shown() {
    for text in [
        "-i https://user:secret@host.test --wat",
        "-r https://user:secret@host.test/a.in",
        "flask @ https://user:secret@host.test/a.whl",
        "-i https://${TOKEN}@host.test --wat",
        "https://user:se/secret@host.test/x.whl",
    ] {
        let files = Texts::default()
            .with("a.in", text)
            .with_variable("TOKEN", "secret");
        let error = read(&files, &["a.in"], &[]).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error}");
        assert!(error.message.contains("****@host.test"), "{error}");
    }
}

fn wrong(text: &str) -> InputError {
    let files = Texts::default()
        .with("a.in", text)
        .with("limits.txt", "jinja2[x]<3");
    match read(&files, &["a.in"], &[]) {
        Ok(manifest) => panic!("{text}: {:?}", shown(&manifest)),
        Err(error) => error,
    }
}
