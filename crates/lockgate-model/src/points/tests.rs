use super::*;
use crate::{Environment, WheelName};

fn points(lowest: &str) -> Points {
    Points::from_python(&lowest.parse().unwrap())
}

fn machine(points: &Points, point: usize) -> Target {
    points.place(point).unwrap().1
}

fn environment(points: &Points, point: usize) -> Environment {
    machine(points, point).region.machine().unwrap().clone()
}

/// Tags of all kinds that wheels have.
fn wheels() -> Vec<WheelName> {
    let pairs = [
        "py3-none",
        "py2-none",
        "py2.py3-none",
        "py38-none",
        "py311-none",
        "cp27-cp27mu",
        "cp38-cp38",
        "cp39-cp39",
        "cp311-cp311",
        "cp313-cp313t",
        "cp37-cp37m",
        "cp36-abi3",
        "cp38-abi3",
        "cp312-abi3",
        "cp310-none",
        "pp39-pypy39_pp73",
        "pp310-pypy310_pp73",
        "cp38.cp39-cp38.cp39",
        "py3-abi3",
        "cp315-cp315",
        "cp32.cp33-none",
        "pp3-none",
        "cp3-none",
    ];
    let platforms = [
        "any",
        "linux_x86_64",
        "manylinux1_x86_64",
        "manylinux2014_x86_64.manylinux_2_17_x86_64",
        "manylinux_2_28_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux1_aarch64",
        "manylinux_2_34_x86_64",
        "musllinux_1_2_x86_64",
        "manylinux2014_i686",
        "macosx_10_9_x86_64",
        "macosx_11_0_arm64",
        "macosx_10_9_universal2",
        "macosx_14_0_arm64",
        "macosx_11_1_arm64",
        "macosx_15_0_arm64",
        "macosx_10_6_intel",
        "macosx_12_0_universal2",
        "win32",
        "win_amd64",
        "win_arm64",
        "any.win_amd64",
    ];
    let all = pairs.iter().flat_map(|pair| {
        platforms.map(|platform| WheelName::parse(&format!("a-1-{pair}-{platform}.whl")).unwrap())
    });
    all.collect()
}

#[test]
fn ranks_are_those_of_the_tags_in_order() {
    let points = points("3.7");
    let wheels = wheels();
    for point in points.all().iter() {
        let tags = machine(&points, point).tags;
        let mut ranked: Vec<(u32, FitRank)> = Vec::new();
        for wheel in &wheels {
            let (exact, own) = (tags.rank(wheel), points.ranks(wheel).at(point));
            assert_eq!(points.fit(wheel).points.contains(point), own.is_some());
            match (exact, own) {
                (Some(exact), Some(own)) => ranked.push((exact, own)),
                // Newer systems and musl may be there too.
                (None, Some(own)) => assert!(own.2 >= 2000, "{wheel:?}"),
                (None, None) => {}
                (Some(_), None) => panic!("{wheel:?} fits {:?}", points.place(point)),
            }
        }
        ranked.sort_unstable();
        assert!(ranked.is_sorted_by_key(|(_, own)| *own), "{ranked:?}");
    }
}

#[test]
fn what_is_for_old_pythons_alone_fits_nowhere() {
    let points = points("3.9");
    let fit = |tags: &str| points.fit(&WheelName::parse(&format!("a-1-{tags}.whl")).unwrap());
    for old in [
        "cp27-cp27mu-manylinux1_x86_64",
        "py2-none-any",
        "cp38-cp38-win_amd64",
        "pp37-pypy37_pp73-win_amd64",
    ] {
        let fit = fit(old);
        assert!(fit.points.is_empty() && !fit.elsewhere, "{old}");
    }
    for other in [
        "cp310-cp310-manylinux2014_ppc64le",
        "cp315-cp315-win_amd64",
        "py3-none-win32",
        "cp313-cp313t-win_amd64",
    ] {
        let fit = fit(other);
        assert!(fit.points.is_empty() && fit.elsewhere, "{other}");
    }
    assert_eq!(fit("py3-none-any").points, points.all());
}

#[test]
fn a_separating_marker_holds_where_it_should() {
    let points = points("3.9.2");
    let all = points.all();
    let mut seed = 1u64;
    let mut random = || {
        let mut bits = 0u128;
        for _ in 0..2 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bits = bits << 64 | u128::from(seed >> 7);
        }
        PointSet(bits)
    };
    for round in 0..60 {
        let is_structured = round % 2 == 0;
        let chosen = if is_structured {
            let tags = wheels();
            points.fit(&tags[round * 7 % tags.len()]).points
        } else {
            random().intersection(all)
        };
        let rest = all.without(chosen);
        let rest = if round % 3 == 0 {
            rest.intersection(random())
        } else {
            rest
        };
        let marker = points.separating(chosen, rest);
        for point in chosen.union(rest).iter() {
            let holds = marker.holds(&environment(&points, point), &[]);
            assert_eq!(holds, chosen.contains(point), "{marker:?}");
        }
    }
}

#[test]
fn separating_markers_are_simple() {
    let points = points("3.9");
    let with = |tags: &str| {
        points
            .fit(&WheelName::parse(&format!("a-1-{tags}.whl")).unwrap())
            .points
    };
    let text = |inside: PointSet, outside| points.separating(inside, outside).to_text().unwrap();
    let rest = |inside| points.all().without(inside);
    let windows = with("py3-none-win_amd64.win_arm64");
    assert_eq!(text(windows, rest(windows)), "sys_platform == 'win32'");
    assert_eq!(text(rest(windows), windows), "sys_platform != 'win32'");
    let new = with("py311-none-any");
    assert_eq!(text(new, rest(new)), "python_full_version >= '3.11'");
    let linux = with("py3-none-manylinux2014_x86_64");
    assert_eq!(
        text(linux, rest(linux)),
        "platform_machine == 'x86_64' and sys_platform == 'linux'"
    );
    let region = Region::from_python(&"3.9".parse().unwrap());
    assert_eq!(points.in_region(&region), points.all());
    let part = region
        .with(&Marker::parse("python_version >= '3.11'").unwrap())
        .unwrap();
    assert_eq!(points.in_region(&part), new);
}
