//! Builds: never unless they are allowed, and then in surroundings of their own.

#[cfg(unix)]
mod interrupted;
mod skipped;

use lockgate_tests::artifact::wheel_with;
use lockgate_tests::{
    Advisory, Index, Loopback, Release, Run, SourceDistribution, TestContext, World,
};

/// A backend that says what its surroundings are, and leaves a trace of having run.
const BACKEND: &str = r#"
import os, sys

def build_wheel(folder, settings=None, metadata=None):
    raise SystemExit("nothing builds wheels here")

def prepare_metadata_for_build_wheel(folder, settings=None):
    settings = settings or {}
    place = os.path.join(folder, "thing-1.5.dist-info")
    os.mkdir(place)
    with open(os.path.join(place, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\nName: thing\nVersion: 1.5\n")
        file.write("Requires-Dist: " + settings.get("needs", "helper<2") + "\n")
    secrets = [name for name in os.environ if "SECRET" in name or "TOKEN" in name or name.startswith(("PIP_", "LOCKGATE_")) and name != "PIP_CONFIG_FILE"]
    if secrets:
        raise SystemExit("it sees " + ", ".join(secrets))
    if settings.get("sleep"):
        import subprocess, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(os.path.join(folder, "pids"), "w") as file:
            file.write(f"{os.getpid()} {child.pid}\n")
        time.sleep(600)
    if settings.get("fail"):
        print("the compiler is not in the mood")
        raise SystemExit(1)
    return "thing-1.5.dist-info"
"#;

const PYPROJECT: &str = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n[project]\nname = \"thing\"\ndynamic = [\"version\", \"dependencies\"]\n";

fn world() -> World {
    World::new()
        .with("helper", "1.0", &[])
        .with("helper", "2.0", &[])
}

fn with_folder(context: &TestContext) {
    context.write("thing/pyproject.toml", PYPROJECT);
    context.write("thing/backend.py", BACKEND);
    context.write("requirements.in", "./thing\n");
}

/// For the interpreter at hand: a build runs on no other.
fn lock(context: &TestContext, index: &Loopback<Index>, arguments: &[&str]) -> Run {
    if !context.exists("advisories") {
        context.write_advisories("advisories", &[]);
    }
    context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args([
            "--index-url",
            &index.index_url(),
            "--advisories",
            "advisories",
        ])
        .arg("--cache-dir")
        .arg(context.cache())
        .args(arguments)
        .run()
}

#[test]
fn nothing_is_built_unless_it_is_allowed() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    with_folder(&context);
    lock(&context, &index, &[]).exits(2).mentions(&[
        "requirements.in:1",
        "`./thing`",
        "leaves `version`, `dependencies` to the build",
        "--allow-build=thing",
    ]);
    lock(&context, &index, &["--allow-build=other"]).exits(2);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn an_allowed_build_tells_the_metadata_and_sees_no_secret() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    with_folder(&context);
    context.write_advisories("advisories", &[]);
    for allow in [
        "--allow-build",
        "--allow-build=thing",
        "--allow-build=other,Thing",
    ] {
        context
            .lockgate(&["lock", "requirements.in", "-o", "requirements.txt", allow])
            .args([
                "--index-url",
                &index.index_url(),
                "--advisories",
                "advisories",
            ])
            .env("MY_SECRET", "s")
            .env("CI_JOB_TOKEN", "t")
            .env("PIP_TIMEOUT", "9")
            .env("LOCKGATE_RETRIES", "1")
            .run()
            .exits(0);
        let text = context.read("requirements.txt");
        assert!(text.contains("# direct: thing 1.5; not hashed"), "{text}");
        assert!(text.contains("helper==1.0"), "{text}");
    }
    let settings = ["--allow-build", "--config-settings", "needs=helper>=2"];
    lock(&context, &index, &settings).exits(0);
    assert!(context.read("requirements.txt").contains("helper==2.0"));
}

#[test]
fn a_project_whose_requirements_only_a_build_knows_is_built_where_that_is_allowed() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    with_folder(&context);
    context.write_advisories("advisories", &[]);
    let run = |arguments: &[&str]| {
        context
            .lockgate(&["lock", "thing/pyproject.toml", "-o", "requirements.txt"])
            .args([
                "--index-url",
                &index.index_url(),
                "--advisories",
                "advisories",
            ])
            .args(arguments)
            .run()
    };
    run(&[])
        .exits(2)
        .mentions(&["`dependencies`", "--allow-build"]);
    run(&["--allow-build=other"]).exits(2);
    run(&["--allow-build=thing"]).exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains("helper==1.0"), "{text}");
    assert!(
        text.contains("# via thing (thing/pyproject.toml)"),
        "{text}"
    );
    assert!(!text.contains("thing=="), "{text}");
    run(&["--allow-build", "--extra", "none"])
        .exits(2)
        .mentions(&["no extra `none`"]);
}

