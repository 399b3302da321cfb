//! What the fuzzers begin with: files of `fixtures/`, and small inputs of the kinds that no fixture has.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Larger files would make every run slow and teach nothing more.
const LARGEST: u64 = 32 * 1024;

/// Inputs of the target of that name.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let own: Vec<Vec<u8>> = match target {
        "page-html" => texts(PAGES_HTML),
        "page-json" => texts(PAGES_JSON),
        "metadata" => texts(METADATA),
        "wheel" => wheels(),
        "header" => texts(COMMANDS),
        "markers" => texts(WORDS),
        "configuration" => texts(CONFIGURATIONS),
        "osv" => texts(RECORDS),
        "projects" => texts(PROJECTS),
        "sources" => texts(SOURCES),
        "installed" => texts(INSTALLED),
        _ => Vec::new(),
    };
    let folders: &[&str] = match target {
        "sources" => &["requirements/corpus", "inputs", "requirements"],
        "lock" => &["locks", "requirements/corpus"],
        "pylock" => &["locks/audit/pip", "locks/audit/uv"],
        "projects" => &[
            "locks/audit",
            "requirements/corpus/projects",
            "requirements/corpus",
        ],
        "osv" => &["osv"],
        "uv" => &["locks/audit/uv"],
        "poetry" => &[
            "locks/audit/poetry",
            "locks/audit/poetry-1.1",
            "locks/audit/poetry-1.8",
        ],
        "pdm" => &["locks/audit/pdm"],
        "pipfile" => &["locks/audit/pipenv"],
        "cyclonedx" | "spdx" => &["locks/audit/sbom"],
        _ => &[],
    };
    let endings: &[&str] = match target {
        "sources" => &["txt", "in"],
        "lock" => &["txt"],
        "pylock" | "projects" => &["toml", "cfg"],
        "osv" | "cyclonedx" | "spdx" => &["json"],
        "uv" | "poetry" | "pdm" | "pipfile" => &["lock"],
        _ => &[],
    };
    let files = folders.iter().flat_map(|folder| files(folder, endings));
    own.into_iter().chain(files).collect()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The files of a folder of `fixtures/`, at any depth, that end so and are not too large; always in the same order.
fn files(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut open = vec![root.join(folder)];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let ending = path.extension().and_then(|ending| ending.to_str());
            if path.is_dir() {
                open.push(path);
            } else if ending.is_some_and(|ending| endings.contains(&ending))
                && path.metadata().is_ok_and(|data| data.len() <= LARGEST)
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect()
}

/// Wheels and a source distribution, each behind the byte that says how much of it is known from the beginning.
fn wheels() -> Vec<Vec<u8>> {
    let metadata = METADATA[0].as_bytes();
    let own = "foo-1.0.dist-info/METADATA";
    let mut archives = Vec::new();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        archives.push(zipped(
            &[("foo.py", b"x = 1\n"), (own, metadata)],
            method,
            "",
        ));
        archives.push(zipped(
            &[(own, metadata), ("foo/data", &[7; 3000])],
            method,
            "a comment",
        ));
        archives.push(zipped(
            &[
                (own, metadata),
                ("bar-2.dist-info/METADATA", b"Name: bar\nVersion: 2\n"),
            ],
            method,
            "",
        ));
    }
    archives.push(zipped(
        &[("foo.py", b"x = 1\n")],
        CompressionMethod::Stored,
        "",
    ));
    let tarred = tarred("foo-1.0/PKG-INFO", metadata);
    archives.push(gzipped(&tarred));
    archives.extend([bzipped(&tarred), in_xz(&tarred), in_lzma(&tarred)]);
    archives.push(tarred);
    let parts = [0_u8, 20, 120, 255];
    let archives = archives.iter();
    archives
        .flat_map(|archive| parts.map(|part| [&[part], archive.as_slice()].concat()))
        .collect()
}

fn zipped(files: &[(&str, &[u8])], method: CompressionMethod, comment: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.set_comment(comment).expect("it is short");
    for (name, content) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(*name, options).expect("a file begins");
        archive.write_all(content).expect("memory is written");
    }
    archive.finish().expect("an archive ends").into_inner()
}

