//! The page with its script running, in a real browser, where there is one.
//!
//! `LOCKGATE_BROWSER` names a Chromium, which then has to work; without it one on the search path is used, and with none nothing is
//! tested. The page holds its state in its address, so that it is driven by opening it there and reading what has become of it.
//! Keys and clicks are tested by `tests/browser/audit-page.mjs`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use scraper::{Html, Selector};

use crate::html::page;
use crate::rich;

struct Browser {
    program: OsString,
    home: tempfile::TempDir,
}

/// The page as it is after its script ran, and what the browser had to say about it.
struct Shown {
    html: Html,
    console: Vec<String>,
}

impl Browser {
    fn find() -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        if let Some(program) = std::env::var_os("LOCKGATE_BROWSER") {
            let named = Self { program, home };
            assert!(
                named.works(),
                "LOCKGATE_BROWSER names no Chromium that works"
            );
            return Some(named);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let names = [
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
        ];
        let mut programs =
            std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
        let program = programs.find(|program| program.is_file())?;
        let found = Self {
            program: program.into(),
            home,
        };
        found.works().then_some(found)
    }

    fn works(&self) -> bool {
        let file = self.home.path().join("empty.html");
        fs::write(&file, "<p id=here>here</p>").unwrap();
        self.dump(&file, "")
            .is_some_and(|(dom, _)| dom.contains("id=\"here\""))
    }

    /// The document and the messages; none when the browser fails or takes too long.
    fn dump(&self, file: &Path, hash: &str) -> Option<(String, String)> {
        let (out, messages): (PathBuf, PathBuf) = (
            self.home.path().join("dom"),
            self.home.path().join("messages"),
        );
        let mut child = Command::new(&self.program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
            ])
            .args([
                "--disable-component-update",
                "--disable-sync",
                "--disable-quic",
                "--disable-extensions",
                "--disable-dev-shm-usage",
            ])
            .args(["--enable-logging=stderr", "--dump-dom"])
            .arg(format!(
                "--user-data-dir={}",
                self.home.path().join("profile").display()
            ))
            .arg(format!("file://{}{hash}", file.display()))
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&messages).unwrap())
            .spawn()
            .ok()?;
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            match child.try_wait().ok()? {
                Some(status) if status.success() => break,
                Some(_) => return None,
                None if Instant::now() > end => {
                    child.kill().ok()?;
                    child.wait().ok()?;
                    return None;
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        let text = |file: &Path| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        Some((text(&out), text(&messages)))
    }

    fn show(&self, page: &str, hash: &str) -> Shown {
        let file = self.home.path().join("page.html");
        fs::write(&file, page).unwrap();
        let (dom, messages) = self.dump(&file, hash).expect("the browser shows the page");
        let console = messages.lines().filter(|line| line.contains("CONSOLE"));
        Shown {
            html: Html::parse_document(&dom),
            console: console.map(str::to_owned).collect(),
        }
    }
}

impl Shown {
    fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let texts = self
            .html
            .select(&selector)
            .map(|it| it.text().collect::<String>());
        texts
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    fn attributes(&self, selector: &str, attribute: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let found = self.html.select(&selector);
        found
            .map(|it| it.attr(attribute).unwrap_or_default().to_owned())
            .collect()
    }

    /// The packages of the rows that are not filtered out.
    fn packages(&self) -> Vec<String> {
        self.all("tbody.finding:not([hidden]) .row .package b")
    }
}

const SORTED: &str = "th[aria-sort='ascending'], th[aria-sort='descending']";

