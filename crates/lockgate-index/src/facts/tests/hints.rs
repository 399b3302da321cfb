//! Hints: they fetch ahead, to any depth, within bounds, and change no answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_model::{Facts as _, Metadata, Pick, ProjectView, Scout, VersionSet, Want};

use super::server::{Server, Site, name, newest, options};

/// Takes the newest release's first file and follows everything.
struct Newest;

impl Scout for Newest {
    fn pick(&self, project: &dyn ProjectView, _: &Want) -> Option<Pick> {
        let file = project.files(0).ok()?.first()?.clone();
        let version = project.version(0).clone();
        Some(Pick {
            version,
            file,
            others: Vec::new(),
        })
    }

    fn follow(&self, _: &Want, metadata: &Metadata) -> Vec<Want> {
        metadata
            .requirements
            .iter()
            .map(|requirement| want(requirement.name.as_str()))
            .collect()
    }
}

fn want(project: &str) -> Want {
    Want {
        name: name(project),
        extras: Vec::new(),
        versions: VersionSet::full(),
    }
}

fn hint(facts: &crate::IndexFacts, project: &str) {
    let scout: Arc<dyn Scout> = Arc::new(Newest);
    facts.hint(vec![want(project)], &scout);
}

/// A hint, and the first question of the solver's.
fn hint_and_ask(facts: &crate::IndexFacts, project: &str) {
    hint(facts, project);
    assert!(facts.project(&name(project)).is_ok());
}

/// Waits until the server has been asked `count` times.
fn requests(server: &Server, count: usize) -> Vec<String> {
    let (mut requests, begin) = (Vec::new(), Instant::now());
    while requests.len() < count && begin.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
        requests.extend(server.requests());
    }
    requests
}

/// Projects `p0` to `p{count}`; each requires two further on, the last ones something that is missing.
fn graph(count: usize) -> Site {
    let mut site = Site::new();
    for number in 0..count {
        let below = [number * 2 + 1, number * 2 + 2].map(|below| format!("p{below}"));
        site.project(&format!("p{number}"), &below);
    }
    site.fail(&format!("/simple/p{count}/"), 500);
    site
}

#[test]
fn a_hint_is_followed_to_any_depth_and_each_thing_is_asked_for_once() {
    let server = graph(15).start();
    let facts = server.facts();
    hint(&facts, "p0");
    hint_and_ask(&facts, "p0");
    let mut ahead = requests(&server, 15 + 15 + 16);
    assert_eq!(ahead.len(), 46);
    assert_eq!(newest(&facts, "p0").unwrap().requirements.len(), 2);
    assert_eq!(newest(&facts, "p14").unwrap().requirements.len(), 2);
    assert!(server.requests().is_empty());
    ahead.sort();
    ahead.dedup();
    assert_eq!(ahead.len(), 46);
}

#[test]
fn hints_change_no_answer_whatever_comes_first() {
    let delays: [fn(&str) -> u64; 3] = [
        |_| 0,
        |path| path.bytes().map(u64::from).sum::<u64>() * 7 % 23,
        |path| if path.contains("metadata") { 15 } else { 0 },
    ];
    let answers = |delay, hinted: bool| {
        let mut site = graph(15);
        site.delay = delay;
        let server = site.start();
        let facts = server.facts();
        if hinted {
            hint(&facts, "p0");
        }
        let asked = (0..18).map(|number| format!("{:?}", newest(&facts, &format!("p{number}"))));
        let texts: Vec<String> = asked.collect();
        texts.join("\n").replace(&server.url, "")
    };
    let plain = answers(delays[0], false);
    assert!(plain.contains("500") && plain.contains("Absent"));
    for delay in delays {
        assert_eq!(answers(delay, true), plain);
    }
}

#[test]
fn guesses_are_bounded_and_the_solver_is_still_answered() {
    let server = graph(2000).start();
    let facts = server.facts();
    hint_and_ask(&facts, "p0");
    let ahead = requests(&server, 1000).len();
    std::thread::sleep(Duration::from_millis(100));
    let ahead = ahead + server.requests().len();
    assert!((1000..=1010).contains(&ahead), "{ahead}");
    assert!(newest(&facts, "p1999").is_ok());
}

#[test]
fn a_warm_crawl_needs_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let server = graph(15).start();
    let kept = || options(Some(folder.path().join("cache")));
    hint_and_ask(&server.facts_with(kept(), &["simple"]), "p0");
    assert_eq!(requests(&server, 46).len(), 46);
    let mut offline = kept();
    offline.offline = true;
    let facts = server.facts_with(offline, &["simple"]);
    hint(&facts, "p0");
    for number in 0..15 {
        assert!(newest(&facts, &format!("p{number}")).is_ok());
    }
    assert!(server.requests().is_empty());
}

#[test]
fn the_network_is_asked_for_guesses_once_the_solver_has_to_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = graph(15).start();
    let facts = || {
        let cache = Some(folder.path().join("cache"));
        server.facts_with(options(cache), &["simple"])
    };
    let first = facts();
    for number in 0..7 {
        assert!(newest(&first, &format!("p{number}")).is_ok());
    }
    assert_eq!(server.requests().len(), 14);

    let second = facts();
    hint(&second, "p0");
    for number in 0..7 {
        assert!(newest(&second, &format!("p{number}")).is_ok());
    }
    std::thread::sleep(Duration::from_millis(100));
    assert!(server.requests().is_empty());
    assert!(newest(&second, "p7").is_ok());
    assert_eq!(requests(&server, 8 + 8 + 16).len(), 32);
}
