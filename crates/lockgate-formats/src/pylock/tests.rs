use lockgate_model::{
    DirectKind, DirectPin, LockedFile, LockedGraph, Marker, Name, Note, Origin, PassedOver, Pin,
    Sha256, Via,
};

mod compared;
mod scopes;

use super::*;
use crate::lock::{AuditLine, Header};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn file(filename: &str, url: &str) -> LockedFile {
    LockedFile {
        filename: filename.to_owned(),
        url: url.to_owned(),
        sha256: Sha256([7; 32]),
        size: Some(12),
        uploaded: Some("2024-05-06T07:08:09.5Z".parse().unwrap()),
        has_provenance: false,
    }
}

fn pin(text: &str, version: &str, files: Vec<LockedFile>) -> Pin {
    Pin {
        name: name(text),
        version: version.parse().unwrap(),
        marker: Marker::always(),
        scopes: Vec::new(),
        extras: Vec::new(),
        requires_python: None,
        dependencies: Vec::new(),
        files,
        direct: None,
    }
}

fn direct(text: &str, version: &str, reference: &str, kind: DirectKind) -> Pin {
    let files = kind.sha256().map(|sha256| LockedFile {
        sha256,
        ..file("x", reference)
    });
    Pin {
        direct: Some(DirectPin {
            reference: reference.to_owned(),
            requested: matches!(kind, DirectKind::Repository).then(|| "v3".to_owned()),
            kind,
            editable: false,
        }),
        ..pin(text, version, files.into_iter().collect())
    }
}

fn graph() -> LockedGraph {
    let mut graph = LockedGraph::default();
    let mut a = pin(
        "a",
        "1.0",
        vec![
            file(
                "a-1.0-py3-none-any.whl",
                "https://files.test/a-1.0-py3-none-any.whl",
            ),
            file("a-1.0.tar.gz", "https://files.test/download?name=a"),
        ],
    );
    a.requires_python = Some(">=3.8".to_owned());
    a.dependencies = vec![
        (name("b"), "1".parse().unwrap()),
        (name("b"), "2".parse().unwrap()),
        (name("e"), "5".parse().unwrap()),
    ];
    graph.pins.insert(a);
    for (version, text) in [
        ("1", "python_version < '3.10'"),
        ("2", "python_version >= '3.10'"),
    ] {
        let wheel = format!("b-{version}-py3-none-any.whl");
        let mut b = pin(
            "b",
            version,
            vec![file(&wheel, &format!("https://files.test/{wheel}"))],
        );
        b.marker = Marker::parse(text).unwrap();
        graph.regions.push(b.marker.clone());
        graph.pins.insert(b);
    }
    let commit = "0123456789abcdef0123456789abcdef01234567";
    graph.pins.insert(direct(
        "c",
        "3",
        &format!("git+https://host.test/c@{commit}#subdirectory=src"),
        DirectKind::Repository,
    ));
    graph
        .pins
        .insert(direct("d", "4", "./libs/d", DirectKind::Folder));
    graph.pins.insert(direct(
        "e",
        "5",
        "https://host.test/e-5.tar.gz",
        DirectKind::Archive(Sha256([9; 32])),
    ));
    graph.edges = vec![lockgate_model::Edge {
        to: name("a"),
        from: Via::Source(Origin {
            file: "requirements.in".to_owned(),
            line: Some(1),
            via: "-r requirements.in".to_owned(),
        }),
        requirement: "a".to_owned(),
    }];
    graph.notes.push(Note::PassedOver(PassedOver {
        name: name("a"),
        version: "1.0".parse().unwrap(),
        versions: vec![("1.1".parse().unwrap(), Vec::new())],
    }));
    graph
}

fn header() -> Header {
    Header {
        python: "3.9".to_owned(),
        is_universal: true,
        command: "lockgate lock 'my requirements.in' -o pylock.toml".to_owned(),
        audit: AuditLine::Off,
        index_answers: Vec::new(),
    }
}

fn options() -> PylockOptions {
    PylockOptions {
        requires_python: Some(">=3.9".to_owned()),
        indexes: [(
            (name("a"), "1.0".parse().unwrap()),
            "https://user:secret@index.test/simple/".to_owned(),
        )]
        .into(),
        notes: true,
        ..PylockOptions::default()
    }
}

