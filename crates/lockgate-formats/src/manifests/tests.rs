use super::*;
use crate::testing::Texts;

fn read(files: &Texts, sources: &[&str], extras: &[&str]) -> Result<Manifest, InputError> {
    let sources: Vec<String> = sources.iter().map(|s| (*s).to_owned()).collect();
    let extras: Vec<String> = extras.iter().map(|s| (*s).to_owned()).collect();
    Manifests {
        extras: &extras,
        all_extras: false,
    }
    .read(files, &sources, &[])
}

fn shown(manifest: &Manifest) -> Vec<String> {
    manifest
        .requirements
        .iter()
        .map(|root| {
            format!(
                "{} from {} {}",
                root.requirement, root.origin, root.origin.via
            )
        })
        .collect()
}

#[test]
fn includes_are_followed_and_every_requirement_knows_its_place() {
    let files = Texts::default()
        .with("requirements/dev.in", "-r base.in\npytest>=7 ; python_version >= '3.8'\n-c limits.txt\n")
        .with("requirements/base.in", "# base\nFlask[async] == 2.0 \\\n  --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")
        .with("requirements/limits.txt", "jinja2<3.1\n-r more.in\n")
        .with("requirements/more.in", "click\n");
    let manifest = read(&files, &["requirements/dev.in"], &[]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask[async]==2.0 from requirements/base.in:2 -r requirements/base.in",
            "pytest>=7 ; python_full_version >= '3.8' from requirements/dev.in:2 -r requirements/dev.in",
            "click from requirements/more.in:1 -r requirements/more.in",
        ]
    );
    assert_eq!(manifest.requirements[0].hashes.len(), 1);
    let [constraint] = manifest.constraints.as_slice() else {
        panic!("one constraint")
    };
    assert_eq!(
        (
            constraint.requirement.name.as_str(),
            constraint.origin.via.as_str()
        ),
        ("jinja2", "-c requirements/limits.txt")
    );
}

#[test]
fn index_options_follow_pips_order() {
    let files = Texts::default().with(
        "a.in",
        "--extra-index-url https://one.test/simple\n-i https://two.test/simple\n--extra-index-url=https://three.test/simple\n--pre\n--only-binary :all:\n--no-binary flask\n",
    );
    let manifest = read(&files, &["a.in"], &[]).unwrap();
    assert_eq!(
        manifest.index.index_url.as_ref().unwrap().0,
        "https://two.test/simple"
    );
    let extras: Vec<&str> = manifest
        .index
        .extra_index_urls
        .iter()
        .map(|(url, _)| url.as_str())
        .collect();
    assert_eq!(extras, ["https://three.test/simple"]);
    assert!(manifest.pre);
    assert!(manifest.binary.all.no_sdists);
    assert!(manifest.binary.of(&"flask".parse().unwrap()).no_wheels);
}

#[test]
fn wrong_lines_name_file_line_and_what_is_wrong() {
    for (text, line, part) in [
        ("flask==", 1, "flask=="),
        ("\nflask=>2", 2, "not a requirement"),
        ("flask 2.0", 1, "not a requirement"),
        ("flask==2.0.x", 1, "2.0.x"),
        ("flask ; python_version", 1, "not a requirement"),
        ("-e .", 1, "`--editable` is not supported"),
        ("--find-links x", 1, "`--find-links` is not supported"),
        ("--trusted-host x", 1, "`--trusted-host` is not supported"),
        ("--no-index", 1, "`--no-index` is not supported"),
        ("--require-hashes", 1, "not supported"),
        ("--prefer-binary", 1, "not supported"),
        ("--use-feature x", 1, "not supported"),
        ("flask @ https://host.test/flask.whl", 1, "direct reference"),
        ("https://host.test/flask.whl", 1, "an address"),
        ("git+https://host.test/flask", 1, "an address"),
        ("./flask", 1, "a path"),
        ("flask-2.0-py3-none-any.whl", 1, "a path"),
        ("--indx-url x", 1, "`--index-url` meant"),
        ("-r missing.in", 1, "no such file"),
        ("-r https://host.test/a.in", 1, "by address"),
        ("-c limits.txt", 1, "has extras"),
        ("flask --pre", 1, "cannot stand on the line"),
        ("--hash=sha256:aa", 1, "belongs to a requirement"),
        ("flask --hash=md5:aa", 1, "no algorithm that pip accepts"),
        ("flask --hash=sha512:aa", 1, "not supported"),
        ("flask --hash=sha256:zz", 1, "64 hexadecimal"),
        ("--no-binary -x-", 1, "`--no-binary`"),
    ] {
        let files = Texts::default()
            .with("a.in", text)
            .with("limits.txt", "jinja2[x]<3");
        let error = read(&files, &["a.in"], &[]).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
    }
}

#[test]
fn an_include_loop_shows_the_circle() {
    let files = Texts::default()
        .with("a.in", "-r b.in")
        .with("b.in", "\n-r a.in");
    let error = read(&files, &["a.in"], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "b.in:2: the includes go round in a circle: a.in → b.in → a.in"
    );
}

#[test]
fn a_project_gives_its_dependencies_extras_and_python() {
    let text = "[project]\nname = \"My.App\"\nrequires-python = \">=3.9\"\ndependencies = [\n  \"flask\",\n]\n\
                [project.optional-dependencies]\ndev = [\"my-app[test]\", \"black\"]\ntest = [\"pytest\"]\n";
    let files = Texts::default().with("pyproject.toml", text);
    let manifest = read(&files, &["pyproject.toml"], &["Dev"]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask from pyproject.toml:5 my-app (pyproject.toml)",
            "pytest from pyproject.toml:9 my-app (pyproject.toml)",
            "black from pyproject.toml:8 my-app (pyproject.toml)",
        ]
    );
    assert_eq!(manifest.requires_python.unwrap().0.to_string(), ">=3.9");
}

#[test]
fn wrong_projects_say_what_to_do() {
    for (text, extras, line, part) in [
        (
            "[tool.poetry]\nname = \"x\"\n",
            vec![],
            None,
            "no `[project]`",
        ),
        ("[build-system]\n", vec![], None, "no `[project]`"),
        (
            "[project]\nname = \"x\"\ndynamic = [\"dependencies\"]\n",
            vec![],
            Some(3),
            "dynamic",
        ),
        (
            "[project]\nname = \"x\"\ndependencies = [\"flask==\"]\n",
            vec![],
            Some(3),
            "flask==",
        ),
        (
            "[project]\nname = \"x\"\ndependencies = \"flask\"\n",
            vec![],
            Some(3),
            "sequence",
        ),
        (
            "[project]\nname = \"x\"\nrequires-python = \"3\"\n",
            vec![],
            Some(3),
            "requires-python",
        ),
        (
            "[project]\nname = \"x\"\n[project.optional-dependencies]\ndev = []\n",
            vec!["tset"],
            None,
            "it has dev",
        ),
        ("[project\n", vec![], Some(1), ""),
    ] {
        let files = Texts::default().with("pyproject.toml", text);
        let error = read(&files, &["pyproject.toml"], &extras).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert_eq!(error.line, line, "{text}: {error}");
    }
}
