//! Corners of the locks.

use lockgate_model::InventoryKind::{
    self, Environment, Pdm, Pipfile, Poetry, Pylock, Requirements, Uv,
};
use lockgate_model::{IndexRole, ItemOrigin};

use super::super::read_inventory;
use super::{read, rows};
use crate::testing::Texts;

#[test]
fn requirement_files_are_followed_and_constraints_are_no_items() {
    let files = Texts::default()
        .with(
            "req/base.txt",
            "# audit: none\nflask==1 # via -r base.in\nwerk===banana ; os_name == 'nt'\n",
        )
        .with("req/limits.txt", "idna==2\n-r more.txt\n")
        .with("req/more.txt", "more==3\n")
        .with_variable("KIND", "base");
    let text = "-r ${KIND}.txt\n-c limits.txt\n-r base.txt\n--index-url https://u:p@host.test/simple\n\
        --extra-index-url https://two.test\n-f ./wheels\n\
        django>=3 ; python_version > '3'\njinja2\n-e ./lib\n-e git+https://u:p@host.test/x@abc#egg=x\n\
        ./dist/Foo_Bar-1.0-py3-none-any.whl\nz @ https://host.test/z.zip ; sys_platform == 'win32' or moon == 'full'\n\
        w==1.0 ; sys_platform == 'win32' or 'a' == 'b'\n";
    let inventory = read_inventory(Requirements, text.as_bytes(), "req/all.txt", &files).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "7 django unpinned ; python_full_version >= '3.1'",
            "8 jinja2 unpinned",
            "9 -e ./lib own(./lib)",
            "10 x direct(git+https://host.test/x@abc#egg=x)",
            "11 foo-bar==1.0 direct(./dist/Foo_Bar-1.0-py3-none-any.whl)",
            "12 z direct(https://host.test/z.zip)",
            "13 w==1.0",
            "req/${KIND}.txt:2 flask==1 <- -r base.in",
            "req/${KIND}.txt:3 werk bad(banana) ; os_name == 'nt'",
            "req/more.txt:1 more==3",
        ]
    );
    let roles: Vec<IndexRole> = inventory.indexes.iter().map(|index| index.role).collect();
    assert_eq!(
        roles,
        [IndexRole::Main, IndexRole::Extra, IndexRole::FindLinks]
    );
    assert!(!format!("{inventory:?}").contains("u:p@"));
}

#[test]
fn includes_that_cannot_be_followed_are_errors() {
    let files = Texts::default()
        .with("a.txt", "x==1\n-r b.txt\n")
        .with("b.txt", "\n-r a.txt\n");
    for (text, part) in [
        (
            "-r a.txt\n",
            "b.txt:2: `-r a.txt`: the includes go round in a circle",
        ),
        (
            "x==1\n-r gone.txt\n",
            "all.txt:2: `-r gone.txt`: `gone.txt`: no such file",
        ),
        ("x==\n", "all.txt:1: "),
        ("x===\n", "all.txt:1: "),
        ("x===1,2\n", "all.txt:1: "),
    ] {
        let error = read_inventory(Requirements, text.as_bytes(), "all.txt", &files).unwrap_err();
        assert!(error.to_string().starts_with(part), "{error}");
    }
}

#[test]
fn a_lock_that_leaves_out_what_it_needs_is_remarked() {
    let text = "a==1\n    # via\n    #   -c limits.txt\n    #   b[x]\n    #   app (pyproject.toml)\nb==2\n    # via a\n\n\
        # The following packages are considered to be unsafe in a requirements file:\n# setuptools\n";
    let inventory = read(Requirements, text).unwrap();
    assert_eq!(
        rows(&inventory),
        ["1 a==1 <- app (pyproject.toml), b", "6 b==2 <- a"]
    );
    assert!(inventory.remarks[0].contains("setuptools"));
}

#[test]
fn pylock_scopes_sources_and_parents() {
    let text = r#"lock-version = "1.3"
created-by = "x"
extras = ["e"]
default-groups = ["default"]
[[packages]]
name = "a"
version = "1"
marker = "'default' in dependency_groups or 'dev' in dependency_groups"
dependencies = [{name = "b", version = "2"}, {name = "e"}]
[[packages]]
name = "b"
version = "2"
marker = "'e' in extras and sys_platform == 'win32'"
index = "https://u:p@host.test/simple"
[[packages]]
name = "b"
version = "3"
[[packages]]
name = "c"
vcs = {type = "git", url = "https://host.test/c", commit-id = "abc"}
[[packages]]
name = "d"
directory = {path = "d"}
[[packages]]
name = "e"
directory = {path = "e", editable = true}
[[packages]]
name = "f"
version = "1"
archive = {path = "f.zip", hashes = {sha256 = "00"}}
[[packages]]
name = "g"
[[packages]]
name = "h!"
version = "1"
[[packages]]
name = "i"
version = "uno"
"#;
    let inventory = read(Pylock, text).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "6 a==1 [main, group dev] <- pyproject.toml",
            "11 b==2 ; sys_platform == 'win32' [extra e] <- a",
            "16 b==3 [main] <- pyproject.toml",
            "19 c direct(git+https://host.test/c@abc) [main] <- pyproject.toml",
            "22 d direct(d) [main] <- pyproject.toml",
            "25 e own(e) [main] <- a",
            "28 f==1 direct(f.zip) [main] <- pyproject.toml",
            "32 g unpinned [main] <- pyproject.toml",
            "34 h!==1 [main] <- pyproject.toml",
            "37 i bad(uno) [main] <- pyproject.toml",
        ]
    );
    assert!(inventory.knows_scopes);
    assert_eq!(inventory.remarks.len(), 1);
    assert_eq!(inventory.indexes[0].value, "https://host.test/simple");
    assert_eq!(inventory.items[8].name, None);
}