#[test]
fn a_build_that_fails_or_never_ends_is_told_and_stopped() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    with_folder(&context);
    context.write("requirements.txt", "helper==1.0\n");
    lock(&context, &index, &["--allow-build", "-C", "fail=1"])
        .exits(2)
        .mentions(&[
            "building ./thing failed",
            "the compiler is not in the mood",
            "requirements.in:1",
        ]);
    lock(
        &context,
        &index,
        &["--allow-build", "-C", "sleep=1", "--build-timeout", "8"],
    )
    .exits(2)
    .mentions(&["did not end within 8 seconds", "--build-timeout"]);
    assert_eq!(context.read("requirements.txt"), "helper==1.0\n");
}

/// `thing` as a source distribution whose metadata only a build knows, built with a backend from the index.
fn packaged() -> World {
    let backend = |version: &str| {
        let files = [("backend.py".to_owned(), BACKEND.as_bytes().to_vec())];
        wheel_with(
            "backend",
            version,
            "py3-none-any",
            b"Metadata-Version: 2.1\nName: backend\nVersion: 1.0\n",
            &files,
        )
    };
    let pyproject = "[build-system]\nrequires = [\"backend\"]\nbuild-backend = \"backend\"\n";
    let release = Release {
        wheels: Vec::new(),
        sdist: SourceDistribution::Dynamic,
        ..Release::default()
    };
    let mut world = world()
        .with("backend", "1.0", &[])
        .with_release("thing", "1.5", release);
    world
        .replaced_files
        .insert("backend-1.0-py3-none-any.whl".to_owned(), backend("1.0"));
    world.replaced_files.insert(
        "thing-1.5.tar.gz".to_owned(),
        archive(&[
            (
                "thing-1.5/PKG-INFO",
                "Metadata-Version: 2.1\nName: thing\nVersion: 1.5\n",
            ),
            ("thing-1.5/pyproject.toml", pyproject),
        ]),
    );
    world
}

/// A tool as wheels bring them: a module, a program, a hook of the interpreter's start, and a helper that a child of the build imports.
const TOOL_HOOK: &str = "import sys; sys.tool_hook = True\n";

/// A backend that uses such a tool in every way, and then spoils its own environment for whoever comes after.
const DEMANDING_BACKEND: &str = r#"
import os, subprocess, sys, sysconfig

def get_requires_for_build_wheel(settings=None):
    return ["tool"]

def build_wheel(folder, settings=None, metadata=None):
    raise SystemExit("nothing builds wheels here")

