//! Inputs that are no regular files, and symbolic links that lead out of a checkout.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::process::Command;

use lockgate_tests::{Release, TestContext, artifact};

/// A repository as the current folder, a file and a wheel next to it, and the same in it.
fn checkout() -> TestContext {
    let context = TestContext::new();
    context.write(".git/HEAD", "ref: refs/heads/main\n");
    context.write("../outside/base.in", "alpha\n");
    context.write("../outside/requirements.txt", "alpha==1.0\n");
    let wheel = artifact::wheel("alpha", "1.0", &Release::default(), "py3-none-any");
    context.write(&format!("../outside/{}", wheel.filename), &wheel.bytes);
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
    context.write_advisories("../outside/advisories", &[]);
    context.write_advisories("advisories", &[]);
    context
}

fn lock<'a>(context: &'a TestContext, more: &[&str]) -> lockgate_tests::Lockgate<'a> {
    context
        .lock_bare()
        .args(["--no-index", "--advisories", "advisories"])
        .args(more)
}

fn fifo(context: &TestContext, name: &str) {
    let made = Command::new("mkfifo").arg(context.path(name)).status();
    assert!(made.expect("mkfifo starts").success());
}

/// Fails unless the run ended with 2, named all of `texts`, and wrote no lock.
#[track_caller]
fn refused(context: &TestContext, run: lockgate_tests::Lockgate<'_>, texts: &[&str]) {
    run.run().exits(2).mentions(texts);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn an_include_through_a_link_out_of_the_checkout_is_refused() {
    let context = checkout();
    context.write("requirements.in", "-r link.in\n");
    symlink("../outside/base.in", context.path("link.in")).unwrap();
    let help = "help: replace the link by what it leads to";
    let wheels = ["--find-links", "wheels"];
    refused(
        &context,
        lock(&context, &wheels),
        &["requirements.in:1", "link.in", help],
    );
    context.write("requirements.in", "alpha\n-c sub/base.in\n");
    symlink("../outside", context.path("sub")).unwrap();
    refused(
        &context,
        lock(&context, &wheels),
        &["requirements.in:2", "sub", help],
    );
}

#[test]
fn a_link_that_stays_inside_and_one_that_the_caller_names_are_followed() {
    let context = checkout();
    context.write("sub/real.in", "alpha\n");
    context.write("requirements.in", "-r link.in\n");
    symlink("sub/real.in", context.path("link.in")).unwrap();
    lock(&context, &["--find-links", "wheels"]).run().exits(0);
    context.write("requirements.in", "alpha\n");
    symlink("../outside", context.path("named")).unwrap();
    let named = ["--find-links", "named", "--constraint", "named/base.in"];
    lock(&context, &named).run().exits(0);
}

#[test]
fn without_a_repository_links_are_followed() {
    let context = checkout();
    std::fs::remove_dir_all(context.path(".git")).unwrap();
    context.write("requirements.in", "-r link.in\n");
    symlink("../outside/base.in", context.path("link.in")).unwrap();
    lock(&context, &["--find-links", "wheels"]).run().exits(0);
}

#[test]
fn wheels_and_references_through_a_link_out_of_the_checkout_are_refused() {
    let wheel = "alpha-1.0-py3-none-any.whl";
    let context = checkout();
    symlink("../outside", context.path("link")).unwrap();
    for source in [
        "--find-links link\nalpha\n".to_owned(),
        format!("--find-links link/{wheel}\nalpha\n"),
        format!("./link/{wheel}\n"),
        format!(
            "alpha @ file://{}/{wheel}\n",
            context.path("link").display()
        ),
    ] {
        context.write("requirements.in", &source);
        refused(
            &context,
            lock(&context, &[]),
            &["link", "leads out of the repository"],
        );
    }
    // A folder that the caller names holds what the repository's authors put there.
    context.write("requirements.in", "alpha\n");
    std::fs::remove_file(context.path("wheels").join(wheel)).unwrap();
    symlink(
        format!("../../outside/{wheel}"),
        context.path("wheels").join(wheel),
    )
    .unwrap();
    refused(
        &context,
        lock(&context, &["--find-links", "wheels"]),
        &[wheel, "leads out"],
    );
    std::fs::remove_file(context.path("wheels").join(wheel)).unwrap();
    context.write(
        "wheels/index.html",
        format!("<a href=\"../{wheel}\">{wheel}</a>"),
    );
    symlink(format!("../outside/{wheel}"), context.path(wheel)).unwrap();
    refused(
        &context,
        lock(&context, &["--find-links", "wheels"]),
        &[wheel, "leads out"],
    );
}

#[test]
fn pages_of_an_index_on_disk_do_not_lead_out_of_the_checkout() {
    let context = checkout();
    context.write("../outside/simple/alpha/index.html", "");
    context.write("simple/empty", "");
    symlink("../../outside/simple/alpha", context.path("simple/alpha")).unwrap();
    context.write("requirements.in", "alpha\n");
    let index = format!("file://{}", context.path("simple").display());
    let run = context.lock_bare();
    let run = run.args(["--index-url", &index, "--advisories", "advisories"]);
    refused(
        &context,
        run,
        &["simple/alpha", "leads out of the repository"],
    );
}

#[test]
fn advisories_through_a_link_out_of_the_checkout_are_refused() {
    let context = checkout();
    context.write("requirements.txt", "alpha==1.0\n");
    let audit = || context.lockgate(&["audit", "requirements.txt", "--advisories", "advisories"]);
    symlink("../../outside/advisories", context.path("advisories/more")).unwrap();
    audit().run().exits(2).mentions(&[
        "advisories/more",
        "leads out of the repository",
        "replace the link",
    ]);
    std::fs::remove_file(context.path("advisories/more")).unwrap();
    audit().run().exits(0);
    symlink("../../outside/base.in", context.path("advisories/a.json")).unwrap();
    audit()
        .run()
        .exits(2)
        .mentions(&["advisories/a.json", "leads out of the repository"]);
    std::fs::remove_file(context.path("advisories/a.json")).unwrap();
    fifo(&context, "advisories/a.json");
    audit()
        .run()
        .exits(2)
        .mentions(&["advisories", "`a.json`", "a FIFO, not a regular file"]);
}

#[test]
fn an_audit_of_folders_does_not_leave_the_checkout() {
    let context = checkout();
    context.write("requirements.txt", "beta==1.0\n");
    let audit = |more: &[&str]| {
        let run = context.lockgate(&["audit", "--recursive", "--advisories", "advisories", "."]);
        run.args(more).run()
    };
    audit(&[]).exits(0);
    symlink("../outside", context.path("more")).unwrap();
    let left_out = audit(&[]);
    left_out
        .exits(2)
        .mentions(&["more", "leads out of the repository"]);
    assert!(!left_out.stdout.contains("alpha"), "{}", left_out.stdout);
    audit(&["more"]).exits(0);
    std::fs::remove_file(context.path("more")).unwrap();
    symlink(
        "../outside/requirements.txt",
        context.path("requirements-dev.txt"),
    )
    .unwrap();
    audit(&[])
        .exits(2)
        .mentions(&["requirements-dev.txt", "leads out of the repository"]);
}

#[test]
fn folders_that_contain_themselves_are_searched_once() {
    let context = checkout();
    context.write("requirements.txt", "alpha==1.0\n");
    context.write("a/b/empty", "");
    symlink("..", context.path("a/b/up")).unwrap();
    symlink("../..", context.path("a/b/top")).unwrap();
    symlink("..", context.path("advisories/up")).unwrap();
    let run = context.lockgate(&["audit", "--recursive", "--advisories", "advisories", "."]);
    let run = run.run();
    run.exits(0);
    assert_eq!(
        run.stdout.matches("in 1 package").count(),
        1,
        "{}",
        run.stdout
    );
}

#[test]
fn what_is_no_regular_file_is_refused_wherever_it_is_an_input() {
    let context = checkout();
    fifo(&context, "fifo");
    symlink("fifo", context.path("link")).unwrap();
    symlink("/dev/zero", context.path("zero")).unwrap();
    let wheels = ["--find-links", "wheels"];
    for name in ["fifo", "link", "zero"] {
        context.write("requirements.in", "alpha\n");
        for option in ["--constraint", "--override"] {
            let run = lock(&context, &wheels).args([option, name]);
            refused(&context, run, &[name, "not a regular file"]);
        }
        refused(
            &context,
            lock(&context, &wheels).args(["--advisories", &format!("{name}.zip")]),
            &[name],
        );
        context.write("requirements.in", format!("alpha\n-r {name}\n"));
        refused(
            &context,
            lock(&context, &wheels),
            &["requirements.in:2", name],
        );
        context
            .lockgate(&["audit", name, "--input-format", "requirements"])
            .args(["--advisories", "advisories"])
            .run()
            .exits(2)
            .mentions(&[name, "not a regular file"]);
    }
    context.write("requirements.in", "alpha\n");
    fifo(&context, "wheels/beta-1.0-py3-none-any.whl");
    lock(&context, &wheels).run().exits(0);
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    fifo(&context, "requirements.txt");
    lock(&context, &wheels)
        .run()
        .exits(2)
        .mentions(&["requirements.txt", "a FIFO"]);
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    fifo(&context, "lockgate.toml");
    refused(
        &context,
        lock(&context, &wheels),
        &["lockgate.toml", "a FIFO"],
    );
}

#[test]
fn configuration_that_is_no_regular_file_is_refused_and_the_null_device_switches_it_off() {
    let context = checkout();
    context.write("requirements.in", "alpha\n");
    fifo(&context, "fifo");
    let wheels = ["--find-links", "wheels"];
    let path = context.path("fifo").display().to_string();
    let run = lock(&context, &wheels).env("PIP_CONFIG_FILE", &path);
    refused(&context, run, &["fifo", "a FIFO, not a regular file"]);
    let run = lock(&context, &wheels).env("PIP_CONFIG_FILE", "/dev/null");
    run.env("NETRC", "/dev/null").run().exits(0);
}

#[test]
fn installed_metadata_that_is_no_regular_file_ends_the_audit() {
    let context = checkout();
    let info = "env/lib/python3.11/site-packages/alpha-1.0.dist-info";
    context.write("env/pyvenv.cfg", "home = /nowhere\n");
    context.write(&format!("{info}/INSTALLER"), "pip\n");
    fifo(&context, &format!("{info}/METADATA"));
    let run = context.lockgate(&[
        "audit",
        "--environment",
        "env",
        "--advisories",
        "advisories",
    ]);
    run.run()
        .exits(2)
        .mentions(&["METADATA", "a FIFO, not a regular file"]);
}

#[test]
fn a_shell_may_pass_sources_as_streams() {
    let context = checkout();
    let program = lockgate_tests::binary().display().to_string();
    let shell = |script: &str| {
        let run = context
            .program("bash")
            .args(["-c", script, "bash", &program]);
        run.args([
            "--no-index",
            "--find-links",
            "wheels",
            "--advisories",
            "advisories",
        ])
    };
    let script =
        "exec \"$1\" lock <(echo alpha) -c <(echo 'alpha<2') -o requirements.txt \"${@:2}\"";
    shell(script).run().exits(0);
    assert!(context.read("requirements.txt").contains("alpha==1.0"));
    let script = "echo alpha | \"$1\" lock /dev/stdin -o second.txt \"${@:2}\"";
    shell(script).run().exits(0);
    assert!(context.read("second.txt").contains("alpha==1.0"));
    // A stream that the shell takes from a file of the project is still none that a source may name.
    context.write("names.txt", "alpha\n");
    context.write("reads.in", "-r /dev/stdin\n");
    let script = "exec \"$1\" lock reads.in -o fourth.txt \"${@:2}\" < names.txt";
    shell(script)
        .run()
        .exits(2)
        .mentions(&["reads.in:1", "a stream", "help:"]);
    let script = "exec \"$1\" lock <(yes alpha-alpha-alpha-alpha) -o third.txt \"${@:2}\"";
    shell(script)
        .run()
        .exits(2)
        .mentions(&["256 MiB, the limit for sources and locks"]);
}

#[test]
fn a_link_that_leads_to_nothing_is_named_as_one() {
    let context = checkout();
    context.write("requirements.txt", "alpha==1.0\n");
    context.write("requirements.in", "alpha\n");
    for name in ["link.txt", "link.in", "link.zip", "link.json"] {
        symlink("gone/for-good", context.path(name)).unwrap();
    }
    let says = "is a symbolic link that leads to `gone/for-good`, which does not exist";
    let audit = ["audit", "requirements.txt", "--advisories", "advisories"];
    for arguments in [
        vec!["audit", "link.txt", "--advisories", "advisories"],
        vec!["audit", "requirements.txt", "--advisories", "link.zip"],
        [&audit[..], &["--vex", "link.json"]].concat(),
        [&audit[..], &["--baseline", "link.txt"]].concat(),
        vec!["convert", "link.txt", "-o", "pylock.toml"],
        vec!["check", "link.txt"],
        vec![
            "lock",
            "link.in",
            "-o",
            "x.txt",
            "--gate",
            "off",
            "--no-index",
        ],
    ] {
        let run = context.lockgate(&arguments).run();
        run.exits(2).mentions(&[says]);
    }
    // A link in the middle of a path.
    symlink("nowhere", context.path("folder")).unwrap();
    let run = context
        .lockgate(&["audit", "folder/requirements.txt"])
        .run();
    run.exits(2)
        .mentions(&["`folder` is a symbolic link that leads to `nowhere`"]);
}

#[test]
fn a_policy_that_is_a_link_to_nothing_is_not_no_policy() {
    for name in ["lockgate.toml", "pyproject.toml"] {
        let context = checkout();
        context.write("requirements.txt", "alpha==1.0\n");
        symlink("gone.toml", context.path(name)).unwrap();
        let run = context
            .lockgate(&["audit", "requirements.txt", "--advisories", "advisories"])
            .run();
        run.exits(2)
            .mentions(&[name, "leads to `gone.toml`, which does not exist"]);
    }
}

#[test]
fn a_folder_is_not_included() {
    let context = checkout();
    for (value, named) in [(".", "`.`"), ("wheels", "`wheels`")] {
        context.write("requirements.in", format!("-r {value}\n"));
        refused(
            &context,
            lock(&context, &[]),
            &["requirements.in:1", named, "it is a folder"],
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8_is_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let context = checkout();
    let name = OsStr::from_bytes(b"requirements-\xff.txt");
    std::fs::write(context.path("x").with_file_name(name), "alpha==1.0\n").unwrap();
    context
        .lockgate(&["lock"])
        .arg(name)
        .run()
        .exits(2)
        .mentions(&[
            "the argument `requirements-\\xff.txt` is not valid UTF-8",
            "rename",
        ]);
    context.write("requirements.txt", "alpha==1.0\n");
    let run = context
        .lockgate(&["audit", ".", "--advisories", "advisories"])
        .run();
    run.exits(2)
        .mentions(&["requirements-\\xff.txt", "not valid UTF-8; rename it"]);
}
