//! Kinds by name and by content.

use lockgate_model::InventoryKind::{
    self, CycloneDx, Pdm, Pipfile, Poetry, Pylock, Requirements, Spdx, Uv,
};

use super::super::{is_lock_name, kind_of};
use super::Recorded;

#[test]
fn the_name_tells_first() {
    for (name, kind) in [
        ("a/pylock.toml", Pylock),
        ("pylock.dev.toml", Pylock),
        ("uv.lock", Uv),
        ("tool.py.lock", Uv),
        ("a\\poetry.lock", Poetry),
        ("pdm.lock", Pdm),
        ("Pipfile.lock", Pipfile),
        ("x.cdx.json", CycloneDx),
        ("x.spdx.json", Spdx),
    ] {
        assert_eq!(kind_of(name, "not looked at"), Some(kind), "{name}");
    }
}

#[test]
fn what_it_holds_tells_where_the_name_does_not() {
    let recorded = Recorded::load();
    for (file, kind) in [
        ("uv/pylock.toml", Pylock),
        ("uv/uv.lock", Uv),
        ("poetry/poetry.lock", Poetry),
        ("poetry-1.1/poetry.lock", Poetry),
        ("pdm/pdm.lock", Pdm),
        ("pipenv/Pipfile.lock", Pipfile),
        ("sbom/uv.cdx.json", CycloneDx),
        ("sbom/environment.spdx.json", Spdx),
        ("pip/requirements.txt", Requirements),
    ] {
        let text = std::str::from_utf8(&recorded.0[file]).unwrap();
        for name in ["-", "frozen", "bom.json", "a/requirements.txt"] {
            assert_eq!(kind_of(name, text), Some(kind), "{file} as {name}");
        }
    }
    let cases: [(&str, &str, Option<InventoryKind>); 8] = [
        ("-", "{\"@context\": \"x\", \"@graph\": []}", Some(Spdx)),
        ("-", "{}", None),
        ("-", "<?xml version='1.0'?><bom/>", None),
        ("-", "", None),
        ("requirements.txt", "", Some(Requirements)),
        ("requirements.in", "a ==", Some(Requirements)),
        ("-", "a == 1\n", Some(Requirements)),
        ("pyproject.toml", "[project]\nname = 'x'\n", None),
    ];
    for (name, text, kind) in cases {
        assert_eq!(kind_of(name, text), kind, "{name}: {text}");
    }
}

#[test]
fn locks_in_a_folder_are_found_by_name() {
    for path in [
        "requirements.txt",
        "requirements-dev.txt",
        "dev-requirements.txt",
        "requirements/base.txt",
        "a/requirements/base.txt",
        "pylock.toml",
        "pylock.dev.toml",
        "uv.lock",
        "a/poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "bom.json",
        "x.cdx.json",
        "x.spdx.json",
    ] {
        assert!(is_lock_name(path), "{path}");
    }
    for path in [
        "pyproject.toml",
        "requirements.in",
        "README.txt",
        "base.txt",
        "Pipfile",
        "Cargo.lock",
        "package.json",
    ] {
        assert!(!is_lock_name(path), "{path}");
    }
}
