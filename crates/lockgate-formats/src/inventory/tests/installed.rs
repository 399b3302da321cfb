//! Installed distributions.

use lockgate_model::ItemOrigin;

use super::super::{Installed, InstalledDistribution, InstalledForm, link, read_installed};
use super::rows;

fn wheel(place: &str, metadata: &str) -> InstalledDistribution {
    InstalledDistribution {
        place: place.to_owned(),
        metadata: Some(metadata.as_bytes().to_vec()),
        ..InstalledDistribution::default()
    }
}

fn with_address(direct_url: &str) -> Installed {
    read_installed(&InstalledDistribution {
        direct_url: Some(direct_url.as_bytes().to_vec()),
        ..wheel("site/a-1.dist-info", "Name: a\nVersion: 1\n")
    })
}

#[test]
fn distributions_are_linked_by_what_they_require() {
    let requests = wheel(
        "site/requests-2.dist-info",
        "Metadata-Version: 2.1\nName: Requests\nVersion: 2.0\nRequires-Dist: idna (<3,>=2)\n\
         Requires-Dist: pysocks ; extra == 'socks'\nRequires-Dist: colorama ; sys_platform == 'moon' and sys_platform == 'sun'\n\nThe text.\nName: other\n",
    );
    let app = InstalledDistribution {
        requested: true,
        ..wheel(
            "site/app-1.dist-info",
            "Name: app\nVersion: 1\nRequires-Dist: requests[socks]\nRequires-Dist: idna\n",
        )
    };
    let asked = InstalledDistribution {
        requested: true,
        ..wheel("site/idna-2.dist-info", "Name: idna\nVersion: 2.1\n")
    };
    let all = [
        requests,
        app,
        asked,
        wheel("site/PySocks-1.dist-info", "Name: PySocks\nVersion: 1.7\n"),
        wheel("site/colorama-1.dist-info", "Name: colorama\nVersion: 1\n"),
    ];
    let inventory = link("venv", all.iter().map(read_installed).collect(), None);
    assert_eq!(
        rows(&inventory),
        [
            " requests==2.0 <- app",
            " app==1 <- venv",
            " idna==2.1 <- venv, requests, app",
            " pysocks==1.7 <- requests",
            " colorama==1 <- venv",
        ]
    );
    assert!(inventory.knows_parents && !inventory.knows_scopes);
}

#[test]
fn an_address_says_what_is_no_release() {
    for (direct_url, origin) in [
        (
            r#"{"url": "file:///home/user/a", "dir_info": {"editable": true}}"#,
            ItemOrigin::Own("file:///home/user/a".to_owned()),
        ),
        (
            r#"{"url": "file:///home/user/a", "dir_info": {}}"#,
            ItemOrigin::Direct("file:///home/user/a".to_owned()),
        ),
        (
            r#"{"url": "https://u:p@host.test/a", "vcs_info": {"vcs": "git", "commit_id": "abc"}}"#,
            ItemOrigin::Direct("git+https://host.test/a@abc".to_owned()),
        ),
        (
            r#"{"url": "https://host.test/a.whl", "archive_info": {}}"#,
            ItemOrigin::Direct("https://host.test/a.whl".to_owned()),
        ),
        (
            "{",
            ItemOrigin::Direct("a `direct_url.json` that cannot be read".to_owned()),
        ),
    ] {
        assert_eq!(with_address(direct_url).item.origin, origin);
    }
    let of_conda = read_installed(&InstalledDistribution {
        direct_url: Some(br#"{"url": "file:///croot/a", "dir_info": {}}"#.to_vec()),
        installer: Some("conda\n".to_owned()),
        ..wheel("a-1.dist-info", "Name: a\nVersion: 1\n")
    });
    assert_eq!(of_conda.item.origin, ItemOrigin::Index(None));
}

#[test]
fn what_says_nothing_of_itself_is_known_by_its_folder() {
    for (place, metadata, shown) in [
        ("site/Foo_Bar-1.2.dist-info", None, "foo-bar==1.2"),
        ("site/foo-1.2-py3.11.egg-info", None, "foo==1.2"),
        ("site/foo-1.2-py3.11.egg/EGG-INFO", None, "foo==1.2"),
        ("site/foo-1.2.dist-info/", Some("\u{1}\n"), "foo==1.2"),
        (
            "site/foo-1.2.dist-info",
            Some("Name: UNKNOWN\nVersion: 0\n"),
            "foo==1.2",
        ),
        (
            "site/foo.egg-info",
            Some("Name: foo\nVersion: 3\n"),
            "foo==3",
        ),
        ("site/-.dist-info", None, "site/-.dist-info"),
        ("", None, ""),
    ] {
        let read = read_installed(&InstalledDistribution {
            place: place.to_owned(),
            metadata: metadata.map(|text| text.as_bytes().to_vec()),
            ..InstalledDistribution::default()
        });
        assert_eq!(read.item.shown(), shown, "{place}");
        assert_eq!(read.item.name.is_none(), !shown.contains("=="), "{place}");
    }
    let unpinned = read_installed(&wheel("foo.egg-info", "Name: foo\n"));
    assert_eq!(unpinned.item.origin, ItemOrigin::Unpinned);
    let bad = read_installed(&wheel("foo.egg-info", "Name: foo\nVersion: dev-build\n"));
    assert_eq!(
        bad.item.origin,
        ItemOrigin::BadVersion("dev-build".to_owned())
    );
}

#[test]
fn eggs_say_what_they_require_in_a_file_of_its_own() {
    let egg = InstalledDistribution {
        form: InstalledForm::EggInfo,
        requires: Some(
            "a>=1\n\n[x]\nb\n\n[:python_version < '3']\nc\n\n[y:sys_platform == 'win32']\nd\n?!\n"
                .to_owned(),
        ),
        ..wheel("site/foo-1.egg-info", "Name: foo\nVersion: 1\n")
    };
    let read = read_installed(&egg);
    let texts: Vec<String> = read.requirements.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "a>=1",
            "b ; extra == 'x'",
            "c ; python_full_version < '3'",
            "d ; sys_platform == 'win32' and extra == 'y'",
        ]
    );
    assert_eq!(read.unread.len(), 1);
    let inventory = link("venv", vec![read], None);
    assert_eq!(inventory.remarks.len(), 1);
    let linked = read_installed(&InstalledDistribution {
        form: InstalledForm::EggLink,
        link: Some("/home/user/foo\n.".to_owned()),
        ..wheel("site/foo.egg-link", "Name: foo\nVersion: 1\n")
    });
    assert_eq!(
        linked.item.origin,
        ItemOrigin::Own("/home/user/foo".to_owned())
    );
}
