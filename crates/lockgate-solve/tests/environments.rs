//! A lock for all environments is judged by what each of them installs: files that differ, files that are missing
//! (docs/universal.md, "What each environment takes").

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod support;

use lockgate_model::{ForkStrategy, Marker, Target};
use support::Case;

/// The lines of a lock for all environments from a Python upwards.
fn lock(python: &str, world: &str, wants: &[&str]) -> Vec<String> {
    let case = Case::new(world).universal(python);
    lines(&wants.iter().fold(case, |case, want| case.require(want)))
}

fn lines(case: &Case) -> Vec<String> {
    let pins = case.pins();
    // A line ends behind a marker; pins without one are joined by blanks.
    let mut lines: Vec<String> = Vec::new();
    for line in pins.split('\n') {
        match line.split_once(" ; ") {
            None => lines.extend(line.split_whitespace().map(str::to_owned)),
            Some((pins, marker)) => {
                lines.extend(pins.split_whitespace().map(str::to_owned));
                if let Some(last) = lines.last_mut() {
                    last.push_str(" ; ");
                    last.push_str(marker);
                }
            }
        }
    }
    lines
}

#[test]
fn wheels_for_other_pythons_say_nothing() {
    // pip refuses `dep==1.0` on each Python that the lock is for.
    for (tags, other) in [
        ("py2-none-any", "py3-none-any"),
        (
            "cp27-cp27mu-manylinux1_x86_64",
            "cp310-cp310-manylinux2014_x86_64",
        ),
        ("cp38-cp38-win_amd64", "cp310-abi3-manylinux2014_x86_64"),
    ] {
        let world = format!(
            "old 1.0 wheel={tags} wheel={other}\n    @{tags} dep<2\n    @{other} dep>=2\ndep 1.0\ndep 2.0"
        );
        assert_eq!(
            lock("3.9", &world, &["old"]),
            ["dep==2.0", "old==1.0"],
            "{tags}"
        );
    }
    // The same where the build number is higher.
    let world = "old 1.0 wheel=9-py2-none-any wheel=py3-none-any\n    @9-py2-none-any dep<2\n    @py3-none-any dep>=2\ndep 1.0\ndep 2.0";
    assert_eq!(lock("3.9", world, &["old"]), ["dep==2.0", "old==1.0"]);
}

#[test]
fn what_wheels_require_holds_where_they_are_taken() {
    let world = "\
        a 1.0 wheel=py3-none-macosx_10_9_x86_64.macosx_11_0_arm64 wheel=py3-none-manylinux2014_x86_64.manylinux2014_aarch64 wheel=py3-none-win_amd64.win_arm64
            common
            @py3-none-manylinux2014_x86_64.manylinux2014_aarch64 cuda
            @py3-none-win_amd64.win_arm64 colors<2
            @py3-none-macosx_10_9_x86_64.macosx_11_0_arm64 colors>=2
        common 1.0
        cuda 1.0
        colors 1.0
        colors 2.0";
    assert_eq!(
        lock("3.9", world, &["a"]),
        [
            "a==1.0",
            "colors==1.0 ; sys_platform == 'win32'",
            "colors==2.0 ; sys_platform == 'darwin'",
            "common==1.0",
            "cuda==1.0 ; sys_platform == 'linux'",
        ]
    );
}

#[test]
fn a_requirement_that_holds_nowhere_else_keeps_its_marker() {
    // As torch 2.0.0 has it: the wheels for Linux name its CUDA packages, under a marker; those for macOS do not.
    let world = "\
        t 2.0.0 wheel=cp310-none-macosx_10_9_x86_64 wheel=cp310-none-macosx_11_0_arm64 wheel=cp310-cp310-manylinux1_x86_64 wheel=cp310-cp310-manylinux2014_aarch64 wheel=cp310-cp310-win_amd64
            filelock
            @cp310-cp310-manylinux1_x86_64 nvidia ; platform_system == 'Linux' and platform_machine == 'x86_64'
        filelock 1.0
        nvidia 1.0";
    assert_eq!(
        lock("3.9", world, &["t"]),
        [
            "filelock==1.0",
            "nvidia==1.0 ; platform_machine == 'x86_64' and sys_platform == 'linux'",
            "t==2.0.0",
        ]
    );
}