#[test]
fn a_lock_is_written() {
    let expected = r#"lock-version = "1.0"
environments = [
    "python_full_version < '3.10'",
    "python_full_version >= '3.10'",
]
requires-python = ">=3.9"
created-by = "lockgate"

[[packages]]
name = "a"
version = "1.0"
requires-python = ">=3.8"
dependencies = [
    { name = "b", version = "1" },
    { name = "b", version = "2" },
    { name = "e" },
]
index = "https://index.test/simple/"
sdist = { name = "a-1.0.tar.gz", url = "https://files.test/download?name=a", upload-time = 2024-05-06T07:08:09.5Z, size = 12, hashes = { sha256 = "<7>" } }
wheels = [
    { url = "https://files.test/a-1.0-py3-none-any.whl", upload-time = 2024-05-06T07:08:09.5Z, size = 12, hashes = { sha256 = "<7>" } },
]

[packages.tool.lockgate]
via = [
    "-r requirements.in",
]
gate = "1.1 passed over, quarantined"
"#;
    let text = render(&graph(), &header(), &options());
    let expected = expected.replace("<7>", &"07".repeat(32));
    assert!(text.starts_with(&expected), "{text}");
    for part in [
        "[[packages]]\nname = \"c\"\nversion = \"3\"\nvcs = { type = \"git\", url = \"https://host.test/c\", requested-revision = \"v3\", commit-id = \"0123456789abcdef0123456789abcdef01234567\", subdirectory = \"src\" }\n",
        "[[packages]]\nname = \"d\"\ndirectory = { path = \"./libs/d\" }\n\n[packages.tool.lockgate]\nversion = \"4\"\n",
        "archive = { url = \"https://host.test/e-5.tar.gz\", upload-time = 2024-05-06T07:08:09.5Z, size = 12, hashes = { sha256 = \"0909",
        "\n[tool.lockgate]\ncommand = \"lockgate lock 'my requirements.in' -o pylock.toml\"\naudit = \"none; advisories are off\"\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let bare = PylockOptions {
        notes: false,
        ..options()
    };
    assert!(!render(&graph(), &header(), &bare).contains("tool"));
}

#[test]
fn what_is_written_is_read() {
    let graph = graph();
    let text = render(&graph, &header(), &options());
    let read = read(&text, "pylock.toml").unwrap();
    assert_eq!(read.graph.regions, graph.regions);
    let (release, index) = read.indexes.iter().next().unwrap();
    assert_eq!(release, &(name("a"), "1.0".parse().unwrap()));
    assert_eq!(index, "https://index.test/simple/");
    assert_eq!(read.requires_python.as_deref(), Some(">=3.9"));
    assert_eq!(read.audit.as_deref(), Some("none; advisories are off"));
    let command = [
        "lockgate",
        "lock",
        "my requirements.in",
        "-o",
        "pylock.toml",
    ];
    assert_eq!(read.command.as_ref().unwrap(), &command);
    for (one, other) in graph.pins.iter().zip(read.graph.pins.iter()) {
        assert_eq!((&one.name, &one.version), (&other.name, &other.version));
        assert_eq!((&one.marker, &one.direct), (&other.marker, &other.direct));
        let digests = |pin: &Pin| pin.files.iter().map(|file| file.sha256).collect::<Vec<_>>();
        assert_eq!(digests(one), digests(other));
        let stated = |pin: &Pin| -> Vec<_> {
            let files = pin.files.iter();
            files.map(|file| (file.size, file.uploaded)).collect()
        };
        assert_eq!(stated(one), stated(other));
        if one.direct.is_none() {
            assert_eq!(
                (&one.files, &one.dependencies),
                (&other.files, &other.dependencies)
            );
        }
    }
    assert_eq!(graph.pins.len(), read.graph.pins.len());
    let again = render(
        &LockedGraph {
            notes: graph.notes.clone(),
            ..read.graph.clone()
        },
        &header(),
        &options(),
    );
    assert_eq!(again, text);
    let lock = read.lock();
    assert_eq!(lock.pins.len(), 3);
    assert_eq!(lock.direct.len(), 3);
    assert_eq!(lock.regions, graph.regions);
}

fn package(body: &str) -> String {
    format!("lock-version = \"1.0\"\ncreated-by = \"x\"\n[[packages]]\nname = \"a\"\n{body}\n")
}

fn wheel() -> String {
    format!(
        "{{ url = \"https://f.test/a-1-py3-none-any.whl\", hashes = {{ sha256 = \"{}\" }} }}",
        "00".repeat(32)
    )
}

