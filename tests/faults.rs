//! Bad input and broken surroundings: each ends with one clear message and leaves the old lock as it was.

use std::io::Write as _;

use lockgate_tests::artifact::wheel_holding;
use lockgate_tests::{Advisory, Fault, Index, Lockgate, Loopback, Run, TestContext, World};

/// A lock from before, which no failure may touch.
const OLD: &str = "# kept by hand\na==0.9\n";

fn world() -> World {
    World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
}

fn prepared(requirements: &str) -> TestContext {
    let context = TestContext::new();
    context.write("requirements.in", requirements);
    context.write("requirements.txt", OLD);
    context.write_advisories("advisories", &[]);
    context
}

/// Impatient, so that what never comes is given up soon.
fn impatient<'a>(context: &'a TestContext, index: &Loopback<Index>) -> Lockgate<'a> {
    context
        .lock(index)
        .args(["--timeout", "1", "--retries", "0"])
}

#[track_caller]
fn fails(context: &TestContext, run: &Run, code: i32, mentions: &[&str]) {
    run.exits(code).mentions(mentions);
    assert_eq!(
        context.read("requirements.txt"),
        OLD,
        "the old lock was touched"
    );
}

#[test]
fn bad_requirement_files_are_refused_with_file_and_line() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "a malformed requirement",
            "b\na b c\n",
            &["requirements.in:2"],
        ),
        ("a malformed specifier", "a>>1\n", &["requirements.in:1"]),
        (
            "a malformed marker",
            "a; python_version !! '3'\n",
            &["requirements.in:1"],
        ),
        (
            "an unknown option",
            "a\n--no-such-option\n",
            &["requirements.in:2", "--no-such-option"],
        ),
        (
            "a missing include",
            "a\n\n-r missing.in\n",
            &["requirements.in:3", "missing.in"],
        ),
        (
            "a missing constraint file",
            "-c missing.txt\n",
            &["requirements.in:1", "missing.txt"],
        ),
        (
            "an include loop",
            "-r requirements.in\n",
            &["requirements.in:1"],
        ),
        (
            "a constraint with extras",
            "a\n-c constraints.txt\n",
            &["constraints.txt:1", "extras"],
        ),
        ("an editable", "-e .\n", &["requirements.in:1"]),
        (
            "a version control address",
            "a @ git+https://example.invalid/a\n",
            &["requirements.in:1"],
        ),
        (
            "a local path",
            "./wheels/a-1.0-py3-none-any.whl\n",
            &["requirements.in:1"],
        ),
    ];
    let index = Loopback::index(world());
    for (what, requirements, mentions) in cases {
        let context = prepared(requirements);
        context.write("constraints.txt", "a[x]<2\n");
        let run = impatient(&context, &index).run();
        assert_eq!(run.code, 2, "{what}: {}", run.stderr);
        fails(&context, &run, 2, mentions);
    }
}

#[test]
fn a_missing_source_is_named() {
    let index = Loopback::index(world());
    let context = prepared("a\n");
    std::fs::remove_file(context.path("requirements.in")).unwrap();
    fails(
        &context,
        &impatient(&context, &index).run(),
        2,
        &["requirements.in"],
    );
}

#[test]
fn questions_without_an_answer_exit_with_1() {
    let index = Loopback::index(World::new().with_release(
        "modern",
        "1.0",
        lockgate_tests::Release {
            requires_python: Some(">=3.13".to_owned()),
            ..lockgate_tests::Release::default()
        },
    ));
    let cases: &[(&str, &[&str])] = &[
        ("nowhere-at-all\n", &["nowhere-at-all"]),
        ("modern>7\n", &["modern>7"]),
        ("modern\n", &["modern", ">=3.13", "3.11"]),
    ];
    for (requirements, mentions) in cases {
        let context = prepared(requirements);
        fails(&context, &impatient(&context, &index).run(), 1, mentions);
    }
}

