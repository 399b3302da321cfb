//! `pyproject.toml` as a source.

use super::*;

#[test]
fn a_project_gives_its_dependencies_extras_and_python() {
    let text = include_str!("../../../../../fixtures/requirements/service/pyproject.toml");
    let files = Texts::default().with("service/pyproject.toml", text);
    let manifest = read(&files, &["service/pyproject.toml"], &["Dev"]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask[async]>=3 from service/pyproject.toml:6 my-app (service/pyproject.toml)",
            "tomli ; python_full_version < '3.11' from service/pyproject.toml:7 my-app (service/pyproject.toml)",
            "pytest from service/pyproject.toml:13 my-app (service/pyproject.toml)",
            "black from service/pyproject.toml:12 my-app (service/pyproject.toml)",
            "coverage ; os_name == 'nt' from service/pyproject.toml:14 my-app (service/pyproject.toml)",
        ]
    );
    let (python, origin) = manifest.requires_python.first().unwrap();
    assert_eq!(
        (python.to_string(), origin.line),
        (">=3.9".to_owned(), Some(4))
    );
    let manifest = read(&files, &["service/pyproject.toml"], &[]).unwrap();
    assert_eq!(manifest.requirements.len(), 2);
}

#[test]
fn all_extras_are_taken_once() {
    let text = "[project]\nname = \"x\"\n[project.optional-dependencies]\na = [\"one\"]\nb = [\"x[a]\", \"two\"]\nC = [\"three\"]\n";
    let files = Texts::default().with("pyproject.toml", text);
    let manifest = Manifests {
        extras: &[],
        all_extras: true,
        groups: &[],
    }
    .read(&files, &["pyproject.toml".to_owned()], &[])
    .unwrap();
    assert_eq!(names(&manifest), ["one", "two", "three"]);
}

#[test]
fn extras_are_taken_from_every_project_that_has_them() {
    let project = |name: &str, extras: &str| {
        format!(
            "[project]\nname = \"{name}\"\nrequires-python = \">=3.9\"\n[project.optional-dependencies]\n{extras}"
        )
    };
    let files = Texts::default()
        .with(
            "a/pyproject.toml",
            &project("a", "x = ['one']\nboth = ['two']\n"),
        )
        .with("b/pyproject.toml", &project("b", "both = ['three']\n"));
    let sources = ["a/pyproject.toml", "b/pyproject.toml"];
    let manifest = read(&files, &sources, &["x", "Both"]).unwrap();
    assert_eq!(names(&manifest), ["one", "two", "three"]);
    assert_eq!(manifest.requires_python.len(), 2);
    let error = read(&files, &sources, &["bath"]).unwrap_err();
    is_told(&error, None, "they have both, x");
    assert_eq!(error.remedy.as_deref(), Some("is `both` meant?"));
}

#[test]
fn extras_that_ask_for_each_other_end() {
    let text = "[project]\nname = \"x\"\ndependencies = [\"x\", \"x[a]\"]\n[project.optional-dependencies]\na = [\"x[b]\", \"one\"]\nb = [\"x[a]\", \"two\"]\n";
    let files = Texts::default().with("pyproject.toml", text);
    let manifest = read(&files, &["pyproject.toml"], &["a", "b", "a"]).unwrap();
    let names: Vec<&str> = manifest
        .requirements
        .iter()
        .map(|root| root.requirement.name.as_str())
        .collect();
    assert_eq!(names, ["two", "one"]);
}

#[test]
fn wrong_projects_say_where_and_what_to_do() {
    const NAMED: &str = "[project]\nname = \"x\"\n";
    for (text, extra, line, part) in [
        ("", None, None, "no `[project]`"),
        ("[build-system]\n", None, None, "no `[project]`"),
        (
            "[tool.poetry]\nname = \"x\"\n",
            None,
            None,
            "no `[project]`",
        ),
        ("[project\n", None, Some(1), "unclosed"),
        ("\nproject = 1\n", None, Some(2), "expected a table"),
        ("[project]\nversion = \"1\"\n", None, Some(1), "`name`"),
        ("[project]\nname = 1\n", None, Some(2), "string"),
        ("[project]\nname = \"x-\"\n", None, Some(2), "valid name"),
        (
            "[project]\nname = \"x\"\nname = \"y\"\n",
            None,
            Some(3),
            "duplicate",
        ),
        (
            &format!("{NAMED}dynamic = [\"dependencies\"]\n"),
            None,
            Some(3),
            "dynamic",
        ),
        (
            &format!("{NAMED}dynamic = [\n\"optional-dependencies\"]\n"),
            Some("a"),
            Some(4),
            "dynamic",
        ),
        (
            &format!("{NAMED}dependencies = [\"flask==\"]\n"),
            None,
            Some(3),
            "flask==",
        ),
        (
            &format!("{NAMED}dependencies = [\n\"a\",\n1]\n"),
            None,
            Some(5),
            "string",
        ),
        (
            &format!("{NAMED}dependencies = \"flask\"\n"),
            None,
            Some(3),
            "sequence",
        ),
        (
            &format!("{NAMED}dependencies = [\"./x\"]\n"),
            None,
            Some(3),
            "a path",
        ),
        (
            &format!("{NAMED}dependencies = [\"https://host.test/y.whl\"]\n"),
            None,
            Some(3),
            "an address without a name",
        ),
        (
            &format!("{NAMED}dependencies = [\"a ; python_version >= '3.8, 3.9'\"]\n"),
            None,
            Some(3),
            "version specifier",
        ),
        (
            &format!("{NAMED}requires-python = \"3\"\n"),
            None,
            Some(3),
            "requires-python",
        ),
    ] {
        let files = Texts::default().with("pyproject.toml", text);
        let extras: Vec<&str> = extra.into_iter().collect();
        let error = read(&files, &["pyproject.toml"], &extras).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    }
}