#[test]
fn uv_forks_extras_and_conflicts() {
    let text = r#"version = 1
revision = 9
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [
    { name = "numpy", version = "1.0", source = { registry = "https://one.test" }, marker = "python_full_version < '3.9'" },
    { name = "numpy", version = "2.0", source = { registry = "https://one.test" }, marker = "python_full_version >= '3.9'" },
    { name = "requests", extra = ["socks"], marker = "sys_platform == 'linux'" },
]
[package.optional-dependencies]
gpu = [{ name = "torch", marker = "extra == 'extra-3-app-gpu'" }]
[package.dev-dependencies]
dev = [{ name = "requests" }]
[[package]]
name = "numpy"
version = "1.0"
source = { registry = "https://one.test" }
resolution-markers = ["python_full_version < '3.9'"]
[[package]]
name = "numpy"
version = "2.0"
source = { registry = "https://one.test" }
resolution-markers = ["python_full_version >= '3.9'"]
[[package]]
name = "requests"
version = "2"
source = { git = "https://u:p@host.test/requests?rev=main#abc" }
[package.optional-dependencies]
socks = [{ name = "pysocks", marker = "python_full_version < '3.9'" }]
unused = [{ name = "torch" }]
[[package]]
name = "pysocks"
version = "1"
source = { registry = "https://two.test" }
[[package]]
name = "torch"
version = "1"
source = { directory = "torch" }
[[package]]
name = "orphan"
version = "1"
source = { moon = "x" }
"#;
    let inventory = read(Uv, text).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "4 app own(.) [main] <- pyproject.toml",
            "16 numpy==1.0 ; python_full_version < '3.9' [main] <- app",
            "21 numpy==2.0 ; python_full_version >= '3.9' [main] <- app",
            "26 requests==2 direct(git+https://host.test/requests?rev=main@abc) [main, group dev] <- app",
            "33 pysocks==1 ; python_full_version < '3.9' and sys_platform == 'linux' [main] <- requests",
            "37 torch==1 direct(torch) [extra gpu] <- app, requests",
            "41 orphan==1 direct(a source of kind moon)",
        ]
    );
    let roles: Vec<IndexRole> = inventory.indexes.iter().map(|index| index.role).collect();
    assert_eq!(roles, [IndexRole::Main, IndexRole::Extra]);
}

#[test]
fn a_uv_lock_of_a_script_and_of_a_workspace_without_a_project() {
    let text = r#"version = 1
[manifest]
requirements = [{ name = "a" }]
[manifest.dependency-groups]
dev = [{ name = "b" }]
[[package]]
name = "a"
version = "1"
source = { registry = "https://one.test" }
[[package]]
name = "b"
version = "1"
source = { registry = "https://one.test" }
"#;
    let files = Texts::default();
    let inventory = read_inventory(Uv, text.as_bytes(), "tool.py.lock", &files).unwrap();
    assert_eq!(
        rows(&inventory),
        ["7 a==1 [main] <- tool.py", "11 b==1 [group dev] <- tool.py"]
    );
}

#[test]
fn poetry_markers_by_group_and_dependencies_by_version() {
    let text = r#"[[package]]
name = "a"
version = "1"
groups = ["main", "dev"]
markers = {main = "extra == \"x\" and sys_platform == \"win32\"", dev = "python_version < \"3.9\""}
optional = true
[package.dependencies]
b = [{version = ">=1,<2", markers = "sys_platform == 'win32'"}, {version = ">=2"}]
gone = "*"
[[package]]
name = "b"
version = "1.5"
groups = ["main"]
[package.source]
type = "git"
url = "https://host.test/b"
resolved_reference = "abc"
[[package]]
name = "b"
version = "2.5"
groups = ["main"]
[package.source]
type = "file"
url = "b.whl"
[metadata]
lock-version = "2.2"
"#;
    let inventory = read(Poetry, text).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "2 a==1 ; python_full_version < '3.9' or sys_platform == 'win32' [extra x, group dev] <- pyproject.toml",
            "11 b==1.5 direct(git+https://host.test/b@abc) [main] <- a",
            "19 b==2.5 direct(b.whl) [main] <- a",
        ]
    );
    assert_eq!(inventory.remarks.len(), 1);
}

