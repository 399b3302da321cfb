//! What can be audited: the locks that every tool wrote for one project, standard input, folders, and what their lines say.

use std::collections::BTreeSet;

use lockgate_tests::{Advisory, TestContext};

use super::asking::{
    audit, codes, copy_fixtures, document, findings, has_no_answer, list, packages, text,
};

/// Advisories about pins of the project: direct ones, one of a dependency, of the extra, of the group, and of the editable.
fn advisories() -> Vec<Advisory> {
    vec![
        Advisory::new("PYSEC-2024-1", "Django").between("3.2", "3.2.13"),
        Advisory::new("PYSEC-2024-2", "jinja2").between("0", "2.11.3"),
        Advisory::new("PYSEC-2024-3", "idna").between("0", "3.7"),
        Advisory::new("PYSEC-2024-4", "redis").between("4.5.0", "4.5.4"),
        Advisory::new("PYSEC-2024-5", "pytest").between("0", "8"),
        Advisory::new("PYSEC-2024-6", "Werkzeug").between("0", "2.2.3"),
        Advisory::new("PYSEC-2024-7", "colorama").between("0", "0.4.5"),
        // Not affected: the pin is later.
        Advisory::new("PYSEC-2024-8", "urllib3").between("0", "1.26.18"),
    ]
}

/// What every kind of input comes to.
const FINDINGS: [&str; 6] = [
    "django==3.2.10 PYSEC-2024-1",
    "idna==2.10 PYSEC-2024-3",
    "jinja2==2.11.2 PYSEC-2024-2",
    "pytest==7.1.2 PYSEC-2024-5",
    "redis==4.5.3 PYSEC-2024-4",
    "werkzeug==2.0.3 PYSEC-2024-6",
];

/// Locks for every platform hold what is for Windows too.
const WINDOWS: &[&str] = &["colorama==0.4.4 PYSEC-2024-7"];

/// Each file with its kind, what it has beyond the common findings, and what it lacks.
const FILES: &[(&str, &str, &[&str], &[&str])] = &[
    ("uv/uv.lock", "uv", WINDOWS, &[]),
    ("uv/pylock.toml", "pylock", WINDOWS, &[]),
    ("uv/requirements.txt", "requirements", WINDOWS, &[]),
    ("poetry/poetry.lock", "poetry", WINDOWS, &[]),
    ("poetry-1.8/poetry.lock", "poetry", WINDOWS, &[]),
    ("poetry-1.1/poetry.lock", "poetry", WINDOWS, &[]),
    ("pdm/pdm.lock", "pdm", WINDOWS, &[]),
    ("pipenv/Pipfile.lock", "pipfile", WINDOWS, &[]),
    // These were made on Linux, for it alone.
    ("pip/requirements.txt", "requirements", &[], &[]),
    ("pip/pylock.pip.toml", "pylock", &[], &[]),
    ("sbom/environment.cdx.json", "cyclonedx", &[], &[]),
    ("sbom/environment.spdx.json", "spdx", &[], &[]),
    ("sbom/uv.cdx.json", "cyclonedx", WINDOWS, &[]),
    // The tool was not asked for the extra.
    (
        "sbom/poetry.cdx.json",
        "cyclonedx",
        WINDOWS,
        &["redis==4.5.3 PYSEC-2024-4"],
    ),
];

fn recorded() -> TestContext {
    let context = TestContext::new();
    copy_fixtures(&context, "locks/audit", "");
    context.write_advisories("advisories", &advisories());
    context
}

fn expected(more: &[&str], less: &[&str]) -> BTreeSet<String> {
    let all = FINDINGS.iter().chain(more);
    all.filter(|finding| !less.contains(finding))
        .map(|finding| (*finding).to_owned())
        .collect()
}

