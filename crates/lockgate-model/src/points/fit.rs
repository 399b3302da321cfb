//! What points make of the parts of a wheel's tags.

use super::PLATFORMS;
use crate::WheelName;

/// Python and ABI tags of a wheel, held against each interpreter.
#[derive(Debug)]
pub(super) struct Pairs {
    /// The rank of the best pair at each interpreter, for wheels of a platform.
    pub(super) specific: Vec<Option<u16>>,
    /// The same for wheels of any platform.
    pub(super) of_any: Vec<Option<u16>>,
    /// Whether some interpreter of the lock accepts one.
    pub(super) fits_somewhere: bool,
    /// Whether only one that is none of the points does.
    pub(super) elsewhere: bool,
}

/// The ranks of generic tags come after all that name an interpreter.
const GENERIC: u16 = 1000;

impl Pairs {
    /// `pythons`: the minor number of each interpreter, and whether it is `PyPy`.
    pub(super) fn of(
        wheel: &WheelName,
        pythons: impl Iterator<Item = (u64, bool)>,
        lowest_minor: u64,
    ) -> Self {
        let (mut specific, mut of_any) = (Vec::new(), Vec::new());
        for (minor, is_pypy) in pythons {
            let mut best: [Option<u16>; 2] = [None; 2];
            for tag in wheel.pythons.split('.') {
                for abi in wheel.abis.split('.') {
                    let Some(rank) = pair_rank(tag, abi, minor, is_pypy) else {
                        continue;
                    };
                    let better = |known: Option<u16>| Some(known.map_or(rank, |old| old.min(rank)));
                    best[0] = better(best[0]);
                    if abi == "none" {
                        best[1] = better(best[1]);
                    }
                }
            }
            specific.push(best[0]);
            of_any.push(best[1]);
        }
        let is_on_a_point = specific.iter().any(Option::is_some);
        let tags = wheel.pythons.split('.');
        let mut pairs = tags.flat_map(|tag| wheel.abis.split('.').map(move |abi| (tag, abi)));
        let elsewhere =
            !is_on_a_point && pairs.any(|(tag, abi)| may_fit_later(tag, abi, lowest_minor));
        Self {
            fits_somewhere: is_on_a_point || elsewhere,
            elsewhere,
            specific,
            of_any,
        }
    }
}

/// The place of a pair of tags in the order of an interpreter of Python 3, as `target::tag_list` lists them.
fn pair_rank(tag: &str, abi: &str, minor: u64, is_pypy: bool) -> Option<u16> {
    let name = if is_pypy { "pp" } else { "cp" };
    if let Some(own) = tag.strip_prefix(name).and_then(of_python_3) {
        let own: u64 = own.parse().ok()?;
        let is_own_abi = || {
            abi == if is_pypy {
                format!("pypy3{minor}_pp73")
            } else {
                format!("cp3{minor}{}", if minor < 8 { "m" } else { "" })
            }
        };
        return match abi {
            "abi3" if is_pypy => None,
            "abi3" if own == minor => Some(1),
            "abi3" if (2..minor).contains(&own) => {
                Some(u16::try_from(minor - own).unwrap_or(GENERIC) + 2)
            }
            "none" if own == minor => Some(2),
            _ if own == minor && is_own_abi() => Some(0),
            _ => None,
        };
    }
    if abi != "none" {
        return None;
    }
    match of_python_3(tag.strip_prefix("py")?)? {
        "" => Some(GENERIC + 1),
        generic => {
            let generic: u64 = generic.parse().ok()?;
            match generic.cmp(&minor) {
                std::cmp::Ordering::Equal => Some(GENERIC),
                std::cmp::Ordering::Less => {
                    Some(GENERIC + 1 + u16::try_from(minor - generic).unwrap_or(GENERIC))
                }
                std::cmp::Ordering::Greater => None,
            }
        }
    }
}

/// What follows the `3` of a Python tag.
fn of_python_3(digits: &str) -> Option<&str> {
    let minor = digits.strip_prefix('3')?;
    minor
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(minor)
}

/// Whether an interpreter that is none of the points may accept a pair of tags: it is not for old Pythons alone.
fn may_fit_later(tag: &str, abi: &str, lowest_minor: u64) -> bool {
    let digits = tag.trim_start_matches(|c: char| !c.is_ascii_digit());
    let Some(minor) = digits.strip_prefix('3') else {
        return !digits.starts_with('2');
    };
    let is_open = abi == "abi3" || tag.starts_with("py");
    let minor: u64 = match minor.replace('_', "").parse() {
        Ok(minor) => minor,
        Err(_) => return true,
    };
    is_open || minor >= lowest_minor
}