#[test]
fn pdm_writes_a_package_again_with_its_extras() {
    let text = r#"[metadata]
lock_version = "4.9.0"
[[package]]
name = "a"
version = "1"
groups = ["default"]
marker = "sys_platform == 'win32'"
dependencies = ["b>=2"]
[[package]]
name = "a"
version = "1"
extras = ["x"]
groups = ["test"]
marker = "sys_platform == 'linux'"
dependencies = ["a==1", "c ; python_version < '3'"]
[[package]]
name = "b"
version = "1"
git = "https://host.test/b"
revision = "abc"
[[package]]
name = "c"
version = "1"
url = "https://host.test/c.zip"
"#;
    let inventory = read(Pdm, text).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "4 a==1 ; sys_platform == 'linux' or sys_platform == 'win32' [main, group test] <- pyproject.toml",
            "17 b==1 direct(git+https://host.test/b@abc) <- pyproject.toml",
            "22 c==1 direct(https://host.test/c.zip) <- a",
        ]
    );
    // A newer minor, and groups of which it is not known whether they are extras.
    assert_eq!(inventory.remarks.len(), 2);
}

#[test]
fn pipfile_categories_and_sources() {
    let text = r#"{
 "_meta": {"pipfile-spec": 6, "sources": [
   {"name": "one", "url": "https://u:p@one.test/simple"}, {"name": "two", "url": "https://two.test/simple"}]},
 "default": {
  "a": {"version": "==1", "index": "two"},
  "b": {"git": "https://host.test/b", "ref": "abc"},
  "c": {"version": "*"},
  "d": {},
  "e": {"file": "https://host.test/e.zip"}
 },
 "develop": {"a": {"version": "==1", "index": "two", "markers": "os_name == 'nt'"}, "f": {"version": "===odd"}},
 "docs": {"a": {"version": "==2", "index": "three"}}
}"#;
    let inventory = read(Pipfile, text).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "5 a==1 [main, group develop]",
            "6 b direct(git+https://host.test/b@abc) [main]",
            "7 c unpinned [main]",
            "8 d unpinned [main]",
            "9 e direct(https://host.test/e.zip) [main]",
            "11 f bad(odd) [group develop]",
            "12 a==2 [group docs]",
        ]
    );
    let two = Some("https://two.test/simple".to_owned());
    assert_eq!(inventory.items[0].origin, ItemOrigin::Index(two));
    assert!(!format!("{inventory:?}").contains("u:p@"));
}

#[test]
fn what_cannot_be_understood_is_an_error_with_its_line() {
    let pylock = "lock-version = '1.0'\ncreated-by = 'x'\n";
    let cases: [(InventoryKind, &str, &str); 20] = [
        (
            Pylock,
            "lock-version = '2.0'\n",
            "x:1: its `lock-version` is 2.0",
        ),
        (
            Pylock,
            "lock-version = 'one'\n",
            "x:1: its `lock-version`, `one`, is none",
        ),
        (
            Pylock,
            "created-by = 'x'\n",
            "x:1: `lock-version` is missing",
        ),
        (
            Pylock,
            "lock-version = '1.0'\n",
            "x:1: `created-by` is missing",
        ),
        (Pylock, pylock, "x:1: `packages` is missing"),
        (
            Pylock,
            "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nversion = '1'\n",
            "x:3: `name` is missing",
        ),
        (
            Pylock,
            "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 1\n",
            "x:4: `name` is a number, and must be a text",
        ),
        (Pylock, "lock-version = \n", "x:1: "),
        (Uv, "version = 2\n", "x:1: it is a uv.lock of version 2"),
        (Uv, "version = '1'\n", "x:1: `version` must be a number"),
        (Uv, "revision = 2\n", "x:1: `version` is missing"),
        (
            Uv,
            "version = 1\n[[package]]\nname = 'a'\n",
            "x:2: `source` is missing",
        ),
        (
            Uv,
            "version = 1\n[[package]]\nname = 'a'\nsource = {virtual = '.'}\ndependencies = [{name = 'b'}]\n",
            "x:5: `b` is required, and is not among the packages",
        ),
        (
            Uv,
            "version = 1\n[manifest]\nmembers = ['b']\n",
            "x:3: its member `b` is not among its packages",
        ),
        (Poetry, "", "x:1: `metadata` is missing"),
        (
            Poetry,
            "[metadata]\nlock-version = '3.0'\n",
            "x:2: its `lock-version` is 3.0",
        ),
        (
            Pdm,
            "[metadata]\nlock_version = '5.0'\n",
            "x:2: its `lock_version` is 5.0",
        ),
        (
            Pipfile,
            "{\"_meta\":\n{\"pipfile-spec\": 7}}",
            "x:2: its `pipfile-spec` is 7",
        ),
        (Pipfile, "{\"default\": {}}", "x:1: `_meta` is missing"),
        (Environment, "", "x: an environment is a folder"),
    ];
    for (kind, text, part) in cases {
        let error = read(kind, text).unwrap_err();
        assert!(error.to_string().starts_with(part), "{text}: {error}");
        assert!(error.remedy.is_some());
    }
}