fn tarred(path: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    archive
        .append_data(&mut header, path, content)
        .expect("memory is written");
    archive.into_inner().expect("an archive ends")
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("memory is written");
    packed.finish().expect("a stream ends")
}

fn bzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packed.write_all(bytes).expect("memory is written");
    packed.finish().expect("a stream ends")
}

fn in_xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut packed = lzma_rust2::XzWriter::new(Vec::new(), options).expect("a stream begins");
    packed.write_all(bytes).expect("memory is written");
    packed.finish().expect("a stream ends")
}

fn in_lzma(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(0);
    let packed = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None);
    let mut packed = packed.expect("a stream begins");
    packed.write_all(bytes).expect("memory is written");
    packed.finish().expect("a stream ends")
}

const PAGES_HTML: &[&str] = &[
    r#"<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.3"><title>Links for foo</title></head>
<body><h1>Links for foo</h1>
<a href="../../files/foo-1.0-py3-none-any.whl#sha256=0000000000000000000000000000000000000000000000000000000000000000" data-requires-python="&gt;=3.9" data-core-metadata="sha256=1111111111111111111111111111111111111111111111111111111111111111">foo-1.0-py3-none-any.whl</a><br>
<a href="https://files.test/foo-1.0.tar.gz" data-yanked="broken &amp; old" data-provenance="https://x">foo-1.0.tar.gz</a>
<a href="foo-2.0rc1-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl">x</a></body></html>"#,
    r#"<html><head><base href="https://other.test/a/b/"><meta name="pypi:project-status" content="archived"><meta name="pypi:project-status-reason" content="gone &#8212; &copy; &#x41;"></head><a href='foo-1!2.0.post1+local.1.zip?x=1#sha256=abc'>f</a><a href=foo-3-py2.py3-none-any.whl data-yanked>g</a><!-- <a href="foo-4.tar.gz"> --></html>"#,
    r#"<meta name="pypi:repository-version" content="2.0">"#,
];

const PAGES_JSON: &[&str] = &[
    r#"{"meta":{"api-version":"1.4","_last-serial":1},"name":"foo","project-status":{"status":"deprecated","reason":"use bar"},"versions":["1.0"],"files":[
{"filename":"foo-1.0-py3-none-any.whl","url":"../../files/foo-1.0-py3-none-any.whl","hashes":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000","md5":"x"},"requires-python":">=3.9","size":123,"upload-time":"2024-01-02T03:04:05.678901Z","yanked":false,"core-metadata":{"sha256":"1111111111111111111111111111111111111111111111111111111111111111"},"provenance":"https://x"},
{"filename":"foo-1.0.tar.gz","url":"https://files.test/foo-1.0.tar.gz","hashes":{},"yanked":"broken","dist-info-metadata":true,"provenance":null}]}"#,
    r#"{"meta":{"api-version":"1.0"},"files":[{"filename":"foo-1!2.0.post1+local.1-2-cp312-abi3-win_amd64.whl","url":"/x/foo%2D1.whl#sha256=2222222222222222222222222222222222222222222222222222222222222222","hashes":{},"upload-time":"1969-12-31T23:59:59Z","requires-python":""}]}"#,
    r#"{"meta":{"api-version":"2.0"},"files":[]}"#,
];

const METADATA: &[&str] = &[
    "Metadata-Version: 2.4\nName: foo\nVersion: 1.0\nSummary: a summary\n  that goes on\nRequires-Python: >=3.9,<4\nProvides-Extra: test\nProvides-Extra: Docs_x\nRequires-Dist: bar[baz,qux]>=1.0,!=1.5; python_version < '3.12' and extra == 'test'\nRequires-Dist: quux (>=2,<3)\nRequires-Dist: direct @ https://files.test/direct-1.tar.gz#sha256=ab ; sys_platform == 'win32'\nRequires-Dist: old~=1.4.2 ; (os_name == 'nt' or platform_machine in 'x86_64 arm64') and implementation_name != 'pypy'\n\nThe description.\n",
    "Metadata-Version: 2.2\nName: foo\nVersion: 1.0\nDynamic: Requires-Dist\n",
    "Metadata-Version: 2.1\r\nName: foo\r\nVersion: 1.0.post1+local.7\r\nRequires-Dist: bar===1.0-weird; '3' in python_full_version\r\n\r\n",
    "Name: =?utf-8?q?foo?=\nVersion: 1\nRequires-Dist: b ; platform_release >= '9.0' and python_version == '3.*'\n",
];

