//! Operating systems, their C libraries and machines, as `--python-platform` names them.

use std::str::FromStr;

use super::PlatformError;

/// An operating system on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// The system, with the version that wheels are measured by.
    pub os: Os,
    /// The machine.
    pub arch: Arch,
}

/// An operating system with the version that wheels are measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// Linux with glibc of this version (PEP 600).
    Manylinux(u16, u16),
    /// Linux with musl of this version (PEP 656).
    Musllinux(u16, u16),
    /// macOS of this version.
    Macos(u16, u16),
    /// Windows.
    Windows,
}

/// A machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86.
    X86_64,
    /// 32-bit x86.
    I686,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM with hardware floating point.
    Armv7l,
    /// 64-bit POWER, little-endian.
    Ppc64le,
    /// IBM Z.
    S390x,
    /// 64-bit RISC-V.
    Riscv64,
}

/// glibc of the oldest systems that are still kept: what uv takes a plain Linux target for.
const GLIBC: Os = Os::Manylinux(2, 28);
const MUSL: Os = Os::Musllinux(1, 2);
/// The oldest macOS that is still kept.
const MACOS: Os = Os::Macos(14, 0);

const ARCHES: [(&str, Arch); 9] = [
    ("x86_64", Arch::X86_64),
    ("amd64", Arch::X86_64),
    ("i686", Arch::I686),
    ("aarch64", Arch::Aarch64),
    ("arm64", Arch::Aarch64),
    ("armv7l", Arch::Armv7l),
    ("ppc64le", Arch::Ppc64le),
    ("s390x", Arch::S390x),
    ("riscv64", Arch::Riscv64),
];

impl Arch {
    /// From the name that a machine goes by, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = match name.as_str() {
            "armv7" | "armv8l" => "armv7l",
            "i386" | "x86" | "i586" => "i686",
            "powerpc64le" => "ppc64le",
            "riscv64gc" => "riscv64",
            name => name,
        };
        ARCHES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, arch)| *arch)
    }

    /// As Linux tags name it.
    pub(super) fn linux(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::I686 => "i686",
            Self::Aarch64 => "aarch64",
            Self::Armv7l => "armv7l",
            Self::Ppc64le => "ppc64le",
            Self::S390x => "s390x",
            Self::Riscv64 => "riscv64",
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    /// `linux`, `macos`, `windows`; a target triple; `ARCH-manylinux_X_Y`, `ARCH-manylinux2014`, `ARCH-musllinux_X_Y`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            PlatformError::Platform(
                text.to_owned(),
                "`linux`, `macos`, `windows`, a triple such as `x86_64-unknown-linux-gnu`, `aarch64-unknown-linux-musl`, \
                 `aarch64-apple-darwin` or `x86_64-pc-windows-msvc`, or `x86_64-manylinux_2_28`, `x86_64-manylinux2014`, \
                 `aarch64-musllinux_1_2`"
                    .to_owned(),
            )
        };
        match text {
            "linux" => {
                return Ok(Self {
                    os: GLIBC,
                    arch: Arch::X86_64,
                });
            }
            "macos" => {
                return Ok(Self {
                    os: MACOS,
                    arch: Arch::Aarch64,
                });
            }
            "windows" => {
                return Ok(Self {
                    os: Os::Windows,
                    arch: Arch::X86_64,
                });
            }
            _ => {}
        }
        let (arch, system) = text.split_once('-').ok_or_else(wrong)?;
        let arch = Arch::from_name(arch).ok_or_else(wrong)?;
        let os = match system {
            "unknown-linux-gnu" | "unknown-linux-gnueabihf" | "unknown-linux" => GLIBC,
            "unknown-linux-musl" | "unknown-linux-musleabihf" => MUSL,
            "apple-darwin" => MACOS,
            "pc-windows-msvc" => Os::Windows,
            "manylinux1" => Os::Manylinux(2, 5),
            "manylinux2010" => Os::Manylinux(2, 12),
            "manylinux2014" => Os::Manylinux(2, 17),
            _ => versioned(system).ok_or_else(wrong)?,
        };
        let is_possible = match os {
            Os::Macos(..) => matches!(arch, Arch::X86_64 | Arch::Aarch64),
            Os::Windows => matches!(arch, Arch::X86_64 | Arch::I686 | Arch::Aarch64),
            Os::Manylinux(..) | Os::Musllinux(..) => true,
        };
        if is_possible {
            Ok(Self { os, arch })
        } else {
            Err(wrong())
        }
    }
}

