//! The environments that a lock for many machines is held against, one by one: Pythons, systems, machines, implementations.

use lockgate_model::{Arch, Implementation, Machine, Os, Platform, PythonVersion, Region, Target};

/// The Python versions that are kept today, and those that have just ended.
const PYTHONS: [&str; 7] = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
const SYSTEMS: [Os; 3] = [Os::Manylinux(2, 28), Os::Macos(14, 0), Os::Windows];
const MACHINES: [Arch; 2] = [Arch::X86_64, Arch::Aarch64];

/// One environment of the grid.
#[derive(Debug, Clone)]
pub struct Place {
    /// As people read it: `CPython 3.11 on linux x86_64`.
    pub name: String,
    /// What it is.
    pub target: Target,
}

/// The environments of the grid that are in a target's region, and one at its lowest Python.
pub fn places(target: &Target) -> Vec<Place> {
    let lowest = target.python.clone();
    let mut pythons: Vec<PythonVersion> = Vec::new();
    let lowest = lowest.to_string().parse::<PythonVersion>().ok();
    pythons.extend(lowest);
    for text in PYTHONS {
        if let Ok(python) = text.parse::<PythonVersion>()
            && !pythons.contains(&python)
        {
            pythons.push(python);
        }
    }
    let mut places = Vec::new();
    for python in &pythons {
        for os in SYSTEMS {
            for arch in MACHINES {
                for implementation in [Implementation::cpython(python), pypy(python)] {
                    places.extend(place(
                        target,
                        python,
                        Platform { os, arch },
                        &implementation,
                    ));
                }
            }
        }
    }
    places
}

fn place(
    whole: &Target,
    python: &PythonVersion,
    platform: Platform,
    implementation: &Implementation,
) -> Option<Place> {
    let target = Target::of(python, &platform, implementation, &Machine::default());
    let Region::One(environment) = &target.region else {
        return None;
    };
    let system = match platform.os {
        Os::Manylinux(..) | Os::Musllinux(..) => "linux",
        Os::Macos(..) => "macos",
        Os::Windows => "windows",
    };
    let machine = match platform.arch {
        Arch::Aarch64 => "arm64",
        _ => "x86_64",
    };
    let is_in = whole.region.marker().holds(environment, &[]);
    is_in.then(|| Place {
        name: format!(
            "{} {} on {system} {machine}",
            implementation.display_name,
            python.full()
        ),
        target,
    })
}

/// `PyPy` of a Python version.
fn pypy(python: &PythonVersion) -> Implementation {
    let (major, minor) = python.numbers();
    Implementation {
        name: "pypy".to_owned(),
        display_name: "PyPy".to_owned(),
        version: None,
        tag: "pp".to_owned(),
        abis: vec![format!("pypy{major}{minor}_pp73")],
        has_stable_abi: false,
    }
}