const COMMANDS: &[&str] = &[
    "lockgate lock requirements.in -o requirements.txt --extra test --group 'a b:dev' -qU -Pfoo",
    "lockgate lock - -o out.txt -i https://user:password@index.test/simple --python-version 3.11 --idle",
    r#"lockgate lock "a file.in" 'it'\''s' -- --not-an-option -x"#,
    "no findings; advisories: OSV PyPI of 2024-10-10, sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "lockgate\0lock\0a\nb.in\0-o\0\0--index-url=https://t@h/\0-i\0git+https://u:p@h/x\0-foo",
];

const WORDS: &[&str] = &[
    "1!2.3.4rc5.post6.dev7+local.8",
    "1.0.dev20261130235959123456",
    "v1.0-1",
    ">=1.0,<2,!=1.5.*,~=1.4.2,==1.0+cpu,===weird",
    "python_version >= '3.9' and (sys_platform == 'win32' or 'x86' in platform_machine) and extra == 'test'",
    "python_full_version < '3.12.1' or platform_release >= '9.0' and os_name not in 'nt posix' and implementation_version > '1'",
    "foo[bar,baz]>=1.0,<2 ; python_version < '3.12'",
    "foo @ git+https://user:password@host.test/r.git@v1#subdirectory=a&egg=foo ; os_name == 'nt'",
    "foo-1.0-1build-cp39.cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "2024-01-02T03:04:05Z",
    "7 days",
    "((((((python_version < '3' ))))))",
];

const CONFIGURATIONS: &[&str] = &[
    "gate = \"deny\"\nmin-severity = \"medium\"\nunknown-severity = \"warn\"\nadvisories = [\"osv\", { source = \"ours\", overrides = true }]\nmax-advisory-age = \"7 days\"\ncooldown = \"P3D\"\nyanked = \"deny\"\nvex = [\"vex.json\"]\nenvironments = [\"sys_platform == 'linux'\"]\n\n[[ignore]]\nid = \"CVE-2024-1\"\npackage = \"jinja2\"\nversion = \"<3\"\nreason = \"ours\"\nexpires = 2027-03-01\nuntil-fixed = true\n\n[groups.dev]\ngate = \"warn\"\n",
    "[project]\nname = \"foo\"\nversion = \"1\"\n[tool.lockgate]\ngate = \"prefer\"\n[[tool.lockgate.ignore]]\nid = \"PYSEC-1\"\nreason = \"r\"\njustification = \"component_not_present\"\n",
    "# /// script\n# dependencies = [\"foo\"]\n# [tool.lockgate]\n# gate = \"off\"\n# ///\nprint(1)\n",
    "[DEFAULT]\ntimeout = 5\n[global]\nIndex_URL = https://u:p@index.test/simple\nextra-index-url =\n    https://a.test\n    https://b.test\n; comment\n[install]\nno-binary: :all:\n",
    r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x.test/1","author":"a","timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2024-1","aliases":["PYSEC-1"]},"products":[{"@id":"pkg:pypi/jinja2@3.0","subcomponents":[{"@id":"pkg:pypi/x"}]}],"status":"not_affected","justification":"component_not_present"}]}"#,
];