#[test]
fn every_kind_of_input_of_one_project_has_the_same_findings() {
    let context = recorded();
    for (file, kind, more, less) in FILES {
        let run = audit(&context, &[file, "--advisories", "advisories", "--json"]).run();
        let found = document(&run);
        assert_eq!(findings(&found), expected(more, less), "{file}");
        assert_eq!(found["places"][0]["kind"], *kind, "{file}");
        for package in list(&found, "packages") {
            assert_eq!(text(package, "source"), *file);
            assert!(package["line"].is_u64(), "{file}: {package:#}");
        }
        // The direct reference is a gap; the SPDX document alone does not say that it is one.
        let gaps: Vec<&str> = list(&found, "gaps")
            .iter()
            .map(|gap| text(gap, "name"))
            .collect();
        let own: Vec<&str> = list(&found, "own")
            .iter()
            .map(|own| text(own, "text"))
            .collect();
        let is_spdx = *kind == "spdx";
        assert_eq!(gaps.contains(&"toolz"), !is_spdx, "{file}: {gaps:?}");
        assert_eq!(run.code, 1, "{file}");
        // Bills of environments do not say that the folder is a link: then it is a direct reference.
        let names_basket =
            own.iter().any(|text| text.contains("basket")) || gaps.contains(&"basket") || is_spdx;
        assert!(names_basket, "{file}: {own:?} {gaps:?}");
        audit(&context, &[file, "--advisories", "advisories"])
            .arg("--allow-incomplete")
            .run()
            .exits(1);
    }
}

#[test]
fn standard_input_is_read_as_what_it_is_said_to_be() {
    let context = recorded();
    for (file, kind, more, less) in FILES {
        let content = context.read(file);
        let arguments = [
            "-",
            "--advisories",
            "advisories",
            "--json",
            "--input-format",
        ];
        let run = audit(&context, &arguments).arg(kind).input(&content).run();
        let found = document(&run);
        assert_eq!(findings(&found), expected(more, less), "{file}: {found:#}");
        assert_eq!(found["places"][0]["place"], "-", "{file}");
        // What a document is shows from what is in it, too.
        let run = audit(&context, &["-", "--advisories", "advisories", "--json"])
            .input(&content)
            .run();
        assert_eq!(findings(&document(&run)), expected(more, less), "{file}");
    }
    let run = audit(&context, &["-", "--advisories", "advisories"])
        .args(["--input-format", "uv"])
        .input("a==1.0\n")
        .run();
    has_no_answer(&run, "requirements that are said to be of uv");
    run.mentions(&["--input-format"]);
}

#[test]
fn several_are_audited_in_one_run_each_by_its_name() {
    let context = recorded();
    let files = [
        "uv/uv.lock",
        "pipenv/Pipfile.lock",
        "sbom/environment.spdx.json",
    ];
    let run = audit(&context, &files)
        .args(["--advisories", "advisories", "--json"])
        .run();
    let found = document(&run);
    assert_eq!(findings(&found), expected(WINDOWS, &[]));
    let places: Vec<&str> = list(&found, "places")
        .iter()
        .map(|place| text(place, "place"))
        .collect();
    assert_eq!(places, files);
    // In the table one release and its advisory stand once, with all their places.
    let run = audit(&context, &files)
        .args(["--advisories", "advisories", "--allow-incomplete"])
        .run();
    run.exits(1);
    assert_eq!(
        run.stdout.matches("PYSEC-2024-1  ").count(),
        1,
        "{}",
        run.stdout
    );
}

