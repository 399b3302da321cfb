//! Where outputs may go: never through a link out of the repository, and by default only over a lock.
#![cfg(unix)]

use std::os::unix::fs::symlink;

use lockgate_tests::{Index, Loopback, TestContext, World};

fn started() -> (Loopback<Index>, TestContext) {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = TestContext::new();
    context.write("repo/requirements.in", "a\n");
    context.write("elsewhere/profile", "export PATH=/bin\n");
    context.write("elsewhere/a.txt", "a==0.9\n");
    context.write_advisories("advisories", &[]);
    (index, context)
}

fn lock<'c>(context: &'c TestContext, index: &Loopback<Index>) -> lockgate_tests::Lockgate<'c> {
    context
        .lockgate(&["lock", "--directory", "repo", "requirements.in"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "../advisories"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
}

fn names(context: &TestContext, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(context.path(folder)).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a folder can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_link_out_of_the_repository_is_not_written_through() {
    for has_git in [true, false] {
        let (index, context) = started();
        if has_git {
            context.write("repo/.git/HEAD", "");
        }
        for target in [
            "../elsewhere/profile",
            "../elsewhere/a.txt",
            "../elsewhere/new.txt",
        ] {
            let link = context.path("repo/requirements.txt");
            symlink(target, &link).unwrap();
            for options in [&[][..], &["-o", "requirements.txt"]] {
                lock(&context, &index)
                    .args(options)
                    .run()
                    .exits(2)
                    .mentions(&["requirements.txt", "leads out of"]);
            }
            lock(&context, &index)
                .args(["-o", "other.txt", "--report", "requirements.txt"])
                .run()
                .exits(2)
                .mentions(&["leads out of"]);
            assert!(!context.exists("repo/other.txt"));
            context.write("repo/pins.txt", "a==1.0\n");
            for named in [
                ["--output", "json=requirements.txt"],
                ["-o", "requirements.txt"],
            ] {
                context
                    .lockgate(&["audit", "--directory", "repo", "pins.txt"])
                    .args(["--advisories", "../advisories"])
                    .args(named)
                    .run()
                    .exits(2)
                    .mentions(&["leads out of"]);
            }
            assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
            std::fs::remove_file(link).unwrap();
        }
        assert_eq!(context.read("elsewhere/profile"), "export PATH=/bin\n");
        assert_eq!(context.read("elsewhere/a.txt"), "a==0.9\n");
        assert_eq!(names(&context, "elsewhere"), ["a.txt", "profile"]);
        // A folder that is a link, and a link that stays within.
        symlink("../elsewhere", context.path("repo/locks")).unwrap();
        lock(&context, &index)
            .args(["-o", "locks/b.txt"])
            .run()
            .exits(2)
            .mentions(&["leads out of"]);
        context.write("repo/real/keep", "");
        symlink(
            "real/requirements.txt",
            context.path("repo/requirements.txt"),
        )
        .unwrap();
        lock(&context, &index).run().exits(0);
        assert!(
            context
                .read("repo/real/requirements.txt")
                .contains("a==1.0")
        );
        // Another place that is named is another place.
        lock(&context, &index)
            .args(["-o", "../elsewhere/a.txt"])
            .run()
            .exits(0);
        assert!(context.read("elsewhere/a.txt").contains("a==1.0"));
    }
}

#[test]
fn a_file_that_is_no_lock_is_replaced_only_when_it_is_named() {
    let (index, context) = started();
    for text in ["a>=1\n", "# what we need\n", "export PATH=/bin\n"] {
        context.write("repo/requirements.txt", text);
        for options in [&[][..], &["-U"]] {
            lock(&context, &index)
                .args(options)
                .run()
                .exits(2)
                .mentions(&["requirements.txt", "is not a lock", "-o"]);
            assert_eq!(context.read("repo/requirements.txt"), text);
        }
    }
    context.write("repo/requirements.txt", "a>=1\n");
    lock(&context, &index)
        .args(["-o", "requirements.txt"])
        .run()
        .exits(0);
    for text in ["", "a==0.9\n"] {
        context.write("repo/requirements.txt", text);
        lock(&context, &index).run().exits(0);
    }
}

/// A report is put back when the lock cannot be written.
#[test]
fn after_a_failure_every_output_is_as_it_was() {
    let (index, context) = started();
    context.write("repo/locks/x.txt/held", "");
    context.write("repo/report.json", "{}");
    let run = lock(&context, &index)
        .args(["-o", "locks/x.txt", "--report", "report.json"])
        .run();
    run.exits(2);
    // A failed run says so in its report.
    assert!(
        context
            .read("repo/report.json")
            .contains("\"status\": \"failed\"")
    );
    assert_eq!(names(&context, "repo/locks"), ["x.txt"]);
}