const RECORDS: &[&str] = &[
    "id: PYSEC-2024-1\nmodified: 2024-01-01T00:00:00Z\npublished: \"2023-01-01T00:00:00Z\"\naliases:\n- CVE-2024-1\n- GHSA-aaaa-bbbb-cccc\ndetails: |\n  A text.\n  On two lines.\naffected:\n- package:\n    ecosystem: PyPI\n    name: Foo_Bar\n    purl: pkg:pypi/foo-bar\n  ranges:\n  - type: GIT\n    repo: https://x.test/r\n    events:\n    - introduced: \"0\"\n    - fixed: abcdef\n  - type: ECOSYSTEM\n    events:\n    - introduced: \"0\"\n    - fixed: 1.2.3\n    - introduced: 2.0rc1\n    - last_affected: \"2.4\"\n  versions: [\"1.0\", 1.1, '2.0+local']\nreferences:\n- {type: WEB, url: \"https://x.test\"}\nseverity:\n- type: CVSS_V3\n  score: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n",
    "{\"id\":\"A-1\",\"aliases\":[\"C-1\"],\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"foo\"},\"versions\":[\"1.0\",\"1.0+x\"]}]}\0{\"id\":\"B-1\",\"aliases\":[\"C-1\"],\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"foo\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"1.5\"},{\"limit\":\"*\"},{\"last_affected\":\"2.6.0-NA\"}]}]}]}\0id: C-1\naffected:\n- package: {ecosystem: PyPI, name: foo}\n  versions: ['3']\n",
    "{\"id\":\"MAL-2024-1\",\"withdrawn\":\"2024-01-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"foo\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"1.0.0-beta.1\"}]}],\"database_specific\":{}}],\"database_specific\":{\"severity\":\"HIGH\",\"cwe_ids\":[\"CWE-79\"]},\"severity\":[{\"type\":\"CVSS_V4\",\"score\":\"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N\"}]}",
];

const PROJECTS: &[&str] = &[
    "[build-system]\nrequires = [\"setuptools>=61\"]\nbuild-backend = \"setuptools.build_meta\"\nbackend-path = [\".\"]\n[project]\nname = \"foo\"\nversion = \"1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"bar>=1\", \"baz ; os_name == 'nt'\"]\n[project.optional-dependencies]\ntest = [\"foo[docs]\", \"pytest\"]\ndocs = [\"sphinx\"]\n[dependency-groups]\ndev = [\"ruff\", {include-group = \"lint\"}]\nlint = [\"mypy\"]\n",
    "[metadata]\nname = foo\nversion = 1.0\n[options]\npython_requires = >=3.8\ninstall_requires =\n    bar>=1 ; python_version < \"3.9\"\n    # a comment\n    baz\n[options.extras_require]\ntest = pytest; coverage\ndocs =\n    sphinx\n",
    "#!/usr/bin/env python\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   \"requests<3\",\n#   \"rich\",\n# ]\n# ///\nimport requests\n",
    "[tool.setuptools.dynamic]\ndependencies = {file = [\"requirements.in\"]}\n[project]\nname = \"foo\"\ndynamic = [\"dependencies\", \"version\"]\n",
];

const SOURCES: &[&str] = &[
    "-r a.txt\n-c b.txt\n-i https://user:${VAR}@index.test/simple\n--extra-index-url=https://x.test\nfoo[bar]>=1.0,<2 \\\n    --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000 # comment\n./folder\n-e git+https://h.test/r.git@main#egg=baz\nqux @ file:///tmp/qux-1.0-py3-none-any.whl ; python_version < '3.12'\n\0# -*- coding: latin-1 -*-\nb\n-r b.txt\n--no-binary :all:\n--pre\n\0foo<3\n-r https://x.test/c.txt\n\0-r a.txt\nlast==1\n",
    "-r a.txt\0-r b.txt\0-r requirements.in",
];

const INSTALLED: &[&str] = &[
    "lib/site-packages/foo-1.0.dist-info\0Metadata-Version: 2.1\nName: foo\nVersion: 1.0\nRequires-Dist: bar\n\0{\"url\":\"https://x.test/foo.whl\",\"archive_info\":{\"hashes\":{\"sha256\":\"ab\"}}}\0pip\0bar>=1\n[test]\nbaz\n\0../src\n.\n",
];
