//! Locks for all environments, judged by what each of them installs, end to end.

use lockgate_tests::{Release, TestContext, artifact};

const OPTIONS: [&str; 6] = [
    "--no-index",
    "--find-links",
    "wheels",
    "--gate",
    "off",
    "--no-config",
];

fn wheel(context: &TestContext, name: &str, version: &str, tags: &str, requires: &[&str]) {
    let release = Release {
        requires: requires.iter().map(ToString::to_string).collect(),
        ..Release::default()
    };
    let wheel = artifact::wheel(name, version, &release, tags);
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
}

fn lock(context: &TestContext) -> lockgate_tests::Lockgate<'_> {
    context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--universal", "--python-version", "3.10"])
        .args(OPTIONS)
}

fn pins(context: &TestContext) -> Vec<String> {
    let lock = context.read("requirements.txt");
    let pins = lock
        .lines()
        .filter(|line| line.contains("==") && !line.starts_with('#'));
    pins.map(|pin| pin.trim_end_matches([' ', '\\']).to_owned())
        .collect()
}

#[test]
fn a_lock_and_its_check_go_by_the_wheels_that_environments_take() {
    let context = TestContext::new();
    wheel(&context, "old", "1.0", "py2-none-any", &["dep<2"]);
    wheel(&context, "old", "1.0", "py3-none-any", &["dep>=2"]);
    wheel(&context, "dep", "1.0", "py3-none-any", &[]);
    wheel(&context, "dep", "2.0", "py3-none-any", &[]);
    wheel(&context, "dead", "0.9", "py3-none-any", &[]);
    wheel(
        &context,
        "dead",
        "1.0",
        "cp27-cp27mu-manylinux1_x86_64",
        &[],
    );
    for (system, requires) in [
        ("manylinux2014_x86_64.manylinux2014_aarch64", &["dep"][..]),
        ("macosx_11_0_arm64.macosx_10_9_x86_64", &[]),
        ("win_amd64.win_arm64", &["dead"]),
    ] {
        wheel(
            &context,
            "many",
            "1.0",
            &format!("py3-none-{system}"),
            requires,
        );
    }
    context.write("requirements.in", "old ; sys_platform == 'darwin'\nmany\n");
    lock(&context).run().exits(0);
    let right = [
        "dead==0.9 ; sys_platform == \"win32\"",
        "dep==2.0 ; sys_platform == \"darwin\" or sys_platform == \"linux\"",
        "many==1.0",
        "old==1.0 ; sys_platform == \"darwin\"",
    ];
    assert_eq!(pins(&context), right);
    let check = || {
        context
            .lockgate(&["check", "requirements.txt"])
            .args(OPTIONS)
            .run()
    };
    check().exits(0);
    // What was locked before: the requirements of the wheel that happened to come first.
    let lock = context.read("requirements.txt");
    context.write(
        "requirements.txt",
        lock.replace("dead==0.9 ; sys_platform == \"win32\"", "dead==0.9"),
    );
    check().exits(1).mentions(&["dead"]);
    context.write("requirements.txt", lock.replace("dep==2.0", "dep==1.0"));
    check().exits(1).mentions(&["dep"]);
}

#[test]
fn a_local_version_that_one_line_names_stays_there() {
    let context = TestContext::new();
    for system in ["macosx_11_0_arm64", "manylinux2014_aarch64", "win_arm64"] {
        wheel(
            &context,
            "torchy",
            "2.3.1",
            &format!("cp310-cp310-{system}"),
            &[],
        );
    }
    wheel(
        &context,
        "torchy",
        "2.3.1+cpu",
        "cp310-cp310-manylinux2014_x86_64",
        &[],
    );
    wheel(
        &context,
        "vision",
        "1.0",
        "py3-none-any",
        &["torchy==2.3.1"],
    );
    let right = [
        "torchy==2.3.1 ; platform_machine != \"x86_64\"",
        "torchy==2.3.1+cpu ; platform_machine == \"x86_64\"",
    ];
    let named = "torchy==2.3.1+cpu ; platform_machine == 'x86_64'\n";
    for other in ["torchy==2.3.1 ; platform_machine != 'x86_64'\n", "vision\n"] {
        context.write("requirements.in", format!("{named}{other}"));
        lock(&context).run().exits(0);
        let pins = pins(&context);
        let own: Vec<&String> = pins
            .iter()
            .filter(|pin| pin.starts_with("torchy"))
            .collect();
        assert_eq!(own, right, "{other}");
        context
            .lockgate(&["check", "requirements.txt"])
            .args(OPTIONS)
            .run()
            .exits(0);
    }
}

/// A lock for many environments knows final versions of Python alone, also where it begins at a pre-release.
#[test]
fn a_lock_from_a_pre_release_of_python_begins_at_its_final_version() {
    let context = TestContext::new();
    wheel(&context, "since", "1.0", "py3-none-any", &[]);
    let requirement = "since ; python_full_version >= '3.13'";
    context.write("requirements.in", format!("{requirement}\n"));
    context.write(
        "pyproject.toml",
        format!(
            "[project]\nname = \"app\"\nversion = \"1\"\nrequires-python = \">=3.13.0rc1\"\ndependencies = [\"{requirement}\"]\n"
        ),
    );
    for (source, python) in [
        ("requirements.in", &["--python-version", "3.13.0rc1"][..]),
        ("pyproject.toml", &[]),
    ] {
        let run = context
            .lockgate(&["lock", source, "-o", "requirements.txt", "--universal"])
            .args(python)
            .args(OPTIONS)
            .run();
        run.exits(0);
        assert_eq!(pins(&context), ["since==1.0"], "{source}");
        context
            .lockgate(&["check", "requirements.txt"])
            .args(OPTIONS)
            .run()
            .exits(0);
        for file in ["requirements.txt", source] {
            std::fs::remove_file(context.path(file)).unwrap();
        }
    }
}
