//! Documents as tools and people write them, and as they must not be.

use serde_json::{Value, json};

use super::{VexIgnore, VexStatement, VexStatus, read_openvex, vex_ignores};

fn document(statements: &Value) -> String {
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "someone",
        "role": "owner",
        "timestamp": "2026-01-02T03:04:05Z",
        "version": 1,
        "statements": statements,
    });
    format!("{document:#}")
}

fn read(statements: &Value) -> Vec<VexStatement> {
    read_openvex("vex.json", &document(statements)).unwrap()
}

fn stated(statement: &VexStatement) -> Vec<String> {
    let products = statement.products.iter();
    products
        .map(|product| match &product.version {
            Some(version) => format!("{} {version}", product.name),
            None => product.name.to_string(),
        })
        .collect()
}

#[test]
fn a_statement_is_read_with_all_that_it_says() {
    let statements = read(&json!([
        {
            "@id": "https://example.org/vex/1#1",
            "version": 2,
            "vulnerability": {
                "@id": "https://example.org/CVE-2024-1",
                "name": "CVE-2024-1",
                "description": "…",
                "aliases": ["GHSA-a", "cve-2024-1", "PYSEC-2024-1"],
            },
            "products": [{
                "@id": "pkg:pypi/Jinja2@2.4.1",
                "identifiers": { "purl": "pkg:pypi/jinja2@2.4.1", "cpe23": "cpe:2.3:a:x:y" },
                "hashes": { "sha-256": "00" },
            }],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            "impact_statement": "no templates of others",
            "status_notes": "seen",
            "supplier": "us",
            "timestamp": "2023-01-08T18:02:03.647787998-06:00",
            "last_updated": "2023-01-08T18:02:03Z",
        },
        {
            "vulnerability": { "name": "CVE-2024-2" },
            "products": [{ "@id": "pkg:pypi/b" }],
            "status": "affected",
            "action_statement": "upgrade",
            "action_statement_timestamp": "2023-01-08T18:02:03Z",
        },
    ]));
    let [first, second] = statements.as_slice() else {
        panic!("{statements:?}");
    };
    assert_eq!(first.ids, ["CVE-2024-1", "GHSA-a", "PYSEC-2024-1"]);
    assert_eq!(stated(first), ["jinja2 2.4.1"]);
    assert_eq!(first.status, VexStatus::NotAffected);
    assert_eq!(
        first.justification,
        Some("vulnerable_code_not_in_execute_path")
    );
    assert_eq!(
        first.impact_statement.as_deref(),
        Some("no templates of others")
    );
    assert_eq!(first.status_notes.as_deref(), Some("seen"));
    assert_eq!(
        first.timestamp.to_string(),
        "2023-01-09T00:02:03.647787998Z"
    );
    assert_eq!((first.number, first.line), (1, 7));
    assert_eq!(first.origin, "vex.json:7");
    assert_eq!(second.timestamp.to_string(), "2026-01-02T03:04:05Z");
    assert_eq!((second.number, second.status), (2, VexStatus::Affected));
    assert!(second.line > first.line);
}

#[test]
fn products_are_packages_of_pypi_or_their_parts() {
    let cases = [
        (
            json!("pkg:pypi/Zope.Interface@1%212.0%2Bcpu"),
            vec!["zope-interface 1!2.0+cpu"],
        ),
        (json!("pkg:pypi/a"), vec!["a"]),
        (json!("pkg:PyPI/a@1?arch=x#sub"), vec!["a 1"]),
        (
            json!({ "identifiers": { "purl": "pkg:pypi/a@1" } }),
            vec!["a 1"],
        ),
        (
            json!({ "@id": "https://example.org/app", "identifiers": { "purl": "pkg:pypi/a@1" } }),
            vec!["a 1"],
        ),
        (json!({ "@id": "pkg:oci/app@sha256%3Aab" }), vec![]),
        (json!({ "@id": "pkg:npm/a@1" }), vec![]),
        (
            json!({ "@id": "pkg:oci/app", "subcomponents": [{ "@id": "pkg:pypi/a@1" }, { "@id": "pkg:npm/b@1" }, { "@id": "pkg:pypi/c" }] }),
            vec!["a 1", "c"],
        ),
        // Of a product with parts, the parts are meant.
        (
            json!({ "@id": "pkg:pypi/app@1", "subcomponents": [{ "identifiers": { "purl": "pkg:pypi/a@1" } }] }),
            vec!["a 1"],
        ),
    ];
    for (product, expected) in cases {
        let statements = read(&json!([{
            "vulnerability": { "name": "CVE-1" },
            "products": [product, product],
            "status": "fixed",
        }]));
        assert_eq!(stated(&statements[0]), expected, "{product}");
    }
}