#[test]
fn folders_are_searched_for_locks() {
    let context = recorded();
    let found = |arguments: &[&str]| {
        let run = audit(&context, arguments)
            .args(["--advisories", "advisories", "--json"])
            .run();
        let found = document(&run);
        let places = list(&found, "places").iter();
        places
            .map(|place| text(place, "place").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found(&["uv"]),
        ["uv/pylock.toml", "uv/requirements.txt", "uv/uv.lock"]
    );
    let mut all: Vec<&str> = FILES.iter().map(|(file, ..)| *file).collect();
    all.sort_unstable();
    assert_eq!(found(&[".", "--recursive"]), all);
    // pip-audit's word for `pylock.toml` and `pylock.NAME.toml`.
    assert_eq!(
        found(&[".", "--recursive", "--locked"]),
        ["pip/pylock.pip.toml", "uv/pylock.toml"]
    );
    // What tools put there is not searched.
    for folder in [".hidden", "node_modules/x", "lib/site-packages/x"] {
        context.write(&format!("{folder}/requirements.txt"), "hidden==1.0\n");
    }
    assert_eq!(found(&[".", "--recursive"]), all);
    // A file that lies next to a lock hides it from no search.
    for (folder, file) in [("env", "pyvenv.cfg"), ("conda", "conda-meta/history")] {
        context.write(&format!("{folder}/requirements.txt"), "seen==1.0\n");
        context.write(&format!("{folder}/{file}"), "home = /usr/bin\n");
    }
    let mut more = all.clone();
    more.extend(["conda/requirements.txt", "env/requirements.txt"]);
    more.sort_unstable();
    assert_eq!(found(&[".", "--recursive"]), more);
    for (file, text) in [
        (
            "new/pixi.lock",
            "version: 6\npackages:\n- conda: https://conda.example/noarch/tzdata-2024a-h0c530f3_0.conda\n",
        ),
        ("new/conda-linux-64.lock", "@EXPLICIT\n"),
        ("new/environment.yml", "dependencies: []\n"),
        ("new/pyproject.toml", "[project]\nname = \"x\"\n"),
        (
            "new/app.cdx.json",
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a","version":"1","purl":"pkg:npm/a@1"}]}"#,
        ),
        ("other/setup.py", ""),
        (".git/requirements.txt", "a==1.0\n"),
    ] {
        context.write(file, text);
    }
    let run = audit(&context, &[".", "--recursive", "--json"])
        .args(["--advisories", "advisories"])
        .run();
    let remarks = document(&run)["remarks"].to_string();
    for says in [
        "new/pixi.lock: it names no PyPI package",
        "1 file (new/conda-linux-64.lock): not audited, since a lock of conda for one platform is not read",
        "1 file (new/environment.yml): not audited, since a conda environment file is not read",
        "3 files (.hidden/requirements.txt, lib/site-packages/x/requirements.txt, node_modules/x/requirements.txt): not audited, since hidden folders",
        "1 file (other/setup.py): not audited, since there is no lock for it",
        "new/app.cdx.json: it names no PyPI package",
    ] {
        assert!(remarks.contains(says), "{says}\n{remarks}");
    }
    let run = audit(&context, &[".", "--advisories", "advisories"]).run();
    has_no_answer(&run, "a folder without a lock of its own");
    run.mentions(&["there is no lock in `.`", "--recursive"]);
}

#[test]
fn includes_are_followed_and_named() {
    let context = recorded();
    context.write(
        "requirements.txt",
        "-r more/base.txt\n-c constraints.txt\nredis==4.5.3\n",
    );
    context.write("more/base.txt", "jinja2==2.11.2\n");
    context.write("constraints.txt", "django==3.2.10\n");
    let arguments = ["requirements.txt", "--advisories", "advisories", "--json"];
    let run = audit(&context, &arguments).run();
    let found = document(&run);
    run.exits(1);
    // What only a constraint names is not installed.
    assert_eq!(
        packages(&found).into_iter().collect::<Vec<_>>(),
        ["jinja2==2.11.2", "redis==4.5.3"]
    );
    let jinja = list(&found, "packages")
        .iter()
        .find(|package| package["name"] == "jinja2")
        .expect("it is included");
    assert_eq!(jinja["source"], "more/base.txt");
    context.write("more/base.txt", "jinja2==2.11.2\n-r gone.txt\n");
    audit(&context, &arguments)
        .run()
        .exits(2)
        .mentions(&["more/base.txt:2", "more/gone.txt"]);
}

#[test]
fn editables_and_the_projects_own_are_listed_or_left_out() {
    let context = recorded();
    let arguments = [
        "uv/uv.lock",
        "--advisories",
        "advisories",
        "--allow-incomplete",
    ];
    let run = audit(&context, &arguments).run();
    assert!(run.exits(1).stdout.contains("own code: "), "{}", run.stdout);
    let run = audit(&context, &arguments).args(["--json"]).run();
    let own = list(&document(&run), "own").len();
    assert!(own >= 2, "the project and its member: {own}");
    for format in ["table", "json", "pip-audit-json", "html", "markdown"] {
        let run = audit(&context, &arguments)
            .args(["--skip-editable", "-f", format])
            .run();
        run.exits(1);
        assert!(
            !run.stdout.contains("basket") || !run.stdout.contains("own code"),
            "{format}:\n{}",
            run.stdout
        );
    }
    let run = audit(&context, &arguments)
        .args(["--skip-editable", "--json"])
        .run();
    let found = document(&run);
    assert!(list(&found, "own").is_empty(), "{found:#}");
    // Nothing else is left out with them.
    assert_eq!(findings(&found), expected(WINDOWS, &[]));
    assert_eq!(codes(&found, "gaps"), ["direct-reference"]);
}

const HASH: &str = "--hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn hashes_can_be_required_of_every_line() {
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    let asked = |file: &str| {
        audit(&context, &["-r", file, "--require-hashes"])
            .args(["--advisories", "advisories"])
            .run()
    };
    context.write(
        "requirements.txt",
        format!("a==1.0 {HASH}\nb==1.0 \\\n    {HASH}\n"),
    );
    asked("requirements.txt").exits(0);
    let lines = [
        "b==1.0",
        "b===not-a-version",
        "b>=1.0",
        "b @ https://files.example.org/b-1.0-py3-none-any.whl",
        "-e ./b",
        "./b-1.0.tar.gz",
        "-r more.txt",
    ];
    for line in lines {
        context.write("requirements.txt", format!("a==1.0 {HASH}\n\n{line}\n"));
        context.write("more.txt", "# nothing\nb==1.0\n");
        let run = asked("requirements.txt");
        has_no_answer(&run, line);
        let place = if line.starts_with("-r") {
            "more.txt:2"
        } else {
            "requirements.txt:3"
        };
        run.mentions(&[place, "hash"]);
        assert_eq!(run.stdout, "");
    }
    // It is about requirements files; others have hashes of their own, or none.
    context.write("uv.lock", "version = 1\nrequires-python = \">=3.9\"\n");
    let run = asked("uv.lock");
    has_no_answer(&run, "a lock of another kind");
    run.mentions(&["--require-hashes", "uv.lock"]);
}

