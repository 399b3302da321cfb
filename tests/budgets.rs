//! Work that cannot be bounded by the size of the input ends with a budget that is named: exit code 2, nothing written.

use lockgate_tests::{Release, TestContext, artifact};

fn release(context: &TestContext, name: &str, version: &str, requires: &[String]) {
    let release = Release {
        requires: requires.to_vec(),
        ..Release::default()
    };
    let wheel = artifact::wheel(name, version, &release, "py3-none-any");
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
}

fn lock(context: &TestContext) -> lockgate_tests::Lockgate<'_> {
    context
        .lock_bare()
        .args(["--no-index", "--find-links", "wheels", "--gate", "off"])
}

/// One package more than there are places for: each version of a `p` takes one `h` for itself.
fn pigeonhole(context: &TestContext, holes: usize) {
    for pigeon in 0..=holes {
        for hole in 0..holes {
            let requires = [format!("h{hole}=={}.0", pigeon + 1)];
            release(
                context,
                &format!("p{pigeon}"),
                &format!("{}.0", hole + 1),
                &requires,
            );
        }
    }
    for hole in 0..holes {
        for pigeon in 0..=holes {
            release(
                context,
                &format!("h{hole}"),
                &format!("{}.0", pigeon + 1),
                &[],
            );
        }
    }
    let sources: Vec<String> = (0..=holes).map(|pigeon| format!("p{pigeon}\n")).collect();
    context.write("requirements.in", sources.concat());
}

#[test]
fn a_search_gives_up_after_its_steps_and_says_so() {
    let context = TestContext::new();
    pigeonhole(&context, 4);
    lock(&context)
        .env("LOCKGATE_MAX_STEPS", "20")
        .run()
        .exits(2)
        .mentions(&["gave up after 20 steps", "help:", "LOCKGATE_MAX_STEPS=200"]);
    assert!(!context.exists("requirements.txt"));
    lock(&context).run().exits(1).does_not_mention(&["gave up"]);
    lock(&context)
        .env("LOCKGATE_MAX_STEPS", "many")
        .run()
        .exits(1)
        .mentions(&["LOCKGATE_MAX_STEPS", "expected a number"]);
}

#[test]
fn a_marker_of_too_many_combinations_is_refused_and_its_line_named() {
    const VARIABLES: [&str; 6] = [
        "sys_platform",
        "platform_machine",
        "os_name",
        "platform_system",
        "implementation_name",
        "platform_python_implementation",
    ];
    let context = TestContext::new();
    release(&context, "b", "1.0", &[]);
    let pairs: Vec<String> = (0..40)
        .map(|n| {
            let [one, other] = [n, n + 1].map(|n| VARIABLES[n % VARIABLES.len()]);
            format!("({one} == 'a{n}' or {other} != 'b{n}')")
        })
        .collect();
    context.write(
        "requirements.in",
        format!("b\nb; {}\n", pairs.join(" and ")),
    );
    for more in [&[][..], &["--universal"]] {
        let run = if more.is_empty() {
            lock(&context)
        } else {
            let words = [
                "lock",
                "requirements.in",
                "-o",
                "requirements.txt",
                "--universal",
            ];
            context
                .lockgate(&words)
                .args([
                    "--python-version",
                    "3.11",
                    "--no-index",
                    "--find-links",
                    "wheels",
                ])
                .args(["--gate", "off"])
        };
        run.run().exits(2).mentions(&[
            "requirements.in:2",
            "more alternatives than can be worked out",
        ]);
        assert!(!context.exists("requirements.txt"));
    }
}

#[test]
fn very_many_requirements_of_one_package_hold_together() {
    let context = TestContext::new();
    let all: Vec<String> = (0..200).map(|n| format!("b!={n}.0")).collect();
    release(&context, "a", "1.0", &all);
    for version in ["150.0", "199.0", "0.5"] {
        release(&context, "b", version, &[]);
    }
    context.write("requirements.in", "a\n");
    lock(&context).run().exits(0);
    assert!(context.read("requirements.txt").contains("b==0.5"));
    std::fs::remove_file(context.path("wheels/b-0.5-py3-none-any.whl")).unwrap();
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    lock(&context).run().exits(1).mentions(&[
        "every version of a requires b!=",
        "there is no version of b",
    ]);
}
