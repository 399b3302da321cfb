//! The page, read as browsers read it.

use lockgate_model::AuditReport;
use lockgate_report::{AuditRun, html_page};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use crate::{assert_no_hidden_signs, rich, run};

pub(crate) fn page(report: &AuditReport) -> String {
    let mut out = Vec::new();
    html_page(report, &run(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

/// The text of the only element that a selector finds, blanks folded.
fn text(html: &Html, selector: &str) -> String {
    let found = select(html, selector);
    let [one] = found.as_slice() else {
        panic!("{} elements are {selector}", found.len());
    };
    flat(*one)
}

fn flat(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn data(html: &Html) -> Value {
    let found = select(html, "script[type='application/json']");
    let text: String = found[0].text().collect();
    serde_json::from_str(&text).expect("the data are JSON")
}

#[test]
fn everything_stands_in_the_page_without_its_script() {
    let source = page(&rich::rich());
    let html = Html::parse_document(&source);
    assert_eq!(html.errors, [""; 0]);
    assert!(text(&html, "#verdict").starts_with(
        "Incomplete: 9 entries could not be audited; 11 findings (10 distinct) in 11 packages"
    ));
    assert_eq!(select(&html, "#gaps tbody tr").len(), 9);
    assert_eq!(select(&html, "tbody.finding").len(), 12);
    assert_eq!(select(&html, "#places tbody tr").len(), 4);
    assert_eq!(select(&html, "#sources li").len(), 3);
    assert_eq!(select(&html, "#notices tbody tr").len(), 3);
    let detail = text(&html, "#detail-3");
    for words in [
        "upgrade urllib3 to 1.26.18 (also fixed in 2.0.7); requests==2.25.1 requires it",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "2024-09-01, changed 2024-10-01",
        "-r requirements.in → oldlib==2.0 → requests==2.25.1 → urllib3==1.26.5",
        "In 2 places requirements.txt:20 other/requirements.txt:9",
    ] {
        assert!(detail.contains(words), "`{words}` is not in: {detail}");
    }
    let ignored: Vec<String> = select(&html, "tbody.finding.ignored")
        .into_iter()
        .map(flat)
        .collect();
    assert!(ignored[0].contains("templates are ours (vulnerable_code_not_in_execute_path); until 2027-03-01, in lockgate.toml:3"), "{ignored:?}");
    let sql = text(&html, "#detail-2");
    for words in [
        "CWE-89",
        "CVE-2024-53908, GHSA-m9g8-fxxm-xg86",
        "osv, overlay",
    ] {
        assert!(sql.contains(words), "`{words}` is not in: {sql}");
    }
    assert!(text(&html, "#finding-10 .row .package").contains("accepted by policy"));
    assert!(text(&html, "header.top").contains("made 2024-10-16 09:30 UTC"));
    assert!(text(&html, "footer").contains("lockgate audit requirements.txt "));
}

#[test]
fn the_page_asks_nobody_for_anything() {
    for report in [rich::rich(), rich::large(30)] {
        let source = page(&report);
        let html = Html::parse_document(&source);
        let elsewhere = "[src], [srcset], [action], [formaction], [background], [poster], [data], [style], link, base, iframe, object, embed, img, form, svg, template, meta[http-equiv='refresh']";
        assert_eq!(select(&html, elsewhere).len(), 0);
        for link in select(&html, "[href]") {
            let url = link.attr("href").unwrap();
            assert_eq!(link.value().name(), "a");
            assert!(
                url.starts_with("https://") || url.starts_with("http://"),
                "{url}"
            );
            assert!(!url.contains(['"', '<', '>', ' ', '|']), "{url}");
            assert!(link.attr("rel").unwrap().contains("noopener"), "{url}");
        }
        assert!(!select(&html, "a[href]").is_empty());
        for element in select(&html, "*") {
            let handler = element
                .value()
                .attrs()
                .find(|(key, _)| key.starts_with("on"));
            assert_eq!(handler, None);
        }
        for word in ["url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML"] {
            let code: String = select(&html, "style, script:not([type])")
                .iter()
                .flat_map(ElementRef::text)
                .collect();
            assert!(!code.contains(word), "{word}");
        }
    }
}

#[test]
fn the_policy_admits_these_texts_and_nothing_else() {
    let html = Html::parse_document(&page(&rich::rich()));
    let policy = select(&html, "meta[http-equiv='Content-Security-Policy']")[0]
        .attr("content")
        .unwrap();
    let mut directives: Vec<&str> = policy
        .split("; ")
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    directives.sort_unstable();
    assert_eq!(
        directives,
        [
            "base-uri",
            "default-src",
            "form-action",
            "script-src",
            "style-src"
        ]
    );
    assert!(policy.starts_with("default-src 'none'; "));
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"));
    // The policy stands before everything that it speaks of.
    let head = select(&html, "head > *");
    assert_eq!(head[1].attr("http-equiv"), Some("Content-Security-Policy"));
}

#[test]
fn hostile_text_is_only_text() {
    let source = page(&rich::rich());
    assert_no_hidden_signs(&source);
    let html = Html::parse_document(&source);
    assert_eq!(select(&html, "script").len(), 2);
    assert_eq!(
        select(&html, "body > *")
            .iter()
            .map(|it| it.value().name())
            .collect::<Vec<_>>(),
        ["header", "main", "footer", "script", "script"]
    );
    assert!(
        text(&html, "main")
            .matches("<script>alert(1)</script> </script><!-- <img src=x")
            .count()
            > 10
    );
    let json = select(&html, "script[type='application/json']")[0]
        .text()
        .collect::<String>();
    assert!(!json.contains(['<', '>', '&']));
    let texts = data(&html).to_string();
    assert!(texts.contains("</script><!--"), "the text itself is kept");
    assert!(!texts.contains('\u{202e}') && !texts.contains("\\u001b"));
}

#[test]
fn the_data_are_the_graph_and_where_the_findings_stand_in_it() {
    let html = Html::parse_document(&page(&rich::rich()));
    let data = data(&html);
    let graphs = data["graphs"].as_array().unwrap();
    assert_eq!(graphs[0]["place"], "requirements.txt");
    assert_eq!(graphs[0]["whole"], true);
    let text_of = |node: &Value| {
        graphs[0]["nodes"][usize::try_from(node.as_u64().unwrap()).unwrap()]["text"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut edges: Vec<(String, String)> = graphs[0]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| (text_of(&edge[0]), text_of(&edge[1])))
        .collect();
    edges.sort();
    let root = "-r requirements.in";
    let expected = [
        (root, "django==4.2.1"),
        (root, "jinja2==3.1.2"),
        (root, "oldlib==2.0"),
        (root, "requests==2.25.1"),
        ("oldlib==2.0", "evilpkg==1.0"),
        ("oldlib==2.0", "requests==2.25.1"),
        ("requests==2.25.1", "urllib3==1.26.5"),
    ];
    assert_eq!(
        edges,
        expected.map(|(from, to)| (from.to_owned(), to.to_owned()))
    );
    let severity = |text: &str| {
        graphs[0]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|node| node["text"] == text)
            .unwrap()["severity"]
            .clone()
    };
    assert_eq!(severity("django==4.2.1"), "critical");
    assert_eq!(severity("jinja2==3.1.2"), "ignored");
    assert_eq!(severity("clean==1.0"), Value::Null);
    // One entry for each row, in the order of the rows.
    let findings = data["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 12);
    assert_eq!(findings[2]["id"], "PYSEC-2023-212");
    assert_eq!(
        findings[2]["at"].as_array().unwrap().len(),
        1,
        "nothing is known of the other place's graph"
    );
    assert_eq!(text_of(&findings[2]["at"][0][1]), "urllib3==1.26.5");
}

#[test]
fn of_a_graph_too_large_to_draw_only_the_paths_are_kept() {
    for (count, whole) in [(499, true), (2000, false)] {
        let report = rich::large(count);
        let html = Html::parse_document(&page(&report));
        let data = data(&html);
        let graph = &data["graphs"][0];
        assert_eq!(graph["whole"], whole);
        let nodes = graph["nodes"].as_array().unwrap();
        if whole {
            assert_eq!(nodes.len(), count + 1);
        } else {
            assert!(nodes.len() < count, "{} nodes", nodes.len());
            let ends: std::collections::BTreeSet<u64> = graph["edges"]
                .as_array()
                .unwrap()
                .iter()
                .map(|edge| edge[0].as_u64().unwrap())
                .collect();
            for (place, node) in nodes.iter().enumerate() {
                let leads_on = ends.contains(&u64::try_from(place).unwrap());
                assert!(
                    leads_on || !node["severity"].is_null(),
                    "{node} is on no path"
                );
            }
        }
        let with_findings = report
            .packages
            .iter()
            .filter(|it| !it.findings.is_empty())
            .count();
        assert_eq!(
            nodes
                .iter()
                .filter(|node| !node["severity"].is_null())
                .count(),
            with_findings
        );
    }
}

#[test]
fn the_same_report_gives_the_same_bytes_and_only_the_run_is_dated() {
    assert_eq!(page(&rich::rich()), page(&rich::rich()));
    let mut out = Vec::new();
    html_page(&rich::rich(), &AuditRun::default(), &mut out).unwrap();
    let undated = String::from_utf8(out).unwrap();
    assert!(!undated.contains("made 20"));
}

#[test]
fn no_findings_is_said_only_where_nothing_is_open() {
    let clean = Html::parse_document(&page(&rich::large(4)));
    assert!(text(&clean, "#verdict").starts_with("No findings in 4 packages"));
    assert_eq!(text(&clean, "#findings p"), "None.");
    assert_eq!(select(&clean, "section.verdict.clean").len(), 1);
    assert_eq!(select(&clean, "#gaps").len(), 0);
    let mut report = rich::large(4);
    report.gaps = rich::rich().gaps;
    let gaps = Html::parse_document(&page(&report));
    assert!(!text(&gaps, "main").contains("No findings"));
    assert_eq!(text(&gaps, "#findings p"), "None among what was audited.");
    let mut report = rich::large(4);
    report.evidence = None;
    let off = Html::parse_document(&page(&report));
    assert!(text(&off, "#verdict").starts_with("Not audited"));
}

#[test]
fn a_finding_of_many_locks_is_one_row() {
    let html = Html::parse_document(&page(&rich::fleet(1200)));
    assert_eq!(select(&html, "tbody.finding").len(), 1);
    assert!(text(&html, "#finding-1 .row .place").starts_with("1200 locks: "));
    assert_eq!(select(&html, ".places li").len(), 500);
    assert!(text(&html, "#detail-1").contains("and 700 more"));
}
