//! One project at several places, each in environments of its own.

use lockgate_tests::{Index, Loopback, Run, TestContext};

use super::{lock, project, world};

/// Locks `requirements.in` for all environments.
fn lock_universal(context: &TestContext, index: &Loopback<Index>, output: &str) -> Run {
    context
        .lockgate(&["lock", "requirements.in", "--universal", "-o", output])
        .args(["--python-version", "3.8", "--no-advisories"])
        .args(["-i", &index.index_url()])
        .run()
}

#[test]
fn a_project_may_come_from_another_place_in_other_environments() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    context.write("on-linux/pyproject.toml", project("thing", "7", ""));
    context.write(
        "on-windows/pyproject.toml",
        project("thing", "8", "\"helper\""),
    );
    for (text, elsewhere) in [
        // From an index where neither reference holds, for whoever asks.
        (
            "./on-linux ; sys_platform == 'linux'\n./on-windows ; sys_platform == 'win32'\napp\n",
            "thing==1.0 ; sys_platform != \"linux\" and sys_platform != \"win32\"",
        ),
        (
            "./on-linux ; sys_platform == 'linux'\n./on-windows ; sys_platform == 'win32'\nthing<7 ; sys_platform == 'darwin'\n",
            "thing==1.0 ; sys_platform == \"darwin\"",
        ),
    ] {
        context.write("requirements.in", text);
        lock_universal(&context, &index, "requirements.txt").exits(0);
        let text_of_lock = context.read("requirements.txt");
        for line in [
            "./on-linux ; sys_platform == \"linux\"\n",
            "./on-windows ; sys_platform == \"win32\"\n",
            elsewhere,
        ] {
            assert!(
                text_of_lock.contains(line),
                "no `{line}` in\n{text_of_lock}"
            );
        }
        lock_universal(&context, &index, "pylock.toml").exits(0);
        for output in ["requirements.txt", "pylock.toml"] {
            let before = context.read(output);
            lock_universal(&context, &index, output).exits(0);
            assert_eq!(context.read(output), before);
            let check = || {
                context
                    .lockgate(&["check", output, "--no-advisories"])
                    .args(["-i", &index.index_url()])
                    .run()
            };
            check().exits(0);
            // What an index has is checked beside it.
            context.write(output, before.replace("1.0", "0.9"));
            let run = check();
            assert!(run.code != 0, "{}", run.stderr);
            run.mentions(&["`thing==0.9"]);
            context.write(output, &before);
            let other = text.replace("./on-windows ;", "./on-linux ;");
            context.write("requirements.in", other);
            let run = check();
            assert!(run.code != 0, "{}", run.stderr);
            run.mentions(&["on-windows"]);
            context.write("requirements.in", text);
        }
        // One machine has one of them.
        lock(&context, &index, text).exits(0);
        let own = context.read("requirements.txt");
        assert!(
            own.contains("./on-linux\n") && !own.contains("on-windows"),
            "{own}"
        );
        assert!(!own.contains("thing==1.0"), "{own}");
        context.write("requirements.txt", "");
    }
    // Where both hold, one is too many.
    let both = "./on-linux ; python_version >= '3.9'\n./on-windows ; sys_platform == 'win32'\n";
    context.write("requirements.in", both);
    lock_universal(&context, &index, "requirements.txt")
        .exits(1)
        .mentions(&["two places", "requirements.in:1", "requirements.in:2"]);
}

#[test]
fn one_version_from_two_places_is_two_pins() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", index.origin());
    context.write(
        "requirements.in",
        format!("thing @ {url} ; sys_platform == 'linux'\nthing==1.0 ; sys_platform != 'linux'\n"),
    );
    lock_universal(&context, &index, "requirements.txt").exits(0);
    let lock = context.read("requirements.txt");
    assert!(
        lock.contains(&format!("thing @ {url} ; sys_platform == \"linux\" \\\n")),
        "{lock}"
    );
    assert!(
        lock.contains("thing==1.0 ; sys_platform != \"linux\" \\\n"),
        "{lock}"
    );
    lock_universal(&context, &index, "pylock.toml").exits(0);
    for output in ["requirements.txt", "pylock.toml"] {
        let check = || {
            context
                .lockgate(&["check", output, "--no-advisories"])
                .args(["-i", &index.index_url()])
                .run()
        };
        check().exits(0);
        let again = lock_universal(&context, &index, output);
        again.exits(0).does_not_mention(&["→"]);
        // Each is for the environments that it is needed in.
        let before = context.read(output);
        let other = before.replace("sys_platform != \"linux\"", "sys_platform == \"darwin\"");
        assert_ne!(other, before);
        context.write(output, other);
        check()
            .exits(1)
            .mentions(&["`thing==1.0` is locked for `sys_platform == 'darwin'`"]);
        context.write(output, before);
    }
}