/// `manylinux_2_28`, `musllinux_1_2`, `macosx_14_0`.
fn versioned(system: &str) -> Option<Os> {
    let mut parts = system.split('_');
    let (name, major, minor) = (
        parts.next()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    );
    if parts.next().is_some() {
        return None;
    }
    match name {
        "manylinux" if major == 2 => Some(Os::Manylinux(major, minor)),
        "musllinux" if major == 1 => Some(Os::Musllinux(major, minor)),
        "macosx" if major >= 11 => Some(Os::Macos(major, minor)),
        _ => None,
    }
}

impl Platform {
    pub(super) fn os_name(self) -> &'static str {
        if self.os == Os::Windows {
            "nt"
        } else {
            "posix"
        }
    }

    pub(super) fn sys_platform(self) -> &'static str {
        match self.os {
            Os::Manylinux(..) | Os::Musllinux(..) => "linux",
            Os::Macos(..) => "darwin",
            Os::Windows => "win32",
        }
    }

    pub(super) fn system(self) -> &'static str {
        match self.os {
            Os::Manylinux(..) | Os::Musllinux(..) => "Linux",
            Os::Macos(..) => "Darwin",
            Os::Windows => "Windows",
        }
    }

    pub(super) fn machine(self) -> &'static str {
        match (self.os, self.arch) {
            (Os::Windows, Arch::X86_64) => "AMD64",
            (Os::Windows, Arch::I686) => "x86",
            (Os::Windows, Arch::Aarch64) => "ARM64",
            (Os::Macos(..), Arch::Aarch64) => "arm64",
            (_, arch) => arch.linux(),
        }
    }

    /// Platform tags, best first, in the order of `packaging`.
    pub(super) fn tags(self) -> Vec<String> {
        match self.os {
            Os::Manylinux(major, minor) => manylinux(major, minor, self.arch),
            Os::Musllinux(major, minor) => musllinux(major, minor, self.arch),
            Os::Macos(major, minor) => macos(major, minor, self.arch),
            Os::Windows => vec![
                match self.arch {
                    Arch::I686 => "win32",
                    Arch::Aarch64 => "win_arm64",
                    _ => "win_amd64",
                }
                .to_owned(),
            ],
        }
    }
}

fn manylinux(major: u16, minor: u16, arch: Arch) -> Vec<String> {
    let name = arch.linux();
    let oldest = if matches!(arch, Arch::X86_64 | Arch::I686) {
        5
    } else {
        17
    };
    let mut tags = Vec::new();
    for minor in (oldest..=minor).rev() {
        tags.push(format!("manylinux_{major}_{minor}_{name}"));
        let legacy = match minor {
            17 => "manylinux2014",
            12 => "manylinux2010",
            5 => "manylinux1",
            _ => continue,
        };
        tags.push(format!("{legacy}_{name}"));
    }
    tags.push(format!("linux_{name}"));
    tags
}

fn musllinux(major: u16, minor: u16, arch: Arch) -> Vec<String> {
    let name = arch.linux();
    let mut tags: Vec<String> = (0..=minor)
        .rev()
        .map(|minor| format!("musllinux_{major}_{minor}_{name}"))
        .collect();
    tags.push(format!("linux_{name}"));
    tags
}

fn macos(major: u16, minor: u16, arch: Arch) -> Vec<String> {
    const INTEL: [&str; 6] = [
        "x86_64",
        "intel",
        "fat64",
        "fat3",
        "universal2",
        "universal",
    ];
    const ARM: [&str; 2] = ["arm64", "universal2"];
    let formats: &[&str] = if arch == Arch::X86_64 { &INTEL } else { &ARM };
    let mut tags = Vec::new();
    if major == 10 {
        for minor in (4..=minor).rev() {
            tags.extend(
                formats
                    .iter()
                    .map(|format| format!("macosx_10_{minor}_{format}")),
            );
        }
        return tags;
    }
    for major in (11..=major).rev() {
        tags.extend(
            formats
                .iter()
                .map(|format| format!("macosx_{major}_0_{format}")),
        );
    }
    // Before 11 there was no ARM, but wheels for both run.
    let old: &[&str] = if arch == Arch::X86_64 {
        &INTEL
    } else {
        &["universal2"]
    };
    for minor in (4..=16).rev() {
        tags.extend(
            old.iter()
                .map(|format| format!("macosx_10_{minor}_{format}")),
        );
    }
    tags
}