#[test]
fn advisories_that_cannot_be_read_are_a_failure() {
    let whole = lockgate_tests::osv::export(&[Advisory::new("PYSEC-2024-1", "b")]);
    let mut foreign = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    foreign
        .start_file("holiday.txt", zip::write::SimpleFileOptions::default())
        .unwrap();
    foreign.write_all(b"no advisory").unwrap();
    let foreign = foreign.finish().unwrap().into_inner();
    let cases: [(&str, &[u8]); 5] = [
        ("empty.zip", b""),
        ("none.zip", &lockgate_tests::osv::export(&[])),
        ("truncated.zip", &whole[..whole.len() / 2]),
        ("foreign.zip", &foreign),
        ("text.zip", b"this is no archive"),
    ];
    let index = Loopback::index(world());
    for (name, content) in cases {
        let context = prepared("a\n");
        context.write(name, content);
        let run = context
            .lock_bare()
            .args(["--index-url", &index.index_url(), "--advisories", name])
            .run();
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        fails(&context, &run, 2, &[name]);
    }
}

#[test]
fn a_folder_without_a_record_or_no_folder_at_all_is_a_failure() {
    let index = Loopback::index(world());
    for folder in ["empty", "nowhere"] {
        let context = prepared("a\n");
        std::fs::create_dir(context.path("empty")).unwrap();
        let run = context
            .lock_bare()
            .args(["--index-url", &index.index_url(), "--advisories", folder])
            .run();
        fails(&context, &run, 2, &[folder]);
    }
}

#[test]
fn stale_advisories_are_a_failure_where_an_age_is_set() {
    let index = Loopback::index(world());
    let context = prepared("a\n");
    context.write("lockgate.toml", "max-advisory-age = \"7 days\"\n");
    fails(
        &context,
        &impatient(&context, &index).run(),
        2,
        &["advisories", "7 days"],
    );
}

#[test]
fn a_bad_configuration_is_refused_with_file_and_line() {
    let cases: &[(&str, &[&str])] = &[
        ("gate = \"deny\"\ngaet = 1\n", &["lockgate.toml:2", "gaet"]),
        ("gate = \"maybe\"\n", &["lockgate.toml:1", "maybe"]),
        (
            "[[ignore]]\nid = \"CVE-2024-1\"\n",
            &["lockgate.toml", "reason"],
        ),
        ("gate = \n", &["lockgate.toml:1"]),
    ];
    let index = Loopback::index(world());
    for (config, mentions) in cases {
        let context = prepared("a\n");
        context.write("lockgate.toml", config);
        fails(&context, &impatient(&context, &index).run(), 2, mentions);
    }
}

#[test]
fn an_expired_ignore_is_reported_and_the_gate_applies_again() {
    let index = Loopback::index(world());
    let context = prepared("a\n");
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "b")]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"ours\"\nexpires = 2020-01-01\n",
    );
    fails(
        &context,
        &impatient(&context, &index).run(),
        1,
        &["PYSEC-2024-1", "expired"],
    );
}

#[test]
fn an_index_that_is_not_there_is_a_failure() {
    let index = Loopback::index(world());
    let url = index.index_url();
    drop(index);
    let context = prepared("a\n");
    let run = context
        .lock_bare()
        .args([
            "--index-url",
            &url,
            "--advisories",
            "advisories",
            "--timeout",
            "1",
            "--retries",
            "0",
        ])
        .run();
    fails(&context, &run, 2, &["127.0.0.1:[PORT]/simple/a/"]);
}

#[test]
fn pages_that_cannot_be_had_are_a_failure_and_never_an_absent_project() {
    let cases = [
        ("hangs", Fault::Hang),
        ("401", Fault::Status(401)),
        ("403", Fault::Status(403)),
        ("500", Fault::Status(500)),
        ("502", Fault::Status(502)),
        ("503", Fault::Status(503)),
        ("is cut off", Fault::Truncated),
        ("breaks off", Fault::BrokenOff),
        ("has a foreign type", Fault::ContentType("image/png")),
        ("is 100 MB", Fault::Huge(100 << 20)),
        (
            "is other JSON",
            Fault::Content("{\"message\": \"welcome\"}".into()),
        ),
    ];
    for (what, fault) in cases {
        let index = Loopback::index(world());
        index.fault("/simple/b/", fault);
        let context = prepared("a\n");
        let run = impatient(&context, &index).run();
        assert_eq!(run.code, 2, "a page that {what}: {}", run.stderr);
        fails(&context, &run, 2, &["/simple/b/"]);
    }
}