#[test]
fn what_is_named_twice_is_audited_once() {
    let context = TestContext::new();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    context.write("requirements.txt", "a==1.0\n");
    let arguments = [
        "requirements.txt",
        "./requirements.txt",
        ".",
        "--advisories",
        "advisories",
        "--json",
    ];
    let run = audit(&context, &arguments).run();
    let found = document(run.exits(1));
    assert_eq!(found["summary"]["findings"], 1);
    assert_eq!(list(&found, "places").len(), 1);
    assert_eq!(found["places"][0]["place"], "requirements.txt");
}

/// What an audit of the folder reads, and its remarks.
fn searched(context: &TestContext, more: &[&str]) -> (Vec<String>, String) {
    let run = audit(context, &[".", "--advisories", "advisories", "--json"])
        .args(more)
        .run();
    let found = document(&run);
    let places = list(&found, "places").iter();
    let places = places.map(|place| text(place, "place").to_owned());
    (places.collect(), found["remarks"].to_string())
}

#[test]
fn no_name_hides_a_lock_in_a_folder() {
    let read = [
        ("Requirements.txt", "a==1.0\n"),
        (
            "PYLOCK.toml",
            "lock-version = \"1.0\"\ncreated-by = \"x\"\npackages = []\n",
        ),
        ("UV.LOCK", "version = 1\nrequires-python = \">=3.9\"\n"),
        ("pdm.dev.lock", "[metadata]\nlock_version = \"4.4\"\n"),
        ("requirements.pip", "a==1.0\n"),
        ("reqs.txt", "a==1.0\n"),
        ("requirements/sub/base.txt", "a==1.0\n"),
        ("requirements/sub/deep/prod.TXT", "a==1.0\n"),
    ];
    let remarked = [
        (
            "bom.xml",
            "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\"/>",
            "CycloneDX document in XML",
        ),
        ("app.cdx.xml", "<bom/>", "CycloneDX document in XML"),
        (
            "app.spdx",
            "SPDXVersion: SPDX-2.3\n",
            "SPDX document in tag-value form",
        ),
        (
            "sbom.spdx.yml",
            "spdxVersion: SPDX-2.3\n",
            "SPDX document in YAML",
        ),
        ("deps.txt", "a==1.0\n", "reads as a requirements file"),
        (
            "bill.json",
            "{\"bomFormat\": \"CycloneDX\"}",
            "reads as a CycloneDX document",
        ),
        ("requirements/base.in", "a>=1\n", "there is no lock for it"),
        (
            "requirements/sub/notes.txt",
            "Some words on what is required.\n",
            "does not read as a requirements file",
        ),
    ];
    for more in [&[][..], &["--recursive"]] {
        for (file, content) in read {
            let context = TestContext::new();
            context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "z")]);
            context.write(file, content);
            let (places, _) = searched(&context, more);
            assert_eq!(places, [file], "{more:?}");
        }
        for (file, content, says) in remarked {
            let context = TestContext::new();
            context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "z")]);
            context.write("requirements.txt", "a==1.0\n");
            context.write(file, content);
            let (places, remarks) = searched(&context, more);
            assert_eq!(places, ["requirements.txt"], "{file}: {remarks}");
            let named = format!("1 file ({file}): ");
            assert!(
                remarks.contains(&named) && remarks.contains(says),
                "{file} {more:?}: {remarks}"
            );
        }
    }
}

