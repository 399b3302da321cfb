//! What of the sources asks for each requirement: the dependencies themselves, extras, groups.

use super::*;

fn scopes(manifest: &Manifest) -> Vec<String> {
    let roots = manifest.requirements.iter();
    roots
        .map(|root| {
            let scopes: Vec<String> = root.scopes.iter().map(ToString::to_string).collect();
            format!("{}: {}", root.requirement, scopes.join(", "))
        })
        .collect()
}

#[test]
fn an_extra_asks_for_what_the_extras_that_it_names_ask_for() {
    let text = "[project]\nname = \"app\"\ndependencies = [\"web\", \"app[core]\"]\n[project.optional-dependencies]\ncore = [\"one\"]\ndev = [\"two\", \"app[core]\"]\nall = [\"app[dev] ; os_name == 'nt'\", \"app[core]\"]\nother = [\"no\"]\n";
    let files = Texts::default().with("pyproject.toml", text);
    let manifest = read(&files, &["pyproject.toml"], &["all", "dev"]).unwrap();
    assert_eq!(
        scopes(&manifest),
        [
            "web: main",
            "one: main, extra all, extra dev",
            "two ; os_name == 'nt': extra all",
            "one ; os_name == 'nt': extra all",
            "two: extra dev",
        ]
    );
    assert_eq!(manifest.projects, ["pyproject.toml"]);
    let asked: Vec<String> = manifest.optional().map(ToString::to_string).collect();
    assert_eq!(asked, ["extra all", "extra dev"]);
}

#[test]
fn a_group_asks_for_what_it_includes() {
    let text = "[project]\nname = \"app\"\n[dependency-groups]\nbase = [\"one\"]\ntest = [{ include-group = \"base\" }, \"two\"]\nlint = [{ include-group = \"test\" }, { include-group = \"base\" }]\n";
    let files = Texts::default().with("pyproject.toml", text);
    let manifest = read_with(&files, &["pyproject.toml"], &[], &["lint", "base", "test"]).unwrap();
    assert_eq!(
        scopes(&manifest),
        [
            "one: group base, group lint, group test",
            "two: group lint, group test"
        ]
    );
}

#[test]
fn only_a_project_has_something_beside_it() {
    let text = "[project]\nname = \"app\"\n[dependency-groups]\ntest = [\"one\"]\n";
    let script = "# /// script\n# dependencies = [\"two\"]\n# ///\n";
    let files = Texts::default()
        .with("pyproject.toml", text)
        .with(
            "only/pyproject.toml",
            "[dependency-groups]\ntest = [\"one\"]\n",
        )
        .with("tool.py", script)
        .with("a.in", "three\n");
    for (sources, group, expected) in [
        (&["pyproject.toml"][..], "test", 1),
        (&["a.in", "pyproject.toml"], "test", 1),
        (&["a.in"], "test", 0),
        (&["tool.py"], "pyproject.toml:test", 0),
        (&["only/pyproject.toml"], "test", 0),
        (&["tool.py", "only/pyproject.toml"], "test", 0),
        (&[], "test", 0),
    ] {
        let manifest = read_with(&files, sources, &[], &[group]).unwrap();
        assert_eq!(manifest.optional().count(), expected, "{sources:?}");
        assert_eq!(manifest.scopes.len(), 1, "{sources:?}");
    }
}