#[test]
fn older_documents_name_vulnerabilities_by_their_id_alone() {
    let text = json!({
        "@context": "https://openvex.dev/ns",
        "timestamp": "2023-01-02T03:04:05+01:00",
        "statements": [{
            "vulnerability": "CVE-2023-1",
            "products": ["pkg:pypi/a@1"],
            "status": "under_investigation",
        }],
    });
    let statements = read_openvex("vex.json", &format!("\u{feff}{text}")).unwrap();
    assert_eq!(statements[0].ids, ["CVE-2023-1"]);
    assert_eq!(stated(&statements[0]), ["a 1"]);
}

#[test]
fn what_is_not_understood_is_an_error_with_its_statement() {
    let good = json!({
        "vulnerability": { "name": "CVE-1" },
        "products": [{ "@id": "pkg:pypi/a@1" }],
        "status": "not_affected",
        "justification": "component_not_present",
    });
    let cases: [(&str, Value, &str); 14] = [
        ("status", json!("harmless"), "`harmless` is no status"),
        ("status", Value::Null, "invalid type: null"),
        (
            "justification",
            json!("not_needed"),
            "`not_needed` is no justification",
        ),
        (
            "justification",
            Value::Null,
            "needs a `justification` or an `impact_statement`",
        ),
        ("products", json!([]), "it names no product"),
        ("products", json!([{}]), "neither `@id` nor `identifiers`"),
        (
            "products",
            json!(["pkg:pypi/a@2004d-x"]),
            "`2004d-x` is no version",
        ),
        ("products", json!(["pkg:pypi/-a-"]), "pkg:pypi/-a-"),
        ("products", json!(["pkg:pypi/space/a@1"]), "namespace"),
        (
            "products",
            json!([{ "@id": "pkg:pypi/a@1", "identifiers": { "purl": "pkg:pypi/a@2" } }]),
            "different packages",
        ),
        (
            "products",
            json!([{ "@id": "pkg:pypi/a", "parts": [] }]),
            "a product is none",
        ),
        (
            "vulnerability",
            json!({ "id": "CVE-1" }),
            "no vulnerability with a `name`",
        ),
        (
            "timestamp",
            json!("yesterday"),
            "`timestamp` is `yesterday`",
        ),
        (
            "subcomponents",
            json!(["pkg:pypi/b"]),
            "unknown field `subcomponents`",
        ),
    ];
    for (member, value, expected) in cases {
        let mut bad = good.clone();
        bad[member] = value.clone();
        if value.is_null() && member == "justification" {
            bad.as_object_mut().unwrap().remove(member);
        }
        let text = document(&json!([good, bad]));
        let error = read_openvex("vex.json", &text).unwrap_err();
        let line = text
            .lines()
            .enumerate()
            .filter(|(_, line)| *line == "    {")
            .nth(1)
            .map(|(at, _)| at + 1);
        assert_eq!(error.line, line, "{error}");
        assert!(
            error.to_string().contains("statement 2: ") && error.message.contains(expected),
            "{member} {value}: {error}"
        );
        assert!(!error.message.contains(" at line "), "{error}");
    }
}

#[test]
fn other_documents_are_refused_as_a_whole() {
    let cases = [
        ("", "no OpenVEX document"),
        ("[]", "no OpenVEX document"),
        ("{\"statements\": []}", "missing field `@context`"),
        (
            r#"{"@context": "https://openvex.dev/ns/v9", "timestamp": "2026-01-01T00:00:00Z", "statements": []}"#,
            "`https://openvex.dev/ns/v9`, which is no version",
        ),
        (
            r#"{"@context": "https://openvex.dev/ns", "timestamp": "now", "statements": []}"#,
            "`timestamp` of the document is `now`",
        ),
        (
            r#"{"@context": "https://openvex.dev/ns", "timestamp": "2026-01-01T00:00:00Z", "statements": [{]}"#,
            "no OpenVEX document",
        ),
    ];
    for (text, expected) in cases {
        let error = read_openvex("vex.json", text).unwrap_err();
        assert_eq!(error.file, "vex.json");
        assert!(error.message.contains(expected), "{text}: {error}");
    }
}

