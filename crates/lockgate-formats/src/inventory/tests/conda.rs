//! Locks of pixi and conda-lock.

use lockgate_model::{Inventory, InventoryKind, ItemOrigin};

use crate::inventory::{NO_PYPI_PACKAGE, kind_of, read_inventory};
use crate::testing::Texts;

const SHA: &str = "b36f4d5a2b9c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c";

fn read(kind: InventoryKind, text: &str) -> Result<Inventory, String> {
    read_inventory(kind, text.as_bytes(), "lock", &Texts::default())
        .map_err(|error| format!("{}: {}", error.line.unwrap_or_default(), error.message))
}

/// Text, origin and line of each item.
fn items(inventory: &Inventory) -> Vec<(&str, &ItemOrigin, usize)> {
    let items = inventory.items.iter();
    items
        .map(|item| (item.text.as_str(), &item.origin, item.line.unwrap()))
        .collect()
}

#[test]
fn pixi_locks_of_all_forms_name_the_same_packages() {
    let index = ItemOrigin::Index(None);
    let direct = ItemOrigin::Direct("https://files.example/click-8.1.7-py3-none-any.whl".into());
    let own = ItemOrigin::Own("./".into());
    let pins = |lines: [usize; 4]| {
        let [of_jinja, of_click, of_app, of_idna] = lines;
        vec![
            ("jinja2==3.1.3", index.clone(), of_jinja),
            (
                "click @ https://files.example/click-8.1.7-py3-none-any.whl",
                direct.clone(),
                of_click,
            ),
            ("app==0.1.0", own.clone(), of_app),
            ("idna==3.10", index.clone(), of_idna),
        ]
    };
    let newest = format!(
        "version: 6
environments:
  default:
    packages:
      linux-64:
      - conda: https://conda.example/linux-64/python-3.12.2-h1.conda
      - pypi: https://files.example/Jinja2-3.1.3-py3-none-any.whl
packages:
- conda: https://conda.example/linux-64/python-3.12.2-h1.conda
  sha256: {SHA}
- conda: https://conda.example/osx-64/python-3.12.2-h2.conda
- pypi: https://files.example/Jinja2-3.1.3-py3-none-any.whl
  name: jinja2
  version: 3.1.3
  requires_dist:
  - markupsafe>=2.0
- pypi: direct+https://files.example/click-8.1.7-py3-none-any.whl
  name: click
  version: 8.1.7
  sha256: {SHA}
- pypi: ./
  name: app
  version: 0.1.0
- pypi: https://files.example/idna-3.10.tar.gz
  name: idna
  version: 3.10
"
    );
    let older = "version: 5
packages:
- kind: conda
  name: python
- kind: pypi
  name: jinja2
  version: 3.1.3
  url: https://files.example/Jinja2-3.1.3-py3-none-any.whl
- kind: pypi
  name: click
  version: 8.1.7
  url: direct+https://files.example/click-8.1.7-py3-none-any.whl
- kind: pypi
  name: app
  version: 0.1.0
  path: ./
  editable: true
- kind: pypi
  name: idna
  version: '3.10'
  url: https://files.example/idna-3.10.tar.gz
- kind: pypi
  name: idna
  version: '3.10'
  url: https://files.example/idna-3.10-py3-none-any.whl
";
    for (text, lines, conda) in [
        (
            newest.as_str(),
            [12, 17, 21, 24],
            "2 packages of conda channels are not audited",
        ),
        (
            older,
            [5, 9, 13, 18],
            "1 package of conda channels is not audited",
        ),
    ] {
        assert_eq!(kind_of("app/pixi.lock", text), Some(InventoryKind::Pixi));
        let inventory = read(InventoryKind::Pixi, text).unwrap();
        let expected = pins(lines);
        let expected: Vec<_> = expected.iter().map(|(a, b, c)| (*a, b, *c)).collect();
        assert_eq!(items(&inventory), expected);
        assert!(
            inventory.remarks[0].starts_with(conda),
            "{:?}",
            inventory.remarks
        );
    }
    let inventory = read(InventoryKind::Pixi, &newest).unwrap();
    assert_eq!(inventory.items[1].sha256.unwrap().to_string(), SHA);
}