#[test]
fn the_page_does_what_its_address_says() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let rich = page(&rich::rich());

    let plain = browser.show(&rich, "");
    assert_eq!(plain.console, [""; 0]);
    assert_eq!(plain.attributes("html", "class"), ["js"]);
    assert_eq!(plain.packages().len(), 12);
    assert_eq!(plain.attributes(SORTED, "data-key"), ["severity"]);
    assert_eq!(plain.all("#shown"), ["12 findings, in 13 places"]);
    assert_eq!(plain.all("tbody.open"), [""; 0]);
    assert_eq!(plain.all("#canvas .lit"), [""; 0]);

    let sorted = browser.show(&rich, "#sort=package&dir=asc");
    let mut names = sorted.packages();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(sorted.attributes(SORTED, "aria-sort"), ["ascending"]);
    assert_eq!(sorted.attributes(SORTED, "data-key"), ["package"]);
    let reversed = browser.show(&rich, "#sort=package&dir=desc");
    names.reverse();
    assert_eq!(reversed.packages(), names);

    let cases: [(&str, &[&str]); 6] = [
        ("#filter=django%20SQL", &["django"]),
        ("#severity=critical,malicious", &["evilpkg", "django"]),
        ("#kind=transitive", &["evilpkg", "urllib3", "py"]),
        ("#dev=only", &["py"]),
        (
            "#accepted=no&severity=medium",
            &["requests", "hostile", "oldlib"],
        ),
        ("#filter=no-such-thing", &[]),
    ];
    for (hash, expected) in cases {
        let shown = browser.show(&rich, hash);
        assert_eq!(shown.packages(), expected, "{hash}");
        let count = format!("{} of 12 findings shown", expected.len());
        assert!(
            shown.all("#shown")[0].starts_with(&count),
            "{hash}: {:?}",
            shown.all("#shown")
        );
        assert_eq!(shown.attributes("#nothing", "hidden").len(), 1);
        assert_eq!(
            shown.all("#nothing:not([hidden])").len(),
            usize::from(expected.is_empty()),
            "{hash}"
        );
    }
}

#[test]
fn a_finding_that_is_named_is_open_and_its_paths_are_lit() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let shown = browser.show(&page(&rich::rich()), "#finding=3&theme=dark");
    assert_eq!(shown.console, [""; 0]);
    assert_eq!(shown.attributes("html", "data-theme"), ["dark"]);
    assert_eq!(shown.attributes("tbody.open", "id"), ["finding-3"]);
    assert_eq!(
        shown.attributes("tbody.open .toggle", "aria-expanded"),
        ["true"]
    );
    let lit = |shown: &Shown| {
        let mut lit = shown.all("#canvas .node.lit text");
        lit.sort();
        lit
    };
    assert_eq!(
        lit(&shown),
        [
            "-r requirements.in",
            "oldlib==2.0",
            "requests==2.25.1",
            "urllib3==1.26.5"
        ]
    );
    assert_eq!(shown.all("#canvas .node.target text"), ["urllib3==1.26.5"]);
    assert_eq!(shown.all("#canvas path.lit").len(), 4);
    assert_eq!(shown.all("#canvas .node").len(), 8);
    assert_eq!(shown.all("#finding-3 .paths .node").len(), 4);

    let paths = browser.show(&page(&rich::rich()), "#finding=3&graph=paths");
    assert_eq!(paths.all("#canvas .node").len(), 4);

    let large = browser.show(&page(&rich::large(499)), "#finding=2");
    assert_eq!(large.console, [""; 0]);
    assert_eq!(large.all("#canvas .node").len(), 500);
    assert!(lit(&large).len() > 1);
    let larger = browser.show(&page(&rich::large(3000)), "#finding=2");
    let nodes = larger.all("#canvas .node").len();
    assert!((2..=500).contains(&nodes), "{nodes} nodes");
}

#[test]
fn the_policy_refuses_any_other_script() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let page = page(&rich::rich());
    let start = page.rfind("<script>").unwrap();
    let (before, script) = page.split_at(start);
    let changed = format!(
        "{before}{}",
        script.replacen("\"use strict\"", "\"use strict\" ", 1)
    );
    let shown = browser.show(&changed, "#finding=3");
    assert_eq!(shown.attributes("html", "class"), [""]);
    assert_eq!(shown.console.len(), 1, "{:?}", shown.console);
    assert!(
        shown.console[0].contains("Content Security Policy"),
        "{:?}",
        shown.console
    );
}
