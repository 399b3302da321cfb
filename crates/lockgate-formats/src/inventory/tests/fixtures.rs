//! What the tools wrote for one project, read: the same pins from each, and what each knows beyond.

use std::collections::BTreeSet;

use lockgate_model::{IndexRole, ItemOrigin};

use super::{Recorded, row, rows};

/// The pins that every lock of the project has, whatever tool wrote it.
const PINS: &[&str] = &[
    "asgiref==3.13.0",
    "attrs==26.1.0",
    "certifi==2026.10.19.post1",
    "chardet==3.0.4",
    "django==3.2.10",
    "idna==2.10",
    "iniconfig==2.3.1",
    "jinja2==2.11.2",
    "markupsafe==3.0.4",
    "packaging==26.3",
    "pluggy==1.7.0",
    "py==1.11.0",
    "pytest==7.1.2",
    "pytz==2026.6",
    "redis==4.5.3",
    "requests==2.25.0",
    "sqlparse==0.6.1",
    "tomli==2.5.0",
    "urllib3==1.26.20",
    "werkzeug==2.0.3",
];

/// Pins that only some have, since they are for Windows.
const WINDOWS: &[&str] = &["atomicwrites==1.4.1", "colorama==0.4.4"];

/// Each file; the pins that it has beyond the common ones, and those that it lacks.
const FILES: &[(&str, &[&str], &[&str])] = &[
    ("uv/uv.lock", WINDOWS, &[]),
    ("uv/pylock.toml", WINDOWS, &[]),
    ("uv/requirements.txt", WINDOWS, &[]),
    ("poetry/poetry.lock", WINDOWS, &[]),
    ("poetry-1.8/poetry.lock", WINDOWS, &[]),
    ("poetry-1.1/poetry.lock", WINDOWS, &[]),
    ("pdm/pdm.lock", WINDOWS, &[]),
    ("pipenv/Pipfile.lock", &["colorama==0.4.4"], &[]),
    ("pip/requirements.txt", &[], &[]),
    ("pip/pylock.pip.toml", &[], &[]),
    ("sbom/uv.cdx.json", WINDOWS, &[]),
    (
        "sbom/environment.cdx.json",
        &["pip==23.2.1", "setuptools==65.5.0"],
        &[],
    ),
    // The tool was not asked for extras.
    ("sbom/poetry.cdx.json", WINDOWS, &["redis==4.5.3"]),
    // It says of nothing that it was not taken from an index.
    (
        "sbom/environment.spdx.json",
        &[
            "basket==0.2.0",
            "pip==23.2.1",
            "setuptools==65.5.0",
            "toolz==0.11.1",
        ],
        &[],
    ),
];

#[test]
fn every_lock_of_one_project_has_the_same_pins() {
    let recorded = Recorded::load();
    for (file, more, less) in FILES {
        let inventory = recorded.inventory(file);
        let pinned = inventory
            .items
            .iter()
            .filter(|item| matches!(item.origin, ItemOrigin::Index(_)));
        let pins: BTreeSet<String> = pinned.map(lockgate_model::Item::shown).collect();
        let expected: BTreeSet<String> = PINS
            .iter()
            .chain(*more)
            .filter(|pin| !less.contains(pin))
            .map(|pin| (*pin).to_owned())
            .collect();
        assert_eq!(pins, expected, "{file}");
        assert_eq!(inventory.place, *file);
        assert!(
            inventory.remarks.is_empty(),
            "{file}: {:?}",
            inventory.remarks
        );
    }
}

#[test]
fn what_is_no_release_is_told_apart() {
    let recorded = Recorded::load();
    for (file, _, _) in FILES
        .iter()
        .filter(|(file, _, _)| !file.ends_with("spdx.json"))
    {
        let inventory = recorded.inventory(file);
        let of = |name: &str| {
            let mut items = inventory.items.iter();
            items
                .find(|item| item.text.contains(name))
                .unwrap_or_else(|| panic!("{file} has {name}"))
        };
        let is_direct = matches!(&of("toolz").origin, ItemOrigin::Direct(place) if place.contains("toolz-0.11.1-py3"));
        assert!(is_direct, "{file}: {:?}", of("toolz"));
        // An environment's bill does not say that a folder is linked.
        let is_own = matches!(of("basket").origin, ItemOrigin::Own(_));
        let says = !matches!(*file, "sbom/environment.cdx.json" | "sbom/poetry.cdx.json");
        assert_eq!(is_own, says, "{file}: {:?}", of("basket"));
    }
}

