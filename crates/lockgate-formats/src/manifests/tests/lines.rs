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
        ("flask;", "flask"),
        ("flask>=1,", "flask>=1"),
        ("flask ()", "flask"),
        (
            "flask @ https://host.test/flask.whl",
            "flask @ https://host.test/flask.whl",
        ),
        ("flask[x]@file:flask.whl", "flask[x] @ flask.whl"),
        ("flask @ ./flask.whl", "flask @ ./flask.whl"),
        (
            "https://host.test/Flask-2.0-py3-none-any.whl[async]",
            "flask[async] @ https://host.test/Flask-2.0-py3-none-any.whl",
        ),
        (
            "git+https://host.test/x#egg=flask[async]",
            "flask[async] @ git+https://host.test/x",
        ),
        (
            "./flask-2.0-py3-none-any.whl ; os_name == 'nt'",
            "flask @ ./flask-2.0-py3-none-any.whl ; os_name == 'nt'",
        ),
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
        ("flask ; python_version", 1, "marker operator"),
        ("flask ; python_version >= 3", 1, "quoted string"),
        ("flask ; nonsense == 'x'", 1, "valid marker name"),
        (
            "flask ; python_version >= '3.8, 3.9'",
            1,
            "version specifier",
        ),
        ("flask ; sys_platform ~= '1'", 1, "`~=`"),
        ("flask ; 'a' == 'a'", 1, "two quoted strings"),
        ("${MISSING}==1", 1, "not a requirement"),
        ("(flask)", 1, "not a requirement"),
        ("a\\\nb\\\n==\nc", 1, "`ab==`"),
        ("# x\n\nflask \\\n==\n", 3, "not a requirement"),
        ("a\x0cb==", 2, "not a requirement"),
        ("flask @", 1, "no address"),
        ("flask @ https://host.test/a b.whl", 1, "stands `b.whl`"),
        ("flask\u{a0}>=1", 1, "U+00A0"),
        ("https://host.test/flask.whl", 1, "no name of a wheel"),
        ("https://host.test/x#egg=a==1", 1, "names no project"),
        ("file://share/flask", 1, "another machine"),
        ("ftps://host.test/x.zip", 1, "no kind of address"),
        ("./flask", 1, "nothing is there"),
        ("../flask[x]", 1, "nothing is there"),
        ("/srv/flask", 1, "nothing is there"),
        ("~/flask", 1, "nothing is there"),
        ("vendored/flask", 1, "nothing is there"),
        ("./a.in", 1, "neither a project's folder nor a file"),
        (".", 1, "neither `pyproject.toml` nor `setup.py`"),
        ("flask-2.0-py3-none.whl", 1, "no name of a wheel"),
    ] {
        let error = wrong(text);
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
        assert!(error.remedy.is_some(), "{text}: {error}");
        assert_eq!(error.message.lines().count(), 1, "{text}: {error}");
    }
}

#[test]
fn references_without_a_name_keep_what_was_written() {
    for (line, shown) in [
        ("./app", "./app [] always"),
        ("./app[Dev,b]", "./app [b,dev] always"),
        ("app/ ; os_name == 'nt'", "app/ [] os_name == 'nt'"),
        ("-e app", "-e app [] always"),
        ("-e ./app[dev]", "-e ./app [dev] always"),
        ("-e file:///srv/x", "-e file:///srv/x [] always"),
        ("app-1.0.tar.gz", "app-1.0.tar.gz [] always"),
        (
            "https://host.test/x.zip",
            "https://host.test/x.zip [] always",
        ),
        (
            "git+https://host.test/x@v1",
            "git+https://host.test/x@v1 [] always",
        ),
        ("hg+https://host.test/x", "hg+https://host.test/x [] always"),
    ] {
        let manifest = with_app(line).unwrap();
        let [unnamed] = manifest.unnamed.as_slice() else {
            panic!("{line}: one reference")
        };
        let extras: Vec<&str> = unnamed.extras.iter().map(Name::as_str).collect();
        let editable = if unnamed.editable { "-e " } else { "" };
        assert_eq!(
            format!(
                "{editable}{} [{}] {:?}",
                unnamed.reference,
                extras.join(","),
                unnamed.marker
            ),
            shown,
            "{line}"
        );
        assert!(manifest.requirements.is_empty(), "{line}");
    }
}