def prepare_metadata_for_build_wheel(folder, settings=None):
    name = os.path.basename(os.getcwd()).split("-")[0]
    import tool
    assert sys.tool_hook, "no .pth file was read"
    assert subprocess.check_output([sys.executable, "-c", "import tool; print(tool.WORD)"], text=True).strip() == "hammer"
    assert subprocess.check_output(["tool-program"], text=True).strip() == "hammer"
    own = sysconfig.get_path("purelib")
    assert not os.path.exists(os.path.join(own, "spoilt.py")), "what another build left is here"
    with open(os.path.join(own, "spoilt.py"), "w") as file:
        file.write("")
    try:
        import pip
    except ImportError:
        pass
    else:
        raise SystemExit("pip is none of its requirements")
    place = os.path.join(folder, name + "-1.0.dist-info")
    os.mkdir(place)
    with open(os.path.join(place, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\nRequires-Dist: helper<2\n")
    return name + "-1.0.dist-info"
"#;

#[test]
fn tools_are_linked_to_each_build_that_requires_them() {
    let release = Release {
        wheels: Vec::new(),
        sdist: SourceDistribution::Dynamic,
        ..Release::default()
    };
    let mut world = world().with("tool", "1.0", &[]);
    for name in ["one", "two"] {
        world = world.with_release(name, "1.0", release.clone());
        let information = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
        let sources = archive(&[
            (&format!("{name}-1.0/PKG-INFO"), &information),
            (
                &format!("{name}-1.0/pyproject.toml"),
                "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
            ),
            (&format!("{name}-1.0/backend.py"), DEMANDING_BACKEND),
        ]);
        world
            .replaced_files
            .insert(format!("{name}-1.0.tar.gz"), sources);
    }
    let files = [
        ("tool.py", "WORD = 'hammer'\ndef say():\n    print(WORD)\n"),
        ("tool_hook.pth", TOOL_HOOK),
        (
            "tool-1.0.dist-info/entry_points.txt",
            "[console_scripts]\ntool-program = tool:say\n",
        ),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    world.replaced_files.insert(
        "tool-1.0-py3-none-any.whl".to_owned(),
        wheel_with(
            "tool",
            "1.0",
            "py3-none-any",
            b"Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n",
            &files,
        ),
    );
    let index = Loopback::index(world);
    let context = TestContext::new();
    let two = format!("two @ {}/files/two-1.0.tar.gz", index.origin());
    context.write("requirements.in", format!("one\n{two}\n"));
    context.write_advisories("advisories", &[]);
    std::fs::create_dir(context.path("temporary")).unwrap();
    context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "advisories", "--allow-build"])
        .env("TMPDIR", context.path("temporary").display().to_string())
        .run()
        .exits(0);
    let left = std::fs::read_dir(context.path("temporary")).unwrap();
    assert_eq!(left.count(), 0, "a run leaves nothing behind");
    // What was read to learn that it has to be built is built, and not fetched again.
    let fetched = index.counts();
    let sources: Vec<_> = fetched
        .iter()
        .filter(|(path, _)| path.ends_with(".tar.gz"))
        .collect();
    assert_eq!(sources.len(), 2, "{fetched:?}");
    assert!(sources.iter().all(|(_, count)| **count == 1), "{fetched:?}");
    let text = context.read("requirements.txt");
    for pin in ["one==1.0", &two, "helper==1.0"] {
        assert!(text.contains(pin), "{text}");
    }
}

#[test]
fn what_wheels_for_other_machines_agree_on_needs_no_build() {
    let release = |tags: &[&str]| Release {
        requires: vec!["helper<2".to_owned()],
        wheels: tags.iter().map(ToString::to_string).collect(),
        sdist: SourceDistribution::Dynamic,
        ..Release::default()
    };
    let both = ["cp38-cp38-win_amd64", "cp39-cp39-macosx_11_0_arm64"];
    let told = |world: World| {
        let index = Loopback::index(world);
        let context = TestContext::new();
        context.write("requirements.in", "thing\n");
        let run = lock(&context, &index, &["--allow-build"]);
        (run, context)
    };

    let (run, context) = told(world().with_release("thing", "1.5", release(&both)));
    run.exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains("helper==1.0"), "{text}");

    // Nothing on this index builds it: that a build is tried shows.
    let needs_build = "what building thing 1.5 requires cannot be had";
    let (run, _) = told(world().with_release("thing", "1.5", release(&both[..1])));
    run.exits(2).mentions(&[needs_build]);

    let mut world = world().with_release("thing", "1.5", release(&both));
    world.without_metadata_files = true;
    let metadata = b"Metadata-Version: 2.1\nName: thing\nVersion: 1.5\nRequires-Dist: helper\n";
    world.replaced_files.insert(
        "thing-1.5-cp39-cp39-macosx_11_0_arm64.whl".to_owned(),
        wheel_with("thing", "1.5", "cp39-cp39-macosx_11_0_arm64", metadata, &[]),
    );
    let (run, _) = told(world);
    run.exits(2).mentions(&[needs_build]);
}

