#![allow(
    clippy::disallowed_methods,
    reason = "fixtures are read from where they stand"
)]

use std::path::{Path, PathBuf};

use super::*;
use crate::lock::{AuditLine, Header, RenderOptions};
use crate::testing::Texts;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/locks")
}

fn converted(kind: InventoryKind, file: &str, taken: &Taken) -> Converted {
    let path = fixtures().join(file);
    let bytes = std::fs::read(&path).unwrap();
    convertible(
        kind,
        &bytes,
        &path.display().to_string(),
        &Texts::default(),
        taken,
    )
    .unwrap()
}

fn pins(converted: &Converted) -> Vec<String> {
    let pins = converted.graph.pins.iter();
    pins.map(|pin| format!("{}=={}", pin.name, pin.version))
        .collect()
}

/// One project was locked by each tool on one day.
#[test]
fn the_locks_of_one_project_are_converted_alike() {
    let main = Taken::default();
    let uv = converted(InventoryKind::Uv, "audit/uv/uv.lock", &main);
    assert!(uv.graph.pins.len() > 5, "{:?}", pins(&uv));
    for pin in uv.graph.pins.iter() {
        assert!(!pin.files.is_empty(), "{}", pin.name);
        assert!(
            pin.direct.is_some()
                || pin
                    .files
                    .iter()
                    .all(|file| !file.url.is_empty() && !file.filename.is_empty())
        );
    }
    for (kind, file) in [
        (InventoryKind::Poetry, "audit/poetry/poetry.lock"),
        (InventoryKind::Pdm, "audit/pdm/pdm.lock"),
        (InventoryKind::Pipfile, "audit/pipenv/Pipfile.lock"),
        (InventoryKind::Poetry, "audit/poetry-1.8/poetry.lock"),
    ] {
        let other = converted(kind, file, &main);
        for pin in other.graph.pins.iter() {
            assert!(!pin.files.is_empty(), "{file}: {}", pin.name);
            let text = std::fs::read_to_string(fixtures().join(file)).unwrap();
            for file in &pin.files {
                assert!(text.contains(&file.sha256.to_string()), "{}", pin.name);
            }
        }
        let shared = pins(&other)
            .into_iter()
            .filter(|pin| pins(&uv).contains(pin))
            .count();
        assert!(shared > 5, "{file}: {:?}\n{:?}", pins(&other), pins(&uv));
    }
}

/// Poetry 1.1 states no digest of a wheel at an address.
#[test]
fn a_file_without_a_digest_is_not_carried_over() {
    let path = fixtures().join("audit/poetry-1.1/poetry.lock");
    let bytes = std::fs::read(&path).unwrap();
    let (kind, taken) = (InventoryKind::Poetry, Taken::default());
    let error = convertible(kind, &bytes, "poetry.lock", &Texts::default(), &taken).unwrap_err();
    assert!(error.message.contains("without a digest"), "{error}");
}

#[test]
fn extras_and_groups_are_taken_where_they_are_asked_for() {
    let count = |taken: &Taken| {
        converted(InventoryKind::Uv, "audit/uv/uv.lock", taken)
            .graph
            .pins
            .len()
    };
    let main = count(&Taken::default());
    let extras = count(&Taken {
        all_extras: true,
        ..Taken::default()
    });
    assert!(extras > main, "{extras} {main}");
}

