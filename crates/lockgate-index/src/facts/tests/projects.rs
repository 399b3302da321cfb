//! Pages: present, absent, broken, kept.

use lockgate_model::{FactError, Facts as _};

use super::server::{JSON, Site, name, options};

fn sdist(version: &str) -> Vec<(String, String)> {
    vec![(format!("foo-{version}.tar.gz"), String::new())]
}

#[test]
fn a_project_is_absent_only_when_every_index_says_so() {
    let mut site = Site::new();
    site.page("extra", "foo", &sdist("1"));
    site.fail("/gone/foo/", 410);
    let server = site.start();
    let ask = |roots: &[&str]| {
        let facts = server.facts_with(options(None), roots);
        facts.project(&name("foo")).map(|view| view.len())
    };
    assert!(matches!(ask(&["simple"]), Err(FactError::Absent { .. })));
    assert!(matches!(
        ask(&["simple", "gone"]),
        Err(FactError::Absent { .. })
    ));
    assert!(matches!(ask(&[]), Err(FactError::Absent { .. })));
    assert_eq!(ask(&["simple", "gone", "extra"]).unwrap(), 1);
}

#[test]
fn the_first_index_that_has_the_project_is_the_only_one_it_is_taken_from() {
    let mut site = Site::new();
    site.page("simple", "foo", &sdist("1"));
    site.page("extra", "foo", &sdist("999"));
    let server = site.start();
    let facts = server.facts_with(options(None), &["simple", "extra"]);
    let view = facts.project(&name("foo")).unwrap();
    assert_eq!(view.version(0), &"1".parse().unwrap());
    assert_eq!(server.requests(), ["/simple/foo/"]);
}

#[test]
fn a_fault_on_any_index_is_unlearned_and_never_absent() {
    let mut site = Site::new();
    site.fail("/simple/down/", 500);
    site.fail("/simple/secret/", 401);
    site.fail("/simple/teapot/", 418);
    site.put(
        "/simple/cut/",
        JSON,
        r#"{"meta":{"api-version":"1.0"},"files":[{"#,
    );
    site.put(
        "/simple/future/",
        JSON,
        r#"{"meta":{"api-version":"2.0"},"files":[]}"#,
    );
    site.put("/simple/picture/", "image/png", "x");
    for project in ["down", "secret", "teapot", "cut", "future", "picture"] {
        site.page("extra", project, &[]);
    }
    let server = site.start();
    let facts = server.facts_with(options(None), &["simple", "extra"]);
    for (project, expected) in [
        ("down", "500"),
        ("secret", "401"),
        ("teapot", "418"),
        ("cut", "cannot be read"),
        ("future", "`2.0`"),
        ("picture", "`image/png`"),
    ] {
        let error = facts
            .project(&name(project))
            .map(|view| view.len())
            .unwrap_err();
        let FactError::Unlearned { what, why, .. } = &error else {
            panic!("{project}: {error}");
        };
        assert_eq!(what, &format!("releases of `{project}`"));
        assert!(why.contains(expected), "{project}: {why}");
        assert!(why.contains("/simple/"), "{project}: {why}");
    }
}

#[test]
fn secrets_in_an_address_stay_out_of_messages() {
    let server = Site::new().start();
    let root = server.url.replace("http://", "http://user:hunter2@");
    let mut options = options(None);
    options.offline = true;
    let index = crate::Index::new(
        options,
        server.runtime.handle().clone(),
        std::sync::Arc::new(crate::Silent),
    );
    let facts = index.facts(crate::Places {
        indexes: vec![format!("{root}/simple").parse().unwrap()],
        ..crate::Places::default()
    });
    let error = facts
        .project(&name("foo"))
        .map(|view| view.len())
        .unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[test]
fn what_was_fetched_is_kept_for_the_next_run_and_for_runs_without_network() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Some(folder.path().join("cache"));
    let mut site = Site::new();
    site.page("simple", "foo", &sdist("1"));
    let server = site.start();
    let ask = |options| {
        let facts = server.facts_with(options, &["simple"]);
        let foo = facts.project(&name("foo")).map(|view| view.len());
        (foo, facts.project(&name("bar")).map(|view| view.len()))
    };
    let is_right = |(foo, bar): (Result<usize, FactError>, Result<usize, FactError>)| {
        assert_eq!(foo.unwrap(), 1);
        assert!(matches!(bar, Err(FactError::Absent { .. })));
    };
    is_right(ask(options(cache.clone())));
    assert_eq!(server.requests(), ["/simple/foo/", "/simple/bar/"]);
    is_right(ask(options(cache.clone())));
    assert!(!server.requests().contains(&"/simple/foo/".to_owned()));

    let mut offline = options(cache.clone());
    offline.offline = true;
    is_right(ask(offline.clone()));
    assert!(server.requests().is_empty());
    offline.cache = None;
    assert!(matches!(ask(offline).0, Err(FactError::Unlearned { .. })));

    let mut refreshed = options(cache);
    refreshed.refresh = crate::Refresh::All;
    is_right(ask(refreshed));
    assert_eq!(server.requests(), ["/simple/foo/", "/simple/bar/"]);
}

#[test]
fn many_threads_ask_at_once_and_the_index_is_asked_once() {
    let mut site = Site::new();
    site.page("simple", "foo", &sdist("1"));
    site.delay = |_| 50;
    let server = site.start();
    let facts = server.facts();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(facts.project(&name("foo")).unwrap().len(), 1));
        }
    });
    assert_eq!(server.requests(), ["/simple/foo/"]);
}