#[test]
fn an_editable_with_a_name_is_an_ordinary_requirement() {
    for (line, requirement) in [
        (
            "-e git+https://host.test/x#egg=Foo.Bar",
            "foo-bar @ git+https://host.test/x",
        ),
        (
            "-e 'x[a] @ git+https://host.test/x ; os_name == \"nt\"'",
            "x[a] @ git+https://host.test/x ; os_name == 'nt'",
        ),
        ("-e git://host.test/x#egg=x", "x @ git+git://host.test/x"),
        ("-e file:///srv/x#egg=x", "x @ /srv/x"),
    ] {
        let manifest = with_app(line).unwrap();
        let root = &manifest.requirements[0];
        assert_eq!(root.requirement.to_string(), requirement, "{line}");
        assert!(root.editable, "{line}");
    }
    for (line, part) in [
        ("-e gone", "neither a folder that is there nor a repository"),
        ("-e https://host.test/x.zip", "neither a folder"),
        ("-e git+https://host.test/x", "does not say which project"),
    ] {
        let error = with_app(line).unwrap_err();
        assert!(error.message.contains(part), "{line}: {error}");
        assert!(error.remedy.is_some(), "{line}");
    }
}

#[test]
fn options_fill_the_manifest() {
    let manifest = with_app(
        "--no-index\n-i https://host.test\n-f app\n-f gone\n--trusted-host host.test:80\n--require-hashes\n--prefer-binary\n\
         --use-feature fast-deps\n--all-releases a,B_c\n--only-final :all:,x\na -C x=y --config-settings z=\n",
    )
    .unwrap();
    let index = &manifest.index;
    assert!(index.no_index && index.index_url.is_none());
    let links: Vec<&str> = index
        .find_links
        .iter()
        .map(|(link, _)| link.as_str())
        .collect();
    assert_eq!(links, ["app", "gone"]);
    assert_eq!(index.trusted_hosts[0].0, "host.test:80");
    assert!(manifest.require_hashes && manifest.prefer_binary);
    assert_eq!(manifest.releases.all, Some(lockgate_model::Releases::Final));
    assert!(manifest.releases.packages.is_empty());
    let settings = &manifest.requirements[0].config_settings;
    assert_eq!(
        settings.as_slice(),
        [("x", "y"), ("z", "")].map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    assert_eq!(manifest.warnings, []);
}

#[test]
fn what_pip_passes_over_is_a_warning_with_its_place() {
    for (line, part) in [
        (
            "flask --pre",
            "`--pre` has no effect on the line of a requirement",
        ),
        ("flask -f app", "`--find-links` has no effect"),
        (
            "flask -i https://u:secret@host.test",
            "`--index-url` has no effect",
        ),
        ("-e app [dev]", "`[dev]` belongs to no option"),
        ("-e app -e app", "`--editable` has no effect"),
        ("-e app --hash=sha256:aa", "`--hash` has no effect"),
        ("--hash=sha256:aa", "`--hash sha256:aa` has no effect here"),
        ("-f app -f gone", "`--find-links gone` has no effect here"),
        (
            "-r b.in --pre",
            "`--pre` has no effect on the line of an include",
        ),
        ("flask - x", "`-` belongs to no option"),
        ("--pre https://u:secret@host.test", "belongs to no option"),
    ] {
        let line = if line.contains("-e app --hash") {
            format!("-e app --hash=sha256:{}", "a".repeat(64))
        } else {
            line.to_owned()
        };
        let manifest = with_app(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (warning, origin) = &manifest.warnings[0];
        assert!(warning.contains(part), "{line}: {warning}");
        assert_eq!(origin.to_string(), "a.in:1");
        assert!(
            !format!("{:?}", manifest.warnings).contains("secret"),
            "{line}"
        );
    }
    // These count wherever they stand.
    let manifest = with_app("psycopg2 --no-binary psycopg2\n-r b.in --only-binary x\n").unwrap();
    assert_eq!(manifest.warnings, []);
    assert!(manifest.binary.of(&"psycopg2".parse().unwrap()).no_wheels);
    assert!(manifest.binary.of(&"x".parse().unwrap()).no_sdists);
}

#[test]
fn an_include_by_address_is_fetched_and_named_without_credentials() {
    let files = Texts::default()
        .with("a.in", "-c https://u:secret@host.test/r/limits.txt\n")
        .with(
            "https://u:secret@host.test/r/limits.txt",
            "jinja2<4\n-r ../more.txt",
        )
        .with("https://u:secret@host.test/more.txt", "flask");
    let manifest = read(&files, &["a.in"], &[]).unwrap();
    assert_eq!(
        shown(&manifest),
        ["flask from https://****@host.test/more.txt:1 -r https://****@host.test/more.txt"]
    );
    assert_eq!(
        manifest.constraints[0].origin.via,
        "-c https://****@host.test/r/limits.txt"
    );
}

fn with_app(text: &str) -> Result<Manifest, InputError> {
    let files = Texts::default()
        .with("a.in", text)
        .with("b.in", "")
        .with("app/pyproject.toml", "")
        .with("app-1.0.tar.gz", "");
    read(&files, &["a.in"], &[])
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
        ("\n-c=missing.txt", 2, "`=missing.txt`: no such file"),
        ("-c limits.txt", 1, "has extras"),
        ("--hash=md5:aa", 1, "no algorithm that pip accepts"),
        (
            "flask --global-option=x",
            1,
            "no `--global-option` any more",
        ),
        ("flask -C x", 1, "write `KEY=VALUE`"),
        ("--use-feature fastdeps", 1, "is `fast-deps` meant?"),
        (
            "--trusted-host https://host.test",
            1,
            "write `host` or `host:port`",
        ),
        (
            "--trusted-host host.test:x",
            1,
            "write `host` or `host:port`",
        ),
        ("--no-binary --pre", 1, "`--no-binary` needs a value"),
        ("flask --hash=md5:aa", 1, "no algorithm that pip accepts"),
        ("flask --hash=sha384:aa", 1, "not supported"),
        ("flask --hash=sha512:aa", 1, "not supported"),
        ("flask --hash=sha256:zz", 1, "64 hexadecimal"),
        ("flask --hash=sha256", 1, "`--hash=sha256:…`"),
        ("flask --hash", 1, "needs a value"),
        ("--no-binary -x-", 1, "`--no-binary`"),
        ("--only-binary=a,,b!", 1, "`--only-binary`"),
    ] {
        let error = wrong(text);
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
        assert!(error.remedy.is_some(), "{text}: {error}");
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
    let general = wrong("flask==2.0.x").remedy.unwrap();
    assert!(general.starts_with("write it as in `name`"), "{general}");
}

#[test]
fn errors_in_constraints_name_the_constraint_file() {
    for (text, part) in [
        ("jinja2[x]<3", "has extras"),
        ("-e .", "is editable"),
        ("./jinja2", "a path"),
        ("https://host.test/jinja2.zip", "does not say which project"),
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
        "flask @ https://user:secret@host.test/a.whl b",
        "-i https://${TOKEN}@host.test --wat",
        "https://user:se/secret@host.test/x.whl",
        "-c https://user:secret@host.test/x.txt",
        "-e https://user:secret@host.test/x.zip",
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