#[test]
fn a_lock_above_stands_only_for_the_projects_that_it_names() {
    let context = TestContext::new();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "z")]);
    context.write(
        "uv.lock",
        "version = 1\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"member\"\nversion = \"0.1\"\nsource = { editable = \"packages/member\" }\n",
    );
    let project = "[project]\nname = \"member\"\ndependencies = [\"a\"]\n";
    context.write("pyproject.toml", project);
    context.write("packages/member/pyproject.toml", project);
    // It holds the settings of tools alone.
    context.write("tools/setup.cfg", "[flake8]\nmax-line-length = 100\n");
    let (_, remarks) = searched(&context, &["--recursive"]);
    assert!(!remarks.contains("no lock for it"), "{remarks}");
    for (file, content) in [
        ("other/pyproject.toml", project),
        ("other/setup.py", "from setuptools import setup\n"),
        ("other/setup.cfg", "[options]\ninstall_requires =\n    a\n"),
        ("other/Pipfile", "[packages]\na = \"*\"\n"),
        ("packages/member/sub/pyproject.toml", project),
    ] {
        context.write(file, content);
        let (_, remarks) = searched(&context, &["--recursive"]);
        let says = format!("1 file ({file}): not audited, since there is no lock for it");
        assert!(remarks.contains(&says), "{says}\n{remarks}");
        std::fs::remove_file(context.path(file)).unwrap();
    }
    // A source that another one includes is in the lock of that one.
    context.write("requirements.in", "-r requirements-base.in\n");
    context.write("requirements-base.in", "a\n");
    context.write("requirements.txt", "a==1.0\n");
    let (_, remarks) = searched(&context, &["--recursive"]);
    assert!(!remarks.contains("no lock for it"), "{remarks}");
}

#[test]
fn findings_are_counted_where_they_cannot_be_reported() {
    let context = TestContext::new();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    context.write("requirements.txt", "a==1.0\n");
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["--output", "json=none/x.json"])
    .run()
    .exits(2)
    .mentions(&["does not exist; the run found 1 finding above policy"]);
}

#[test]
fn hidden_records_of_a_folder_count() {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\n");
    let record = Advisory::new("PYSEC-2024-1", "a").to_json();
    for (file, code) in [
        (".hidden.json", 1),
        (".hidden/deep/PYSEC-2024-1.json", 1),
        ("vulns/.a/PYSEC-2024-1.json", 1),
        (".git/PYSEC-2024-1.json", 0),
    ] {
        context.write_advisories("db", &[Advisory::new("PYSEC-2024-9", "z")]);
        // As a checkout of the database has it.
        context.write("db/.github/workflows/test.yml", "on: push\n");
        context.write(&format!("db/{file}"), &record);
        let run = audit(&context, &["requirements.txt", "--advisories", "db"]).run();
        assert_eq!(run.code, code, "{file}\n{}\n{}", run.stdout, run.stderr);
        std::fs::remove_file(context.path(format!("db/{file}"))).unwrap();
    }
}