#[test]
fn a_requirements_lock_is_the_same_after_a_round_trip() {
    for file in [
        "pip-compile-hashes.txt",
        "uv-hashes.txt",
        "uv-universal.txt",
        "poetry-export.txt",
    ] {
        let path = fixtures().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let before = lock::read(&text, file).unwrap();
        let converted = converted(InventoryKind::Requirements, file, &Taken::default());
        let header = Header {
            python: String::new(),
            is_universal: false,
            command: "lockgate convert".to_owned(),
            audit: AuditLine::Off,
            index_answers: Vec::new(),
        };
        let options = RenderOptions::default();
        let written = lock::render(&converted.graph, &header, &options);
        let after = lock::read(&written, file).unwrap();
        let known = |lock: &Lock| {
            let pins = lock.pins.iter();
            let pins = pins.map(|pin| {
                let mut hashes = pin.hashes.clone();
                hashes.sort();
                (
                    pin.name.clone(),
                    pin.version.clone(),
                    pin.marker.clone(),
                    hashes,
                )
            });
            let mut pins: Vec<_> = pins.collect();
            pins.sort();
            pins
        };
        assert_eq!(known(&after), known(&before), "{file}\n{written}");
    }
}

#[test]
fn a_repository_of_uv_loses_its_query_and_keeps_its_folder() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let text = format!(
        "version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ git = \"https://host.test/a?subdirectory=s&tag=v1#{commit}\" }}\n"
    );
    let (kind, taken) = (InventoryKind::Uv, Taken::default());
    let read = convertible(kind, text.as_bytes(), "uv.lock", &Texts::default(), &taken).unwrap();
    let pin = read.graph.pins.iter().next().unwrap();
    let direct = pin.direct.as_ref().unwrap();
    assert_eq!(
        direct.reference,
        format!("git+https://host.test/a@{commit}#subdirectory=s")
    );
    assert_eq!(direct.requested.as_deref(), Some("v1"));
}

#[test]
fn the_revision_that_was_asked_for_goes_with_a_repository() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let poetry = format!(
        "[[package]]\nname = \"a\"\nversion = \"1\"\nfiles = []\n[package.source]\ntype = \"git\"\nurl = \"https://host.test/a\"\nreference = \"main\"\nresolved_reference = \"{commit}\"\n[metadata]\nlock-version = \"2.0\"\npython-versions = \"*\"\n"
    );
    let pdm = format!(
        "[metadata]\nlock_version = \"4.5\"\n[[package]]\nname = \"a\"\nversion = \"1\"\ngit = \"https://host.test/a\"\nref = \"main\"\nrevision = \"{commit}\"\n"
    );
    for (kind, text) in [(InventoryKind::Poetry, poetry), (InventoryKind::Pdm, pdm)] {
        let read = convertible(
            kind,
            text.as_bytes(),
            "lock",
            &Texts::default(),
            &Taken::default(),
        );
        let read = read.unwrap();
        let pin = read.graph.pins.iter().next().unwrap();
        let direct = pin.direct.as_ref().unwrap();
        assert_eq!(direct.requested.as_deref(), Some("main"), "{kind:?}");
    }
}

#[test]
fn the_index_of_a_release_goes_with_it() {
    let uv = converted(InventoryKind::Uv, "audit/uv/uv.lock", &Taken::default());
    let on_index = uv.graph.pins.iter().filter(|pin| pin.direct.is_none());
    for pin in on_index {
        let release = (pin.name.clone(), pin.version.clone());
        assert!(uv.indexes[&release].starts_with("https://"), "{}", pin.name);
    }
}

