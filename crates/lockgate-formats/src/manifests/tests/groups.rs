//! `[dependency-groups]`.

use super::*;

const TEXT: &str = "[project]\nname = \"App\"\ndependencies = [\"web\"]\n[dependency-groups]\nTest_Tools = [\"pytest>=7\", { include-group = \"cov\" }]\ncov = [\"coverage\"]\ndev = [\n  { include-group = \"test.tools\" },\n  { include-group = \"cov\" },\n  \"black\",\n]\nbroken = [1]\n";

#[test]
fn groups_are_taken_with_what_they_include_each_once() {
    let files = Texts::default().with("pyproject.toml", TEXT);
    let manifest = read_with(&files, &[], &[], &["DEV", "cov"]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "pytest>=7 from pyproject.toml:5 app (pyproject.toml:test-tools)",
            "coverage from pyproject.toml:6 app (pyproject.toml:cov)",
            "black from pyproject.toml:10 app (pyproject.toml:dev)",
        ]
    );
    assert!(manifest.requires_python.is_empty());
}

#[test]
fn groups_are_looked_for_in_the_projects_else_beside() {
    let other = "[dependency-groups]\ndev = [\"other\"]\n";
    let files = Texts::default()
        .with("pyproject.toml", TEXT)
        .with("lib/pyproject.toml", other)
        .with("a.in", "flask\n");
    for (sources, groups, expected) in [
        (vec!["pyproject.toml"], vec!["cov"], vec!["web", "coverage"]),
        (vec!["a.in"], vec!["cov"], vec!["flask", "coverage"]),
        (
            vec!["a.in"],
            vec!["lib/pyproject.toml:dev"],
            vec!["flask", "other"],
        ),
        (vec!["lib/pyproject.toml"], vec!["dev"], vec!["other"]),
        (
            vec!["pyproject.toml", "lib/pyproject.toml"],
            vec!["dev", "cov"],
            vec!["web", "pytest", "coverage", "black", "other"],
        ),
    ] {
        let manifest = read_with(&files, &sources, &[], &groups).unwrap();
        assert_eq!(names(&manifest), expected, "{sources:?} {groups:?}");
    }
    let manifest = read_with(&files, &[], &[], &["lib/pyproject.toml:dev"]).unwrap();
    let [root] = manifest.requirements.as_slice() else {
        panic!("one requirement")
    };
    assert_eq!(root.origin.via, "(lib/pyproject.toml:dev)");
}

#[test]
fn wrong_groups_say_where_and_what_to_do() {
    for (text, line, part) in [
        ("", None, "no dependency group `dev`; it has none"),
        ("dev = ['a']\n", None, "no dependency group `dev`"),
        (
            "dependency-groups = 1\n",
            Some(1),
            "must be a table, and is of type integer",
        ),
        ("[dependency-groups]\ntest = []\n", None, "it has test"),
        (
            "[dependency-groups]\ndev = 'a'\n",
            Some(2),
            "must be an array, and is of type string",
        ),
        (
            "[dependency-groups]\ndev = ['a',\n3]\n",
            Some(3),
            "each entry of the dependency group `dev`",
        ),
        (
            "[dependency-groups]\ndev = [{ include = 'a' }]\n",
            Some(2),
            "include-group",
        ),
        (
            "[dependency-groups]\ndev = [{ include-group = 'a', b = 1 }]\n",
            Some(2),
            "include-group",
        ),
        (
            "[dependency-groups]\ndev = [{ include-group = 1 }]\n",
            Some(2),
            "must be a string",
        ),
        (
            "[dependency-groups]\ndev = [\n{ include-group = 'tset' }]\ntest = []\n",
            Some(3),
            "no dependency group `tset`; it has dev, test",
        ),
        (
            "[dependency-groups]\ndev = [{ include-group = 'a-' }]\n",
            Some(2),
            "valid name",
        ),
        ("[dependency-groups]\ndev = ['a==']\n", Some(2), "a=="),
        (
            "[dependency-groups]\n'a b' = []\ndev = []\n",
            Some(2),
            "valid name",
        ),
        (
            "[dependency-groups]\ndev = []\nx_y = []\nX-Y = []\n",
            Some(4),
            "on line 3 too",
        ),
        (
            "[dependency-groups]\ndev = [{ include-group = 'DEV' }]\n",
            Some(2),
            "circle: dev → dev",
        ),
        (
            "[dependency-groups]\ndev = [{ include-group = 'b' }]\nb = [{ include-group = 'c' }]\nc = [{ include-group = 'b' }]\n",
            Some(4),
            "circle: b → c → b",
        ),
        ("[dependency-groups\n", Some(1), "unclosed"),
    ] {
        let files = Texts::default().with("pyproject.toml", text);
        is_told(
            &read_with(&files, &[], &[], &["dev"]).unwrap_err(),
            line,
            part,
        );
    }
    let error = read_with(&Texts::default(), &[], &[], &["dev"]).unwrap_err();
    is_told(&error, None, "`--group` looks for groups there");
}

#[test]
fn a_misspelled_group_has_its_nearest() {
    let files = Texts::default().with("pyproject.toml", TEXT);
    let error = read_with(&files, &[], &[], &["dve"]).unwrap_err();
    assert_eq!(error.remedy.as_deref(), Some("is `dev` meant?"));
}

#[test]
fn nesting_has_an_end() {
    let group = |level| format!("g{level} = [{{ include-group = 'g{}' }}]\n", level + 1);
    let groups: String = (0..100_000).map(group).collect();
    let text = format!("[dependency-groups]\n{groups}");
    let files = Texts::default().with("pyproject.toml", &text);
    let error = read_with(&files, &[], &[], &["g0"]).unwrap_err();
    is_told(&error, Some(65), "64 deep");
}

#[test]
fn a_request_names_a_pyproject() {
    for (text, file, name) in [
        ("dev", None, "dev"),
        ("Dev_X", None, "dev-x"),
        ("pyproject.toml:dev", Some("pyproject.toml"), "dev"),
        ("a/pyproject.toml:dev", Some("a/pyproject.toml"), "dev"),
        (
            r"C:\a\pyproject.toml:dev",
            Some(r"C:\a\pyproject.toml"),
            "dev",
        ),
    ] {
        let request: GroupRequest = text.parse().unwrap();
        assert_eq!(request.file.as_deref(), file, "{text}");
        assert_eq!(request.name.as_str(), name, "{text}");
    }
    for (text, part) in [
        ("app:dev", "does not end in `pyproject.toml`"),
        ("xpyproject.toml:dev", "does not end in `pyproject.toml`"),
        (":dev", "does not end in `pyproject.toml`"),
        ("pyproject.toml:", "valid name"),
        ("", "valid name"),
        ("a b", "valid name"),
    ] {
        let error = text.parse::<GroupRequest>().unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn where_there_is_no_project_there_are_no_extras() {
    let files = Texts::default().with("pyproject.toml", "[dependency-groups]\ndev = []\n");
    let error = read_with(&files, &["pyproject.toml"], &["x"], &["dev"]).unwrap_err();
    is_told(&error, None, "so no extras");
}
