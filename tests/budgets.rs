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

/// Decisions are no measure of work: with each that is taken back there is more to compare the next one with. This search takes fewer than 500.
#[test]
fn a_step_is_a_comparison_and_no_decision() {
    let context = TestContext::new();
    pigeonhole(&context, 6);
    lock(&context)
        .env("LOCKGATE_MAX_STEPS", "2000")
        .run()
        .exits(2)
        .mentions(&["gave up after 2000 steps"]);
    assert!(!context.exists("requirements.txt"));
    lock(&context).run().exits(1).does_not_mention(&["gave up"]);
}

/// The limit is for the answer: a lock of several regions does not have it several times.
#[test]
fn regions_share_the_steps() {
    let context = TestContext::new();
    release(&context, "a", "1.0", &[]);
    release(&context, "a", "2.0", &[]);
    let lines = |systems: &[&str]| {
        let lines = systems.iter().enumerate().map(|(n, system)| {
            let version = n % 2 + 1;
            format!("a=={version}.0; sys_platform == '{system}'\n")
        });
        lines.collect::<Vec<_>>().concat()
    };
    let run = |systems: &[&str], steps: &str| {
        context.write("requirements.in", lines(systems));
        context
            .lockgate(&["lock", "requirements.in", "--universal", "--gate", "off"])
            .args(["--no-index", "--find-links", "wheels"])
            .env("LOCKGATE_MAX_STEPS", steps)
            .run()
    };
    let many = ["linux", "darwin", "win32", "freebsd", "aix", "cygwin"];
    run(&many[..1], "30").exits(0);
    run(&many, "30").exits(2).mentions(&["gave up"]);
    run(&many, "1000").exits(0);
}

#[test]
fn a_marker_of_too_many_combinations_is_refused_and_its_line_named() {
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

/// Variables of markers that are texts.
const VARIABLES: [&str; 6] = [
    "sys_platform",
    "platform_machine",
    "os_name",
    "platform_system",
    "implementation_name",
    "platform_python_implementation",
];

#[test]
fn a_marker_that_could_not_be_read_again_is_not_written() {
    let context = TestContext::new();
    release(&context, "b", "1.0", &[]);
    // Each of the lines can be read; the condition of the pin is all of them together, written out.
    let line = |from: usize| {
        let pairs: Vec<String> = (from..from + 8)
            .map(|n| {
                let [one, other] = [n, n + 1].map(|n| VARIABLES[n % VARIABLES.len()]);
                format!("({one} == 'a{n}' and {other} == 'b{n}')")
            })
            .collect();
        format!("b; {}\n", pairs.join(" or "))
    };
    context.write("requirements.in", "b\n");
    let universal = |output: &str| {
        context
            .lockgate(&["lock", "requirements.in", "-o", output])
            .args(["--universal", "--python-version", "3.11", "--no-index"])
            .args(["--find-links", "wheels", "--gate", "off", "--no-config"])
    };
    universal("requirements.txt").run().exits(0);
    let before = context.read("requirements.txt");
    context.write("requirements.in", line(0) + &line(8) + &line(16));
    for output in ["requirements.txt", "pylock.toml"] {
        universal(output).run().exits(2).mentions(&[
            "could not be read again, so nothing was written",
            "simpler markers",
        ]);
    }
    assert_eq!(context.read("requirements.txt"), before);
    assert!(!context.exists("pylock.toml"));
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

/// `count` requirements of `b`, each where the machine is another one.
fn on_machines(count: usize) -> Vec<String> {
    let one = |n: usize| format!("b!={n}.7; platform_machine == 'm{n}'");
    (0..count).map(one).collect()
}

#[test]
fn conditions_of_one_package_have_a_budget() {
    let said = "`b` is required under more than 512 different conditions";
    let context = TestContext::new();
    release(&context, "b", "1.0", &[]);
    // By one release, which is unusable then,
    release(&context, "a", "1.0", &on_machines(600));
    release(&context, "few", "1.0", &on_machines(100));
    context.write("requirements.in", "a\n");
    let universal = || {
        context
            .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
            .args([
                "--universal",
                "--python-version",
                "3.11",
                "--no-index",
                "--find-links",
                "wheels",
                "--gate",
                "off",
                "--no-config",
            ])
    };
    universal().run().exits(1).mentions(&[said]);
    // by the sources,
    context.write("requirements.in", on_machines(600).join("\n"));
    universal().run().exits(2).mentions(&[said]);
    // and by many releases together.
    for n in 0..6 {
        let machines = (0..100).map(|m| format!("b; platform_machine == 'm{n}x{m}'"));
        let machines: Vec<String> = machines.collect();
        release(&context, &format!("p{n}"), "1.0", &machines);
    }
    context.write("requirements.in", "p0\np1\np2\np3\np4\np5\n");
    universal().run().exits(2).mentions(&[said]);
    assert!(!context.exists("requirements.txt"));
    context.write("requirements.in", "few\n");
    universal().run().exits(0);
}

#[test]
fn many_lines_about_one_package_are_worked_out_as_one() {
    let context = TestContext::new();
    for version in ["1.0", "2.0", "3.0"] {
        release(&context, "a", version, &[]);
    }
    let excluding = |last: &str| {
        let lines: Vec<String> = (0..200).map(|n| format!("a!=0.{n}\n")).collect();
        lines.concat() + last
    };
    context.write("requirements.in", excluding("a<3\n"));
    lock(&context).run().exits(0);
    let locked = context.read("requirements.txt");
    assert!(locked.contains("a==2.0"), "{locked}");
    assert!(locked.contains("# via -r requirements.in"), "{locked}");
    // What contradicts them is named by its own line, they by their file.
    context.write("c.txt", "a==0.7\n");
    lock(&context)
        .args(["-c", "c.txt"])
        .run()
        .exits(1)
        .mentions(&["c.txt:1", "requirements.in"]);
    context.write("requirements.in", "a\n");
    context.write("c.txt", excluding("a<2\n"));
    lock(&context).args(["-c", "c.txt"]).run().exits(0);
    assert!(context.read("requirements.txt").contains("a==1.0"));
}