#[test]
fn metadata_whose_hash_differs_are_a_failure() {
    let index = Loopback::index(world());
    index.fault(
        "/files/b-1.0-py3-none-any.whl.metadata",
        Fault::Content("Metadata-Version: 2.1\nName: b\nVersion: 1.0\n\nforged".into()),
    );
    let context = prepared("a\n");
    fails(
        &context,
        &impatient(&context, &index).run(),
        2,
        &["b-1.0-py3-none-any.whl.metadata", "sha256"],
    );
}

#[test]
fn a_wheel_that_is_no_zip_is_a_failure() {
    let mut world = World {
        without_metadata_files: true,
        ..world()
    };
    world.replaced_files.insert(
        "b-1.0-py3-none-any.whl".to_owned(),
        b"<html>not here</html>".repeat(100),
    );
    let index = Loopback::index(world);
    let context = prepared("a\n");
    fails(
        &context,
        &impatient(&context, &index).run(),
        2,
        &["b-1.0-py3-none-any.whl"],
    );
}

#[test]
fn a_wheel_whose_metadata_unpack_to_a_flood_is_a_failure() {
    let mut world = World {
        without_metadata_files: true,
        ..world()
    };
    let flood = wheel_holding("b", "1.0", "py3-none-any", &vec![b'x'; 256 << 20]);
    world
        .replaced_files
        .insert("b-1.0-py3-none-any.whl".to_owned(), flood);
    let index = Loopback::index(world);
    let context = prepared("a\n");
    fails(
        &context,
        &impatient(&context, &index).run(),
        2,
        &["b-1.0-py3-none-any.whl"],
    );
}

#[test]
fn an_advisory_service_that_fails_is_a_failure() {
    let cases = [
        ("/v1/querybatch", Fault::Status(500)),
        ("/v1/querybatch", Fault::BrokenOff),
        ("/v1/querybatch", Fault::Content("{}".into())),
        ("/v1/vulns/PYSEC-2024-1", Fault::Status(503)),
        ("/v1/vulns/PYSEC-2024-1", Fault::Status(404)),
        ("/v1/vulns/PYSEC-2024-1", Fault::BrokenOff),
    ];
    for (path, fault) in cases {
        let index = Loopback::index(world());
        let service = Loopback::osv(
            vec![Advisory::new("PYSEC-2024-1", "b").between("5", "6")],
            10,
        );
        let what = format!("{path} {fault:?}");
        service.fault(path, fault);
        let context = prepared("a\n");
        let run = context
            .lock_with_service(&index, &service)
            .args(["--timeout", "1", "--retries", "0"])
            .run();
        assert_eq!(run.code, 2, "{what}: {}", run.stderr);
        assert_eq!(context.read("requirements.txt"), OLD, "{what}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let index = Loopback::index(world());
    let outputs: &[&str] = if cfg!(target_os = "linux") {
        // Not even the superuser may make files in /proc: a read-only folder for everybody.
        &[
            "missing/folder/out.txt",
            "requirements.in/out.txt",
            "/proc/lockgate-out.txt",
        ]
    } else {
        &["missing/folder/out.txt", "requirements.in/out.txt"]
    };
    for output in outputs {
        let context = prepared("a\n");
        let run = context
            .lockgate(&[
                "lock",
                "requirements.in",
                "-o",
                output,
                "--index-url",
                &index.index_url(),
            ])
            .args([
                "--python-version",
                "3.11",
                "--python-platform",
                "linux",
                "--advisories",
                "advisories",
                "--no-cache",
            ])
            .run();
        fails(&context, &run, 2, &[output]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let index = Loopback::index(world());
    let context = prepared("a\n");
    // No file may grow, as on a full disk; pipes still work.
    let run = context
        .program("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"])
        .arg(lockgate_tests::binary())
        .args([
            "lock",
            "requirements.in",
            "-o",
            "requirements.txt",
            "--index-url",
            &index.index_url(),
        ])
        .args([
            "--python-version",
            "3.11",
            "--python-platform",
            "linux",
            "--advisories",
            "advisories",
            "--no-cache",
        ])
        .run();
    fails(&context, &run, 2, &["requirements.txt"]);
}

#[test]
fn without_pip_and_index_the_way_to_name_one_is_said() {
    let context = prepared("a\n");
    std::fs::create_dir(context.path("no-programs")).unwrap();
    let path = context.path("no-programs");
    let run = context
        .lock_bare()
        .args(["--advisories", "advisories"])
        .env("PATH", path)
        .run();
    fails(&context, &run, 2, &["--index-url"]);
}