#[test]
fn every_line_is_the_one_that_names_the_package() {
    let recorded = Recorded::load();
    for (file, _, _) in FILES {
        let text = String::from_utf8(recorded.0[*file].clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for item in &recorded.inventory(file).items {
            let line = lines[item.line.unwrap() - 1].to_ascii_lowercase();
            let name = item.name.as_ref().map_or("basket", |name| name.as_str());
            assert!(line.contains(name), "{file}: {item:?}: {line}");
        }
    }
}

/// Rows of some packages, for each file.
#[test]
fn lines_scopes_markers_and_parents_are_read() {
    let recorded = Recorded::load();
    for (file, expected) in ROWS {
        let inventory = recorded.inventory(file);
        let rows = rows(&inventory);
        for row in *expected {
            assert!(
                rows.iter().any(|other| other == row),
                "{file}: {row}\n{}",
                rows.join("\n")
            );
        }
    }
}

const ROWS: &[(&str, &[&str])] = &[
    (
        "uv/uv.lock",
        &[
            "21 atomicwrites==1.4.1 ; sys_platform == 'win32' [group dev] <- pytest",
            "36 basket==0.2.0 own(basket) [main] <- shop",
            "64 colorama==0.4.4 ; sys_platform == 'win32' [main, group dev] <- shop, pytest",
            "73 django==3.2.10 [main] <- shop",
            "155 pytest==7.1.2 [group dev] <- shop",
            "192 requests==2.25.0 [main] <- shop",
        ],
    ),
    (
        "poetry/poetry.lock",
        &[
            "25 atomicwrites==1.4.1 ; sys_platform == 'win32' [group dev] <- pytest",
            "59 basket==0.2.0 own(basket) [main] <- pyproject.toml",
            "109 colorama==0.4.4 ; sys_platform == 'win32' [main, group dev] <- pyproject.toml, pytest",
            "153 idna==2.10 [main] <- requests",
            "279 pytest==7.1.2 [group dev] <- pyproject.toml",
            "326 redis==4.5.3 [extra cache] <- pyproject.toml",
        ],
    ),
    (
        "poetry-1.8/poetry.lock",
        &[
            "118 django==3.2.10 <- pyproject.toml",
            "307 redis==4.5.3 [extra cache] <- pyproject.toml",
        ],
    ),
    (
        "poetry-1.1/poetry.lock",
        &[
            "100 django==3.2.10 [main] <- pyproject.toml",
            "219 pytest==7.1.2 [group dev] <- pyproject.toml",
            "258 redis==4.5.3 [extra cache] <- pyproject.toml",
        ],
    ),
    (
        "pdm/pdm.lock",
        &[
            "25 atomicwrites==1.4.1 ; sys_platform == 'win32' [group dev] <- pytest",
            "47 basket==0.2.0 own(./basket) [group local] <- pyproject.toml",
            "220 redis==4.5.3 [extra cache] <- pyproject.toml",
            "287 urllib3==1.26.20 [main] <- requests",
            "298 werkzeug==2.0.3 [group local] <- basket",
        ],
    ),
    (
        "pipenv/Pipfile.lock",
        &[
            "19 redis==4.5.3 ; python_full_version >= '3.7' [group cache] <- Pipfile",
            "38 basket own(./basket) [main] <- Pipfile",
            "49 chardet==3.0.4 [main]",
            "56 colorama==0.4.4 ; sys_platform == 'win32' [main] <- Pipfile",
            "188 pytest==7.1.2 ; python_full_version >= '3.7' [group develop] <- Pipfile",
        ],
    ),
    (
        "pip/requirements.txt",
        &[
            "9 -e file:///home/user/shop/basket own(file:///home/user/shop/basket) <- -r requirements.in",
            "26 django==3.2.10 <- -r requirements.in",
            "87 urllib3==1.26.20 <- requests",
        ],
    ),
    (
        "pip/pylock.pip.toml",
        &["27 basket own(basket)", "56 django==3.2.10"],
    ),
    (
        "uv/pylock.toml",
        &[
            "15 atomicwrites==1.4.1 ; sys_platform == 'win32'",
            "29 basket own(basket)",
        ],
    ),
    (
        "uv/requirements.txt",
        &[
            "3 -e ./basket own(./basket) <- shop",
            "23 colorama==0.4.4 ; sys_platform == 'win32' <- shop, pytest",
        ],
    ),
    (
        "sbom/uv.cdx.json",
        &[
            "18 shop==0.1.0 own(.)",
            "115 basket==0.2.0 own(basket) <- shop",
            "175 colorama==0.4.4 ; sys_platform == 'win32' <- shop, pytest",
            "684 werkzeug==2.0.3 <- basket",
        ],
    ),
    (
        "sbom/poetry.cdx.json",
        &[
            "226 django==3.2.10 [main] <- shop",
            "505 pytest==7.1.2 [group dev] <- shop",
        ],
    ),
    (
        "sbom/environment.spdx.json",
        &[
            "142 django==3.2.10 <- Python-system",
            "184 sqlparse==0.6.1 <- django",
        ],
    ),
];

#[test]
fn indexes_are_named_once() {
    let recorded = Recorded::load();
    for (file, line) in [
        ("uv/uv.lock", 12),
        ("uv/pylock.toml", 8),
        ("poetry/poetry.lock", 4),
        ("pipenv/Pipfile.lock", 13),
    ] {
        let indexes = recorded.inventory(file).indexes;
        let [index] = indexes.as_slice() else {
            panic!("{file}: {indexes:?}");
        };
        assert_eq!(index.role, IndexRole::Main);
        assert_eq!(index.value, "https://index.example.org/simple");
        assert_eq!(index.line, Some(line), "{file}");
    }
}

#[test]
fn who_is_asked_for_directly_is_known_where_parents_are() {
    let recorded = Recorded::load();
    for (file, django, idna) in [
        ("uv/uv.lock", Some(true), Some(false)),
        ("poetry/poetry.lock", Some(true), Some(false)),
        ("pdm/pdm.lock", Some(true), Some(false)),
        ("pipenv/Pipfile.lock", Some(true), None),
        ("pip/requirements.txt", Some(true), Some(false)),
        ("uv/pylock.toml", None, None),
        ("sbom/uv.cdx.json", Some(true), Some(false)),
    ] {
        let inventory = recorded.inventory(file);
        for (name, direct) in [("django", django), ("idna", idna)] {
            let mut items = inventory.items.iter();
            let item = items.find(|item| item.name.as_ref().is_some_and(|it| it.as_str() == name));
            let item = item.unwrap();
            assert_eq!(
                inventory.is_direct(item),
                direct,
                "{file}: {}",
                row(&inventory, item)
            );
        }
    }
}