#[test]
fn wheels_of_an_index_without_digests_are_asked_too() {
    let tags = [
        "win_amd64",
        "win_arm64",
        "manylinux2014_x86_64",
        "manylinux2014_aarch64",
        "macosx_11_0_arm64",
        "macosx_10_9_x86_64",
    ];
    let wheels: String = (9..14)
        .flat_map(|minor| tags.map(|tag| format!(" wheel=cp3{minor}-cp3{minor}-{tag}")))
        .collect();
    let world = format!(
        "a 1.0 no-digests{wheels}\n    @cp313-cp313-win_amd64 b\n    @cp313-cp313-win_arm64 b\nb 1.0"
    );
    assert_eq!(
        lock("3.9", &world, &["a"]),
        [
            "a==1.0",
            "b==1.0 ; python_full_version >= '3.13' and sys_platform == 'win32'"
        ]
    );
}

#[test]
fn a_source_distribution_speaks_before_wheels_that_nobody_takes() {
    let world = "old 1.0 wheel=cp27-cp27mu-manylinux1_x86_64 and-sdist\n    @sdist dep>=2\n    @cp27-cp27mu-manylinux1_x86_64 dep<2\ndep 1.0\ndep 2.0";
    assert_eq!(lock("3.9", world, &["old"]), ["dep==2.0", "old==1.0"]);
    // One that states nothing needs a build; wheels that somebody takes speak for it.
    let unstated = "old 0.9\nold 1.0 wheel=cp27-cp27mu-manylinux1_x86_64 and-sdist needs-build";
    assert_eq!(lock("3.9", unstated, &["old"]), ["old==0.9"]);
    let stated = "old 0.9\nold 1.0 wheel=cp310-cp310-manylinux1_x86_64 and-sdist needs-build\n    dep\ndep 1.0";
    assert_eq!(lock("3.9", stated, &["old"]), ["dep==1.0", "old==1.0"]);
}

#[test]
fn a_release_that_nobody_can_install_is_none() {
    let world = "dead 0.9\ndead 1.0 wheel=cp27-cp27mu-manylinux1_x86_64";
    assert_eq!(lock("3.9", world, &["dead"]), ["dead==0.9"]);
    assert_eq!(lock("3.9", world, &["dead==1.0"]), ["impossible"]);
    // As tensorflow 2.15 has it, for 3.12.
    let world = "tf 2.15 wheel=cp310-cp310-win_amd64 wheel=cp311-cp311-win_amd64\ntf 2.16 wheel=cp312-cp312-win_amd64";
    assert_eq!(lock("3.12", world, &["tf<2.16"]), ["impossible"]);
    assert_eq!(lock("3.12", world, &["tf"]), ["tf==2.16"]);
}

#[test]
fn a_release_without_a_file_where_it_is_asked_for_is_not_chosen() {
    let world = "tool 1.0\ntool 2.0 wheel=py3-none-manylinux2014_x86_64.manylinux2014_aarch64";
    assert_eq!(
        lock("3.9", world, &["tool ; sys_platform == 'win32'"]),
        ["tool==1.0 ; sys_platform == 'win32'"]
    );
    assert_eq!(
        lock("3.9", world, &["tool"]),
        [
            "tool==1.0 ; sys_platform != 'linux'",
            "tool==2.0 ; sys_platform == 'linux'"
        ]
    );
    // Where no other fits, it stays.
    assert_eq!(lock("3.9", world, &["tool>=2"]), ["tool==2.0"]);
    // What has a source distribution can be had everywhere.
    let built = "tool 1.0\ntool 2.0 and-sdist wheel=py3-none-manylinux2014_x86_64";
    assert_eq!(lock("3.9", built, &["tool"]), ["tool==2.0"]);
}