#[test]
fn conda_lock_has_a_package_for_each_platform() {
    let text = format!(
        "version: 1
metadata:
  platforms: [linux-64, osx-arm64]
package:
- name: zlib
  version: 1.2.13
  manager: conda
  platform: linux-64
- name: jinja2
  version: 3.1.2
  manager: pip
  platform: linux-64
  url: https://files.example/Jinja2-3.1.2-py3-none-any.whl
  hash:
    sha256: {SHA}
  category: main
  optional: false
- name: jinja2
  version: 3.1.2
  manager: pip
  platform: osx-arm64
  url: https://files.example/Jinja2-3.1.2-py3-none-any.whl
  hash:
    sha256: {SHA}
  category: docs
- name: tool
  version: 0.0.0
  manager: pip
  platform: linux-64
  url: git+https://forge.example/tool.git@abc
  source:
    type: vcs
"
    );
    for name in ["conda-lock.yml", "a/dev.conda-lock.yaml", "Conda-Lock.YML"] {
        assert_eq!(kind_of(name, &text), Some(InventoryKind::CondaLock));
    }
    let inventory = read(InventoryKind::CondaLock, &text).unwrap();
    let texts: Vec<&str> = inventory
        .items
        .iter()
        .map(|item| item.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "jinja2==3.1.2",
            "tool @ git+https://forge.example/tool.git@abc"
        ]
    );
    let scopes: Vec<String> = inventory.items[0]
        .scopes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(scopes.len(), 2, "{scopes:?}");
    assert!(inventory.knows_scopes);
}

#[test]
fn what_contradicts_itself_or_is_not_known_is_an_error() {
    let pixi = |entry: &str| {
        let text = format!("version: 6\npackages:\n{entry}");
        read(InventoryKind::Pixi, &text).unwrap_err()
    };
    for (entry, says) in [
        (
            "- pypi: https://files.example/Jinja2-3.1.2-py3-none-any.whl\n  name: jinja2\n  version: 3.1.6\n",
            "3: `Jinja2-3.1.2-py3-none-any.whl` is no file of `jinja2==3.1.6`",
        ),
        (
            "- pypi: https://files.example/other-3.1.6.tar.gz\n  name: jinja2\n  version: 3.1.6\n",
            "3: `other-3.1.6.tar.gz` is no file of `jinja2==3.1.6`",
        ),
        (
            "- pypi: ./\n  name: app\n  version: 1.0\nenvironments:\n  default:\n    packages:\n      linux-64:\n      - pypi: ./\n      - pypi: https://files.example/gone-1.0.tar.gz\n",
            "11: an environment has `https://files.example/gone-1.0.tar.gz`",
        ),
        (
            "- npm: left-pad\n",
            "3: a package is neither of conda nor of PyPI",
        ),
        ("- pypi: ./\n", "3: `name` is missing"),
        (
            "- conda: https://conda.example/a-1-0.conda\n",
            NO_PYPI_PACKAGE,
        ),
        ("- pypi: [", ""),
    ] {
        let error = pixi(entry);
        assert!(error.contains(says), "{error}");
    }
    for (kind, text, says) in [
        (
            InventoryKind::Pixi,
            "version: 8\npackages: []\n",
            "its `version` is 8",
        ),
        (
            InventoryKind::CondaLock,
            "version: 2\npackage: []\n",
            "its `version` is 2",
        ),
        (
            InventoryKind::CondaLock,
            "package: []\n",
            "`version` is missing",
        ),
        (InventoryKind::Pixi, "version: 6\n", "`packages` is missing"),
        (InventoryKind::Pixi, "", ""),
    ] {
        let error = read(kind, text).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_package_of_both_kinds_is_none() {
    for (kind, entry) in [
        (
            InventoryKind::Pixi,
            "conda: https://conda.example/a-1.0.conda\n  pypi: https://files.example/a-1.0-py3-none-any.whl",
        ),
        (
            InventoryKind::Pixi,
            "kind: conda\n  pypi: https://files.example/a-1.0-py3-none-any.whl",
        ),
        (
            InventoryKind::CondaLock,
            "manager: pip\n  conda: x\n  name: a\n  version: 1.0",
        ),
    ] {
        let version = if kind == InventoryKind::Pixi { 6 } else { 1 };
        let key = if kind == InventoryKind::Pixi {
            "packages"
        } else {
            "package"
        };
        let text = format!("version: {version}\n{key}:\n- {entry}\n");
        let error = read(kind, &text).unwrap_err();
        assert_eq!(error, "3: a package is both of conda and of PyPI");
    }
}
