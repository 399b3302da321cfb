//! Dynamic fields of `[project]`.

use super::*;

fn project(rest: &str) -> String {
    format!("[project]\nname = \"app\"\n{rest}")
}

#[test]
fn what_setuptools_reads_from_files_is_read_from_them() {
    let text = project(
        "dynamic = [\"dependencies\", \"optional-dependencies\", \"version\"]\n[tool.setuptools.dynamic]\ndependencies = { file = [\"a.in\", \"in/b.in\"] }\n[tool.setuptools.dynamic.optional-dependencies]\nTest = { file = \"test.in\" }\nall = { file = [\"all.in\"] }\n",
    );
    let files = Texts::default()
        .with("lib/pyproject.toml", &text)
        .with("lib/a.in", "# head\nflask>=3 # why\n")
        .with("lib/in/b.in", "\njinja2\n")
        .with("lib/test.in", "pytest\n")
        .with("lib/all.in", "app[test]\n");
    let manifest = read(&files, &["lib/pyproject.toml"], &["all"]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask>=3 from lib/a.in:2 app (lib/pyproject.toml)",
            "jinja2 from lib/in/b.in:2 app (lib/pyproject.toml)",
            "pytest from lib/test.in:1 app (lib/pyproject.toml)",
        ]
    );
}

#[test]
fn what_a_build_alone_tells_is_refused_when_it_is_needed() {
    let setuptools = "[build-system]\nbuild-backend = \"setuptools.build_meta\"\n";
    let told = "[tool.setuptools.dynamic]\ndependencies = { file = \"a.in\" }\n";
    for (text, extra, line, part, fields) in [
        (
            project("dynamic = [\"dependencies\"]\n"),
            None,
            3,
            "a build by `setuptools`",
            vec!["dependencies"],
        ),
        (
            project(&format!(
                "dynamic = [\"dependencies\"]\n{told}[build-system]\nbuild-backend = \"hatchling.build\"\n"
            )),
            None,
            3,
            "a build by `hatchling.build`",
            vec!["dependencies"],
        ),
        (
            project(&format!(
                "dynamic = [\"dependencies\"]\n{told}{setuptools}backend-path = [\".\"]\n"
            )),
            None,
            3,
            "a build by `setuptools.build_meta`",
            vec!["dependencies"],
        ),
        (
            project("dynamic = [\"optional-dependencies\", \"requires-python\"]\n"),
            Some("x"),
            3,
            "`optional-dependencies` is dynamic",
            vec!["optional-dependencies", "requires-python"],
        ),
        (
            project("dependencies = [\"app[x]\"]\ndynamic = [\"optional-dependencies\"]\n"),
            None,
            4,
            "`optional-dependencies` is dynamic",
            vec!["optional-dependencies"],
        ),
    ] {
        let files = Texts::default().with("lib/pyproject.toml", &text);
        let extras: Vec<&str> = extra.into_iter().collect();
        let error = read(&files, &["lib/pyproject.toml"], &extras).unwrap_err();
        is_told(&error, Some(line), part);
        let needs = error.needs_build.unwrap();
        assert_eq!((needs.folder.as_str(), needs.fields), ("lib", fields));
    }
    let text =
        project("dependencies = [\"a\"]\ndynamic = [\"optional-dependencies\", \"version\"]\n");
    let files = Texts::default().with("pyproject.toml", &text);
    assert_eq!(
        names(&read(&files, &["pyproject.toml"], &[]).unwrap()),
        ["a"]
    );
    let all = Manifests {
        extras: &[],
        all_extras: true,
        groups: &[],
    };
    let error = all
        .read(&files, &["pyproject.toml".to_owned()], &[])
        .unwrap_err();
    is_told(&error, Some(4), "`optional-dependencies` is dynamic");
}

#[test]
fn the_file_beside_that_decides_is_named() {
    let files = Texts::default()
        .with("pyproject.toml", &project("dynamic = [\"dependencies\"]\n"))
        .with("setup.cfg", "[options]\ninstall_requires = a\n");
    let error = read(&files, &["pyproject.toml"], &[]).unwrap_err();
    assert!(error.remedy.unwrap().contains("lock `setup.cfg`"));
}

#[test]
fn wrong_directives_say_where_and_what_to_do() {
    const DYNAMIC: &str =
        "dynamic = [\"dependencies\", \"optional-dependencies\"]\n[tool.setuptools.dynamic]\n";
    for (directive, line, part) in [
        ("dependencies = \"a.in\"\n", Some(5), "must be a table"),
        (
            "dependencies = { attr = \"a.b\" }\n",
            Some(5),
            "only `file`",
        ),
        ("dependencies = {}\n", Some(5), "names no file"),
        (
            "dependencies = { file = 1 }\n",
            Some(5),
            "a string or an array",
        ),
        (
            "dependencies = { file = [\n1] }\n",
            Some(6),
            "a string or an array",
        ),
        (
            "dependencies = { file = \"none.in\" }\n",
            Some(5),
            "no such file",
        ),
        (
            "dependencies = { file = \"../a.in\" }\n",
            Some(5),
            "outside",
        ),
        ("dependencies = { file = \"/a.in\" }\n", Some(5), "outside"),
        (
            "dependencies = { file = \"ok.in\" }\noptional-dependencies = 1\n",
            Some(6),
            "must be a table",
        ),
        (
            "dependencies = { file = \"ok.in\" }\noptional-dependencies.x = 1\n",
            Some(6),
            "must be a table",
        ),
    ] {
        let files = Texts::default()
            .with("pyproject.toml", &project(&format!("{DYNAMIC}{directive}")))
            .with("ok.in", "a\n");
        is_told(
            &read(&files, &["pyproject.toml"], &[]).unwrap_err(),
            line,
            part,
        );
    }
    let files = Texts::default()
        .with(
            "pyproject.toml",
            &project(&format!("{DYNAMIC}dependencies = {{ file = \"a.in\" }}\n")),
        )
        .with("a.in", "ok\n-r b.in\n");
    let error = read(&files, &["pyproject.toml"], &[]).unwrap_err();
    is_told(&error, Some(2), "no options");
    assert_eq!(error.file, "a.in");
}