#[test]
fn pythons_and_machines_without_a_file_get_another_release() {
    let world = "\
        a 1.0 wheel=cp39-cp39-macosx_10_9_x86_64 wheel=cp310-cp310-macosx_10_9_x86_64 wheel=cp39-cp39-win_amd64
        a 2.0 wheel=cp310-cp310-macosx_11_0_arm64 wheel=cp310-cp310-win_amd64 wheel=cp310-cp310-manylinux2014_x86_64";
    assert_eq!(
        lock("3.9", world, &["a"]),
        [
            "a==1.0 ; (python_full_version < '3.10' and platform_machine == 'AMD64' and sys_platform == 'win32') or (platform_machine == 'x86_64' and sys_platform == 'darwin')",
            "a==2.0 ; (platform_machine != 'AMD64' and platform_machine != 'x86_64') or (python_full_version < '3.10' and platform_machine == 'AMD64' and sys_platform != 'win32') or (python_full_version >= '3.10' and platform_machine != 'x86_64') or (platform_machine == 'x86_64' and sys_platform != 'darwin')",
        ]
    );
}

#[test]
fn fewest_takes_what_suits_all_if_there_is_one() {
    let world = "tool 1.0\ntool 2.0 wheel=py3-none-win_amd64";
    let case = Case::new(world)
        .universal("3.9")
        .require("tool")
        .rules(|rules| rules.fork_strategy = ForkStrategy::Fewest);
    assert_eq!(lines(&case), ["tool==1.0"]);
}

#[test]
fn a_lock_for_none_of_the_points_goes_by_all_wheels() {
    let world = "a 1.0\na 2.0 wheel=py3-none-freebsd_14_amd64\nb 1.0 wheel=cp310-cp310-manylinux2014_ppc64le";
    for (within, wants, pins) in [
        ("sys_platform == 'freebsd'", "a", "a==2.0"),
        ("platform_machine == 'ppc64le'", "b", "b==1.0"),
        ("platform_machine == 's390x'", "a<2", "a==1.0"),
    ] {
        let all = Target::universal(&"3.9".parse().unwrap());
        let target = all.with(&Marker::parse(within).unwrap()).unwrap();
        assert_eq!(
            lines(&Case::of(world, target).require(wants)),
            [pins],
            "{within}"
        );
    }
}

/// A project as torch: a local version for one machine, and the plain one for others.
const LOCALS: &str = "
    torchy 2.3.1 wheel=cp310-cp310-macosx_11_0_arm64 wheel=cp310-cp310-manylinux2014_aarch64 wheel=cp310-cp310-win_amd64
    torchy 2.3.1+cpu wheel=cp310-cp310-linux_x86_64
    vision 1.0
        torchy==2.3.1
    audio 1.0
        torchy==2.3.1 ; platform_machine != 'x86_64'
        torchy==2.3.1+cpu ; platform_machine == 'x86_64'";

#[test]
fn a_local_version_holds_where_it_is_named() {
    let world = LOCALS.replace("\n    ", "\n");
    let expected = |others: &[&str]| {
        let own = [
            "torchy==2.3.1 ; platform_machine != 'x86_64'",
            "torchy==2.3.1+cpu ; platform_machine == 'x86_64'",
        ];
        let mut all: Vec<String> = own.iter().chain(others).map(ToString::to_string).collect();
        all.sort_by_key(|line| line.replace("==", " "));
        all
    };
    let named = "torchy==2.3.1+cpu ; platform_machine == 'x86_64'";
    let plain = "torchy==2.3.1 ; platform_machine != 'x86_64'";
    for wants in [[named, plain], [plain, named], [named, "torchy==2.3.1"]] {
        assert_eq!(lock("3.10", &world, &wants), expected(&[]), "{wants:?}");
    }
    assert_eq!(
        lock("3.10", &world, &[named, "vision"]),
        expected(&["vision==1.0"])
    );
    assert_eq!(lock("3.10", &world, &["audio"]), expected(&["audio==1.0"]));
}

#[test]
fn a_local_version_that_all_can_have_stays_whole() {
    let world = "t 1.0\nt 1.0+l";
    let wants = ["t==1.0+l ; sys_platform == 'win32'", "t==1.0"];
    assert_eq!(lock("3.9", world, &wants), ["t==1.0+l"]);
}