fn one(id: &str, product: &str, status: &str, day: u8) -> Value {
    json!({
        "vulnerability": { "name": id, "aliases": [format!("alias-of-{id}")] },
        "products": [product],
        "status": status,
        "impact_statement": "none",
        "timestamp": format!("2026-01-{day:02}T00:00:00Z"),
    })
}

#[test]
fn a_later_statement_takes_an_earlier_one_back() {
    let (not, fixed, yes, open) = ("not_affected", "fixed", "affected", "under_investigation");
    let a1 = "pkg:pypi/a@1";
    let cases = [
        (vec![one("C", a1, not, 1)], vec!["C a 1"]),
        (vec![one("C", a1, fixed, 1)], vec!["C a 1"]),
        (vec![one("C", a1, yes, 1)], vec![]),
        (vec![one("C", a1, not, 1), one("C", a1, yes, 2)], vec![]),
        (vec![one("C", a1, not, 1), one("C", a1, open, 1)], vec![]),
        // The date counts, not the order.
        (
            vec![one("C", a1, not, 3), one("C", a1, yes, 2)],
            vec!["C a 1"],
        ),
        (
            vec![one("C", a1, yes, 1), one("C", a1, not, 2)],
            vec!["C a 1"],
        ),
        // Another vulnerability, project or version is another matter.
        (
            vec![one("C", a1, not, 1), one("D", a1, yes, 2)],
            vec!["C a 1"],
        ),
        (
            vec![one("C", a1, not, 1), one("C", "pkg:pypi/b@1", yes, 2)],
            vec!["C a 1"],
        ),
        (
            vec![one("C", a1, not, 1), one("C", "pkg:pypi/a@2", yes, 2)],
            vec!["C a 1"],
        ),
        // One version of all, and all of one.
        (
            vec![one("C", "pkg:pypi/a", not, 1), one("C", a1, yes, 2)],
            vec![],
        ),
        (
            vec![one("C", a1, not, 1), one("C", "pkg:pypi/a", yes, 2)],
            vec![],
        ),
        (
            vec![one("C", a1, not, 1), one("C", "pkg:pypi/a@1%2Bcpu", yes, 2)],
            vec![],
        ),
        // By an alias.
        (
            vec![one("C", a1, not, 1), one("alias-of-C", a1, yes, 2)],
            vec![],
        ),
        // Said again.
        (
            vec![one("C", a1, not, 1), one("C", a1, fixed, 2)],
            vec!["C a 1"],
        ),
    ];
    for (statements, expected) in cases {
        let read = read(&json!(statements));
        let standing: Vec<String> = vex_ignores(&read)
            .iter()
            .map(|VexIgnore { statement, product }| {
                let version = product.version.as_ref();
                let version = version.map_or_else(String::new, |version| format!(" {version}"));
                format!("{} {}{version}", statement.ids[0], product.name)
            })
            .collect();
        assert_eq!(standing, expected, "{}", json!(statements));
    }
}

#[test]
fn a_product_covers_its_release_and_builds_of_it() {
    let cases = [
        ("pkg:pypi/a", "a", "3", true),
        ("pkg:pypi/a@1.0", "a", "1", true),
        ("pkg:pypi/a@1.0", "a", "1.0+cpu", true),
        ("pkg:pypi/a@1.0%2Bcpu", "a", "1.0", false),
        ("pkg:pypi/a@1.0%2Bcpu", "a", "1.0+cuda", false),
        ("pkg:pypi/a@1.0", "a", "1.1", false),
        ("pkg:pypi/a@1.0", "b", "1.0", false),
    ];
    for (purl, name, version, expected) in cases {
        let read = read(&json!([one("C", purl, "fixed", 1)]));
        let covers = read[0].products[0].covers(&name.parse().unwrap(), &version.parse().unwrap());
        assert_eq!(covers, expected, "{purl} {name} {version}");
    }
}