/// As `PyTorch` is locked: one version from one address on one system, and from another on the others.
#[test]
fn a_project_from_two_places_is_kept_apart_by_its_markers() {
    let digest = |byte: &str| byte.repeat(32);
    let package = |system: &str, operator: &str, byte: &str| {
        format!(
            "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ url = \"https://host.test/{system}/a-1-py3-none-any.whl\" }}\nresolution-markers = [\"sys_platform {operator} 'linux'\"]\nwheels = [{{ url = \"https://host.test/{system}/a-1-py3-none-any.whl\", hash = \"sha256:{}\" }}]\n",
            digest(byte)
        )
    };
    let dependency = |system: &str, operator: &str| {
        format!(
            "{{ name = \"a\", version = \"1\", source = {{ url = \"https://host.test/{system}/a-1-py3-none-any.whl\" }}, marker = \"sys_platform {operator} 'linux'\" }}"
        )
    };
    let uv = format!(
        "version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = {{ editable = \".\" }}\ndependencies = [{}, {}]\n{}{}",
        dependency("one", "=="),
        dependency("other", "!="),
        package("one", "==", "ab"),
        package("other", "!=", "cd"),
    );
    let requirements = format!(
        "a @ https://host.test/one/a-1-py3-none-any.whl ; sys_platform == 'linux' --hash=sha256:{}\n    # direct: a 1\na @ https://host.test/other/a-1-py3-none-any.whl ; sys_platform != 'linux' --hash=sha256:{}\n    # direct: a 1\n",
        digest("ab"),
        digest("cd")
    );
    let read = |kind: InventoryKind, text: &str| {
        let taken = Taken::default();
        convertible(kind, text.as_bytes(), "lock", &Texts::default(), &taken)
    };
    for (kind, text) in [
        (InventoryKind::Uv, &uv),
        (InventoryKind::Requirements, &requirements),
    ] {
        let converted = read(kind, text).unwrap();
        let header = Header {
            python: String::new(),
            is_universal: true,
            command: "lockgate convert".to_owned(),
            audit: AuditLine::Off,
            index_answers: Vec::new(),
        };
        let written = pylock::render(&converted.graph, &header, &pylock::PylockOptions::default());
        let again = pylock::read(&written, "pylock.toml").unwrap();
        let shown: Vec<String> = again
            .graph
            .pins
            .iter()
            .map(|pin| {
                let digest = pin.files.first().unwrap().sha256.to_string();
                let marker = pin.marker.to_text().unwrap();
                let reference = &pin.direct.as_ref().unwrap().reference;
                format!("{reference} {marker} {}", &digest[..2])
            })
            .collect();
        assert_eq!(
            shown,
            [
                "https://host.test/one/a-1-py3-none-any.whl sys_platform == 'linux' ab",
                "https://host.test/other/a-1-py3-none-any.whl sys_platform != 'linux' cd",
            ],
            "{written}"
        );
    }
    let error = read(
        InventoryKind::Requirements,
        &requirements.replace("!=", "=="),
    )
    .unwrap_err();
    assert!(error.message.contains("from two places"), "{error}");
}

#[test]
fn what_cannot_be_carried_over_is_an_error() {
    let digest = "ab".repeat(32);
    for (kind, text, part) in [
        (InventoryKind::Requirements, "a>=1\n".to_owned(), "pins no version"),
        (InventoryKind::Requirements, format!("a==1 --hash=sha512:{digest}{digest}\n"), "no SHA-256"),
        (InventoryKind::Requirements, "git+https://host.test/a@0123\n".to_owned(), "which project"),
        (
            InventoryKind::Pipfile,
            format!("{{\"_meta\": {{\"pipfile-spec\": 6}}, \"default\": {{\"a\": {{\"version\": \"==1\", \"hashes\": [\"md5:{digest}\"]}}}}}}"),
            "no SHA-256",
        ),
        (
            InventoryKind::Uv,
            "version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { url = \"https://host.test/a-1.zip\" }\n".to_owned(),
            "a place of its own",
        ),
        (
            InventoryKind::Uv,
            format!("version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"https://host.test/simple\" }}\nwheels = [{{ url = \"https://host.test/a-1-py3-none-any.whl\", hash = \"sha256:{digest}\" }}, {{ url = \"https://host.test/a-1-cp311-cp311-win32.whl\" }}]\n"),
            "`a-1-cp311-cp311-win32.whl` has no digest, and other files of its release have one",
        ),
        (InventoryKind::CycloneDx, "{}".to_owned(), "no lock"),
    ] {
        let error = convertible(kind, text.as_bytes(), "lock", &Texts::default(), &Taken::default()).expect_err(&text);
        assert!(error.to_string().contains(part), "{text}\n{error}");
    }
}