#[test]
fn what_pep_751_forbids_is_refused() {
    let wheel = wheel();
    let cases = [
        (
            "created-by = \"x\"\npackages = []".to_owned(),
            "`lock-version` is missing",
        ),
        (
            "lock-version = \"2.0\"\ncreated-by = \"x\"\npackages = []".to_owned(),
            "2.0",
        ),
        (
            "lock-version = \"1.0\"\npackages = []".to_owned(),
            "`created-by` is missing",
        ),
        (
            "lock-version = \"1.0\"\ncreated-by = \"x\"".to_owned(),
            "`packages` is missing",
        ),
        (package("version = \"1\""), "must have one of"),
        (
            package(&format!(
                "version = \"1\"\nmarker = \"pyton_version < '3'\"\nwheels = [{wheel}]"
            )),
            "no marker that can be read",
        ),
        (
            package(&format!(
                "version = \"1\"\nmarker = \"'dev' in dependency_groups\"\nwheels = [{wheel}]"
            )),
            "asks for the group dev, which `dependency-groups` of the file does not have",
        ),
        (
            package(&format!(
                "version = \"1\"\ndependencies = [{{ name = \"z\" }}]\nwheels = [{wheel}]"
            )),
            "does not hold",
        ),
        (
            package(&format!(
                "version = \"1\"\nwheels = [{wheel}]\ndirectory = {{ path = \".\" }}"
            )),
            "must have one of",
        ),
        (package(&format!("wheels = [{wheel}]")), "has no version"),
        (
            package(&format!(
                "version = \"1\"\nwheels = [{}]",
                wheel.replace("https://", "https:")
            )),
            "`url` is not an address",
        ),
        (
            package(&format!(
                "version = \"1\"\narchive = {}",
                wheel.replace("https://", "../")
            )),
            "`url` is not an address",
        ),
        (
            package(&format!("version = \"x\"\nwheels = [{wheel}]")),
            "no version",
        ),
        (
            package(
                "version = \"1\"\nwheels = [{ url = \"https://f.test/a-1-py3-none-any.whl\" }]",
            ),
            "no `hashes`",
        ),
        (
            package(
                "version = \"1\"\nwheels = [{ url = \"https://f.test/a-1-py3-none-any.whl\", hashes = { md5 = \"0\" } }]",
            ),
            "no `sha256`",
        ),
        (
            format!(
                "{}\n{}",
                package(&format!("version = \"1\"\nwheels = [{wheel}]")),
                package(&format!(
                    "version = \"2\"\nwheels = [{}]",
                    wheel.replace("a-1", "a-2")
                ))
                .split_once("[[")
                .map(|(_, rest)| format!("[[{rest}"))
                .unwrap()
            ),
            "is there twice",
        ),
    ];
    for (text, part) in cases {
        let error = read(&text, "pylock.toml").expect_err(&text);
        assert!(error.to_string().contains(part), "{text}\n{error}");
    }
    let newer = "lock-version = \"1.1\"\ncreated-by = \"x\"\npackages = []";
    assert_eq!(read(newer, "pylock.toml").unwrap().remarks.len(), 1);
}

#[test]
fn a_file_is_one_of_its_package_by_its_name() {
    let wheel = wheel();
    for (text, part) in [
        (
            package(&format!("version = \"1.1\"\nwheels = [{wheel}]")),
            "`a-1-py3-none-any.whl` is no file of `a==1.1`",
        ),
        (
            package(&format!(
                "version = \"1\"\nwheels = [{}]",
                wheel.replace("a-1-", "b-1-")
            )),
            "`b-1-py3-none-any.whl` is no file of `a==1`",
        ),
        (
            package(&format!(
                "version = \"1\"\nsdist = {{ name = \"a-2.tar.gz\", {}",
                wheel.trim_start_matches('{')
            )),
            "`a-2.tar.gz` is no file of `a==1`",
        ),
        (
            package(&format!(
                "version = \"1\"\nwheels = [{}]",
                wheel.replace("a-1-py3-none-any.whl", "a-1.tar.gz")
            )),
            "is no name of a wheel",
        ),
    ] {
        let error = read(&text, "pylock.toml").expect_err(&text);
        assert!(error.to_string().contains(part), "{text}\n{error}");
        assert_eq!(error.line, Some(6));
    }
}

#[test]
fn names_of_files_are_those_that_installers_know() {
    for (text, expected) in [
        ("pylock.toml", true),
        ("pylock.dev.toml", true),
        ("pylock.a-b.toml", true),
        ("pylock..toml", false),
        ("pylock.a.b.toml", false),
        ("pylock.txt", false),
        ("mypylock.toml", false),
        ("pylockx.toml", false),
    ] {
        assert_eq!(is_pylock(text), expected, "{text}");
    }
}
