//! Builds of a run that a signal ends.

use lockgate_tests::{Loopback, TestContext};

use super::{with_folder, world};

#[test]
fn an_interrupted_run_stops_its_builds_and_removes_what_they_left() {
    for (signal, code) in lockgate_tests::ending_signals() {
        a_signal_stops_builds(signal, code);
    }
}

fn a_signal_stops_builds(signal: &str, code: i32) {
    let context = TestContext::new();
    with_folder(&context);
    context.write_advisories("advisories", &[]);
    std::fs::create_dir(context.path("temporary")).expect("a folder can be made");
    let index = Loopback::index(world());
    let mut child = context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--index-url", &index.index_url()])
        .args([
            "--advisories",
            "advisories",
            "--allow-build",
            "-C",
            "sleep=1",
        ])
        .env("TMPDIR", context.path("temporary").display().to_string())
        .start();
    let noted = || {
        let builds = std::fs::read_dir(context.path("temporary")).expect("it is there");
        let texts = builds.flatten().filter_map(|build| {
            let text = std::fs::read_to_string(build.path().join("metadata/pids"));
            text.ok().filter(|text| text.ends_with('\n'))
        });
        texts.into_iter().next()
    };
    let pids = loop {
        if let Some(pids) = noted() {
            break pids;
        }
        assert!(
            child.try_wait().expect("a child can be asked").is_none(),
            "it must wait"
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    let kill = context
        .program("kill")
        .args([signal, &child.id().to_string()]);
    kill.run().exits(0);
    let ended = child.wait_with_output().expect("a child ends");
    assert_eq!(ended.status.code(), Some(code));
    // Neither the backend nor what it started goes on.
    for pid in pids.split_whitespace() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{signal}: {stat}");
    }
    let left = std::fs::read_dir(context.path("temporary")).expect("it is there");
    assert_eq!(left.count(), 0);
    assert!(!context.exists("requirements.txt"));
}