#[test]
fn what_a_report_states_is_read_back() {
    let text = include_str!("../../../lockgate-report/tests/snapshots/audit.openvex.json");
    let statements = read_openvex("audit.openvex.json", text).unwrap();
    let ignores: Vec<(String, String, Option<&str>)> = vex_ignores(&statements)
        .iter()
        .map(|VexIgnore { statement, product }| {
            let id = statement.ids[0].clone();
            (id, product.name.to_string(), statement.justification)
        })
        .collect();
    let ignore = |id: &str, name: &str, why| (id.to_owned(), name.to_owned(), why);
    let expected = [
        ignore(
            "CVE-2024-1000",
            "web-frame",
            Some("vulnerable_code_cannot_be_controlled_by_adversary"),
        ),
        ignore("GHSA-hhhh-hhhh-hhhh", "hostile", None),
        ignore("PYSEC-2025-40", "torch", None),
    ];
    assert_eq!(ignores, expected);
    assert_eq!(statements.len(), 9);
}

#[test]
fn each_statement_has_its_line_whatever_lies_between_them() {
    let statement = |id: &str| {
        format!(
            r#"{{"vulnerability":{{"name":"{id}"}},"products":[{{"@id":"pkg:pypi/a@1"}}],"status":"affected"}}"#
        )
    };
    let text = format!(
        "\u{feff}{{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\n\"timestamp\":\"2026-01-02T03:04:05Z\",\n\"statements\":[{},{},\n\n{}\n,{}]}}",
        statement("CVE-1"),
        statement("CVE-2"),
        statement("CVE-3"),
        statement("CVE-4"),
    );
    let statements = read_openvex("vex.json", &text).unwrap();
    let lines: Vec<usize> = statements.iter().map(|statement| statement.line).collect();
    assert_eq!(lines, [3, 3, 5, 6]);
    assert_eq!(statements[2].origin, "vex.json:5");
}

/// What stands, by looking through all of it for each statement.
fn standing_slowly(statements: &[VexStatement]) -> Vec<(usize, usize)> {
    let mut ordered: Vec<&VexStatement> = statements.iter().collect();
    ordered.sort_by_key(|statement| statement.timestamp);
    let mut standing: Vec<(&VexStatement, usize)> = Vec::new();
    for later in ordered {
        for (number, product) in later.products.iter().enumerate() {
            standing.retain(|(earlier, at)| {
                let known = &earlier.products[*at];
                let version = |version: &Option<lockgate_model::Version>| {
                    version.clone().map(lockgate_model::Version::without_local)
                };
                let (one, other) = (version(&known.version), version(&product.version));
                let is_about = known.name == product.name
                    && (one.is_none() || other.is_none() || one == other)
                    && (earlier.ids.iter())
                        .any(|id| later.ids.iter().any(|other| other.eq_ignore_ascii_case(id)));
                let is_same = known == product && earlier.ids == later.ids;
                !(if later.status.is_ignore() {
                    is_same
                } else {
                    is_about
                })
            });
            if later.status.is_ignore() {
                standing.push((later, number));
            }
        }
    }
    let mut places: Vec<(usize, usize)> = standing
        .iter()
        .map(|(statement, product)| (statement.number, *product))
        .collect();
    places.sort_unstable();
    places
}

#[test]
fn what_stands_agrees_with_looking_through_all_of_it() {
    // A generator of numbers that does not need a crate, and always says the same.
    let mut state = 7u64;
    let mut any = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..300 {
        let statements: Vec<Value> = (0..12)
            .map(|_| {
                let ids = ["CVE-1", "cve-1", "CVE-2", "GHSA-1"];
                let products = ["a", "a@1", "a@1+cpu", "a@2", "b@1"];
                let products: Vec<Value> = (0..=any(2))
                    .map(|_| json!({ "@id": format!("pkg:pypi/{}", products[any(5)]) }))
                    .collect();
                let (name, alias) = (ids[any(4)], ids[any(4)]);
                let status = if any(3) == 0 { "affected" } else { "fixed" };
                json!({
                    "vulnerability": { "name": name, "aliases": [alias] },
                    "products": products,
                    "status": status,
                    "impact_statement": "none",
                    "timestamp": format!("2026-01-0{}T00:00:00Z", 1 + any(4)),
                })
            })
            .collect();
        let statements = read(&Value::Array(statements));
        let mut found: Vec<(usize, usize)> = vex_ignores(&statements)
            .iter()
            .map(|VexIgnore { statement, product }| {
                let products = statement.products.iter();
                let place = products.enumerate().find(|(_, other)| other == product);
                (statement.number, place.unwrap().0)
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, standing_slowly(&statements));
    }
}