/// Platform tags of a wheel, held against each platform.
#[derive(Debug)]
pub(super) struct PlatformFit {
    pub(super) ranks: [Option<u16>; PLATFORMS],
    /// The platforms that accept it, as bits.
    pub(super) mask: u8,
    pub(super) is_any: bool,
    /// Whether it is for a platform that is none of the points.
    pub(super) elsewhere: bool,
}

impl PlatformFit {
    pub(super) fn of(platforms: &str) -> Self {
        let mut fit = Self {
            ranks: [None; PLATFORMS],
            mask: 0,
            is_any: false,
            elsewhere: false,
        };
        for tag in platforms.split('.') {
            if tag == "any" {
                fit.is_any = true;
                continue;
            }
            let mut is_known = is_mac(tag);
            for (at, known) in fit.ranks.iter_mut().enumerate() {
                if let Some(rank) = platform_rank(tag, at) {
                    *known = Some(known.map_or(rank, |old| old.min(rank)));
                    fit.mask |= 1 << at;
                    is_known = true;
                }
            }
            fit.elsewhere |= !is_known;
        }
        fit
    }
}

fn is_mac(tag: &str) -> bool {
    tag.starts_with("macosx_")
}

/// The ranks of what is for a newer system than the usual one, and of what is for another C library: such a machine may be there, too.
const NEWER: u16 = 2000;
const MUSL: u16 = 4000;
/// The glibc and the macOS that the points have.
const GLIBC: u16 = 28;
const MACOS: u16 = 14;

/// The place of a platform tag in the order of the platform at `at`.
fn platform_rank(tag: &str, at: usize) -> Option<u16> {
    let is_arm = at % 2 == 1;
    match at / 2 {
        0 => linux(
            tag,
            if is_arm { "aarch64" } else { "x86_64" },
            if is_arm { 17 } else { 5 },
        ),
        1 => mac(tag, is_arm),
        _ => (tag == if is_arm { "win_arm64" } else { "win_amd64" }).then_some(0),
    }
}

fn linux(tag: &str, arch: &str, oldest: u16) -> Option<u16> {
    let rest = tag.strip_suffix(arch)?.strip_suffix('_')?;
    if rest == "linux" {
        return Some(NEWER - 1);
    }
    if let Some(musl) = rest.strip_prefix("musllinux_1_") {
        let minor: u16 = musl.parse().ok()?;
        return Some(MUSL + minor.min(100));
    }
    let (minor, is_legacy) = match rest {
        "manylinux1" => (5, true),
        "manylinux2010" => (12, true),
        "manylinux2014" => (17, true),
        _ => (rest.strip_prefix("manylinux_2_")?.parse().ok()?, false),
    };
    if minor < oldest || minor > 1000 {
        None
    } else if minor <= GLIBC {
        Some(2 * (GLIBC - minor) + u16::from(is_legacy))
    } else {
        Some(NEWER + minor)
    }
}

fn mac(tag: &str, is_arm: bool) -> Option<u16> {
    const INTEL: [&str; 6] = [
        "x86_64",
        "intel",
        "fat64",
        "fat3",
        "universal2",
        "universal",
    ];
    const ARM: [&str; 2] = ["arm64", "universal2"];
    const OLD_ARM: [&str; 1] = ["universal2"];
    let rest = tag.strip_prefix("macosx_")?;
    let (major, rest) = rest.split_once('_')?;
    let (minor, format) = rest.split_once('_')?;
    let (major, minor): (u16, u16) = (major.parse().ok()?, minor.parse().ok()?);
    let formats: &[&str] = match (is_arm, major) {
        (false, _) => &INTEL,
        (true, 10) => &OLD_ARM,
        (true, _) => &ARM,
    };
    let place = formats.iter().position(|known| *known == format)?;
    let place = u16::try_from(place).ok()?;
    match major {
        10 if (4..=16).contains(&minor) => Some(1000 + 8 * (16 - minor) + place),
        11.. if minor == 0 && major <= MACOS => Some(8 * (MACOS - major) + place),
        11..=100 if minor == 0 => Some(NEWER + 8 * major + place),
        _ => None,
    }
}