#[test]
fn wrong_extras_say_where_and_which_there_are() {
    const NAMED: &str = "[project]\nname = \"x\"\n";
    for (text, extra, line, part) in [
        (NAMED, Some("dev"), None, "it has none"),
        (NAMED, Some("dev-"), None, "valid name"),
        (
            &format!("{NAMED}[project.optional-dependencies]\ndev = []\n"),
            Some("tset"),
            None,
            "it has dev",
        ),
        (
            &format!("{NAMED}[project.optional-dependencies]\ndev = [\"x[tests]\"]\ntest = []\n"),
            Some("dev"),
            Some(4),
            "no extra `tests`",
        ),
        (
            &format!("{NAMED}[project.optional-dependencies]\n\"a b\" = []\n"),
            None,
            Some(4),
            "valid name",
        ),
    ] {
        let files = Texts::default().with("pyproject.toml", text);
        let extras: Vec<&str> = extra.into_iter().collect();
        let error = read(&files, &["pyproject.toml"], &extras).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    }
}

#[test]
fn what_a_project_cannot_be_read_from_has_a_remedy() {
    for (text, remedy) in [
        ("[tool.poetry]\nname = \"x\"\n", "Poetry"),
        ("", "requirements file"),
        (
            "[project]\nname = \"x\"\ndynamic = [\"dependencies\"]\n",
            "requirements file",
        ),
    ] {
        let files = Texts::default().with("pyproject.toml", text);
        let error = read(&files, &["pyproject.toml"], &[]).unwrap_err();
        assert!(error.remedy.unwrap().contains(remedy), "{text}");
    }
    let files = Texts::default();
    for (source, part) in [
        ("pyproject.toml", "no such file"),
        ("requirements.in", "no such file"),
        ("setup.py", "no such file"),
        ("setup.cfg", "no such file"),
        ("tool.py", "no such file"),
        ("uv.lock", "another tool"),
        ("Pipfile", "Pipenv"),
    ] {
        let error = read(&files, &[source], &[]).unwrap_err();
        assert!(error.message.contains(part), "{error}");
        assert!(error.remedy.is_some(), "{error}");
    }
}

#[test]
fn other_tools_tables_have_remedies_of_their_own() {
    for (text, beside, remedy) in [
        ("[tool.poetry.dependencies]\n", None, "Poetry 2"),
        ("[tool.flit.metadata]\n", None, "Flit"),
        ("[tool.pdm]\ndependencies = {}\n", None, "PDM"),
        ("[build-system]\n", Some("setup.cfg"), "lock `setup.cfg`"),
        ("[build-system]\n", Some("setup.py"), "is not run"),
        ("[tool.hatch.envs.default]\n", None, "add `[project]`"),
        ("[dependency-groups]\ndev = []\n", None, "`--group dev`"),
    ] {
        let mut files = Texts::default().with("app/pyproject.toml", text);
        if let Some(name) = beside {
            files = files.with(&format!("app/{name}"), "install_requires");
        }
        let error = read(&files, &["app/pyproject.toml"], &[]).unwrap_err();
        is_told(&error, None, "no `[project]` table");
        let told = error.remedy.unwrap_or_default();
        assert!(told.contains(remedy), "{text}: {told}");
    }
}

#[test]
fn keys_of_later_specifications_do_no_harm() {
    let text = "[project]\nname = \"x\"\nversion = \"1\"\nimport-names = []\nflavour = 1\ndependencies = [\"a\"]\n[tool]\nx = 1\n";
    let files = Texts::default().with("pyproject.toml", text);
    assert_eq!(
        names(&read(&files, &["pyproject.toml"], &[]).unwrap()),
        ["a"]
    );
}

#[test]
fn the_whole_table_must_be_valid_whatever_is_asked_for() {
    const NAMED: &str = "[project]\nname = \"x\"\n";
    for (text, line, part) in [
        (
            &format!("{NAMED}[project.optional-dependencies]\nunasked = [\"a\",\n\"b==\"]\n"),
            Some(5),
            "b==",
        ),
        (
            &format!("{NAMED}[project.optional-dependencies]\na-b = []\nA_B = []\n"),
            Some(5),
            "there twice",
        ),
        (
            &format!("{NAMED}dependancies = [\"flask\"]\n"),
            Some(3),
            "no key `dependancies`",
        ),
        (
            &format!("{NAMED}dependencies = []\ndynamic = [\"dependencies\"]\n"),
            Some(4),
            "at once",
        ),
        (
            &format!("{NAMED}dynamic = [\"name\"]\n"),
            Some(3),
            "at once",
        ),
        (
            &format!("{NAMED}dynamic = \"version\"\n"),
            Some(3),
            "sequence",
        ),
        (
            &format!("{NAMED}[project.optional-dependencies]\na = \"b\"\n"),
            Some(4),
            "sequence",
        ),
    ] {
        let files = Texts::default().with("pyproject.toml", text);
        let error = read(&files, &["pyproject.toml"], &[]).unwrap_err();
        is_told(&error, line, part);
    }
}