#[test]
#[cfg(unix)]
fn an_interpreter_without_pip_brings_its_own() {
    let index = Loopback::index(packaged());
    let context = TestContext::new();
    context.write("requirements.in", "thing\n");
    let made = std::process::Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(context.path("bare"))
        .status();
    assert!(made.unwrap().success());
    let python = context.path("bare/bin/python").display().to_string();
    lock(&context, &index, &["--allow-build", "--python", &python]).exits(0);
    assert!(context.read("requirements.txt").contains("thing==1.5"));
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    lockgate_tests::artifact::tar_gz(
        &files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn what_a_build_requires_is_resolved_under_the_same_gate() {
    let index = Loopback::index(packaged());
    let context = TestContext::new();
    context.write("requirements.in", "thing\n");
    lock(&context, &index, &[])
        .exits(1)
        .mentions(&["thing", "--allow-build=thing"]);
    lock(&context, &index, &["--allow-build=thing"]).exits(0);
    let text = context.read("requirements.txt");
    assert!(
        text.contains("thing==1.5 \\\n") && text.contains("helper==1.0"),
        "{text}"
    );

    // Settings stand on the line of a requirement too.
    context.write(
        "requirements.in",
        "thing --config-settings needs=helper>=2\n",
    );
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    lock(&context, &index, &["--allow-build=thing"]).exits(0);
    assert!(context.read("requirements.txt").contains("helper==2.0"));
    context.write("requirements.in", "thing\n");
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    lock(&context, &index, &["--allow-build=thing"]).exits(0);

    // What was built is kept: without network the same lock.
    lock(&context, &index, &["--allow-build=thing", "--offline"]).exits(0);
    assert_eq!(
        context.read("requirements.txt"),
        text.replace(" --offline", "")
    );

    let advisory = Advisory::new("PYSEC-2024-7", "backend").between("1.0", "1.1");
    context.write_advisories("advisories", &[advisory]);
    std::fs::remove_dir_all(context.cache()).unwrap();
    lock(&context, &index, &["--allow-build=thing"])
        .exits(2)
        .mentions(&["building thing 1.5", "PYSEC-2024-7", "backend"]);
    assert_eq!(context.read("requirements.txt"), text);
}

/// An index whose files run code that leaves a trace where it can, at build and at start-up.
fn trapped(trap: &str) -> World {
    let wheel = wheel_with(
        "wheeled",
        "1.0",
        "py3-none-any",
        b"Metadata-Version: 2.1\nName: wheeled\nVersion: 1.0\n",
        &[
            ("wheeled/__init__.py".to_owned(), trap.as_bytes().to_vec()),
            (
                "wheeled.pth".to_owned(),
                format!("import os; {trap}").into_bytes(),
            ),
            ("sitecustomize.py".to_owned(), trap.as_bytes().to_vec()),
        ],
    );
    let release = Release {
        wheels: Vec::new(),
        sdist: SourceDistribution::Dynamic,
        ..Release::default()
    };
    let source = archive(&[
        (
            "sourced-1.0/PKG-INFO",
            "Metadata-Version: 2.1\nName: sourced\nVersion: 1.0\n",
        ),
        ("sourced-1.0/setup.py", trap),
        ("sourced-1.0/backend.py", &trapped_backend(trap)),
        ("sourced-1.0/pyproject.toml", PYPROJECT),
    ]);
    let mut world = World::new()
        .with("wheeled", "1.0", &[])
        .with_release("sourced", "1.0", release);
    world
        .replaced_files
        .insert("wheeled-1.0-py3-none-any.whl".to_owned(), wheel);
    world
        .replaced_files
        .insert("sourced-1.0.tar.gz".to_owned(), source);
    world
}

fn trapped_backend(trap: &str) -> String {
    format!("{trap}\ndef prepare_metadata_for_build_wheel(*a, **k): pass\n")
}

/// The same traps in a folder and in a repository; returns the repository's address.
fn trapped_folders(context: &TestContext, trap: &str) -> String {
    for folder in ["folder", "repo"] {
        context.write(&format!("{folder}/setup.py"), trap);
        context.write(&format!("{folder}/backend.py"), trapped_backend(trap));
        context.write(&format!("{folder}/pyproject.toml"), PYPROJECT);
        context.write(&format!("{folder}/conftest.py"), trap);
    }
    let author = ["-c", "user.name=a", "-c", "user.email=a@host.test"];
    for arguments in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "--all"],
        &[author.as_slice(), &["commit", "--quiet", "-m", "x"]].concat(),
    ] {
        context
            .program("git")
            .args(["-C", "repo"])
            .args(arguments)
            .run()
            .exits(0);
    }
    let place = context
        .path("repo")
        .canonicalize()
        .expect("the repository is there");
    format!("git+file://{}", place.display())
}

#[test]
fn no_code_of_a_package_runs_by_itself() {
    let context = TestContext::new();
    let trace = context.path("trapped").display().to_string();
    let trap = format!("open({trace:?}, 'w').close()\n");
    let index = Loopback::index(trapped(&trap));
    let place = trapped_folders(&context, &trap);
    let files = format!("{}/files", index.origin());
    for (requirements, code) in [
        ("wheeled\n".to_owned(), 0),
        ("sourced\n".to_owned(), 1),
        ("./folder\n".to_owned(), 2),
        ("-e ./folder\n".to_owned(), 2),
        (format!("thing @ {place}\n"), 2),
        (
            format!("wheeled @ {files}/wheeled-1.0-py3-none-any.whl\n"),
            0,
        ),
        (format!("sourced @ {files}/sourced-1.0.tar.gz\n"), 2),
    ] {
        context.write("requirements.in", &requirements);
        lock(&context, &index, &[]).exits(code);
        // Where others are allowed, these still are not.
        lock(&context, &index, &["--allow-build=other"]).exits(code);
        assert!(!context.exists("trapped"), "{requirements}");
    }
    context.write("requirements.in", "wheeled\n");
    lock(&context, &index, &["--allow-build"]).exits(0);
    for command in ["check", "audit"] {
        context
            .lockgate(&[command, "requirements.txt", "--advisories", "advisories"])
            .args(["--index-url", &index.index_url()])
            .run()
            .exits(0);
    }
    assert!(!context.exists("trapped"));
    // The trap works: where the build may run, it leaves its trace.
    context.write("requirements.in", "./folder\n");
    lock(&context, &index, &["--allow-build=thing"]).exits(2);
    assert!(context.exists("trapped"));
}
