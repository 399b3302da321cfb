//! Bills of materials as tools hand them out: wrapped, in XML, and with libraries that have no package URL.

use lockgate_tests::{Advisory, TestContext};

use super::asking::{audit, codes, document, findings};

const PACKAGE: &str =
    r#"{"type":"library","name":"bad","version":"1.0","purl":"pkg:pypi/bad@1.0"}"#;

fn prepared(file: &str, content: &str) -> TestContext {
    let context = TestContext::new();
    let advisories = [
        Advisory::new("PYSEC-2024-1", "bad").between("0", "1.5"),
        Advisory::of_today(),
    ];
    context.write_advisories("db", &advisories);
    context.write(file, content);
    context
}

fn cyclonedx(components: &str) -> String {
    format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{components}]}}"#)
}

fn spdx() -> String {
    let external = r#"[{"referenceType":"purl","referenceLocator":"pkg:pypi/bad@1.0"}]"#;
    format!(
        r#"{{"spdxVersion":"SPDX-2.3","name":"n","packages":[{{"SPDXID":"SPDXRef-a","name":"bad","externalRefs":{external}}}],"relationships":[]}}"#
    )
}

#[test]
fn a_bill_is_found_in_what_services_and_attestations_wrap_around_it() {
    let (cyclonedx, spdx) = (cyclonedx(PACKAGE), spdx());
    for bill in [&cyclonedx, &spdx] {
        for content in [
            bill.clone(),
            format!(r#"{{"sbom":{bill}}}"#),
            format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","predicate":{bill}}}"#
            ),
            format!(r#"{{"predicateType":"x","predicate":{{"Data":{bill}}}}}"#),
        ] {
            let context = prepared("answer.json", &content);
            let run = audit(
                &context,
                &["answer.json", "--advisories", "db", "-f", "json"],
            )
            .run();
            run.exits(1);
            assert!(
                findings(&document(&run)).contains("bad==1.0 PYSEC-2024-1"),
                "{content}"
            );
        }
    }
    for content in [
        r#"{"sbom":[]}"#,
        r#"{"predicate":{"x":1}}"#,
        r#"{"sbom":{"sbom":{}}}"#,
    ] {
        let context = prepared("answer.json", content);
        audit(&context, &["answer.json", "--advisories", "db"])
            .run()
            .exits(2);
    }
}

#[test]
fn a_bill_in_xml_is_named_as_such() {
    for (content, form) in [
        (
            r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6"></bom>"#,
            "CycloneDX document in XML",
        ),
        (
            r#"<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#"></rdf:RDF>"#,
            "SPDX document in RDF or XML",
        ),
    ] {
        let context = prepared("bill", content);
        let run = audit(&context, &["bill", "--advisories", "db"]).run();
        run.exits(2);
        run.mentions(&[form, "as JSON"]);
    }
}

#[test]
fn a_library_without_a_package_url_beside_packages_of_pypi_is_a_gap() {
    let clean = r#"{"type":"library","name":"good","version":"1.0","purl":"pkg:pypi/good@1.0"}"#;
    for (more, gaps) in [
        (r#"{"type":"library","name":"bad","version":"1.0"}"#, 1),
        (r#"{"type":"framework","name":"bad"}"#, 1),
        (r#"{"type":"file","name":"bad.py"}"#, 0),
        (r#"{"type":"library","name":"x","purl":"pkg:npm/x@1"}"#, 0),
    ] {
        let context = prepared("bom.json", &cyclonedx(&format!("{clean},{more}")));
        let run = audit(&context, &["bom.json", "--advisories", "db", "-f", "json"]).run();
        run.exits(if gaps > 0 { 2 } else { 0 });
        let expected = vec!["unnamed"; gaps];
        assert_eq!(codes(&document(&run), "gaps"), expected, "{more}");
    }
    // What a document is about needs none, nor what is stated to be no library.
    let external = r#"[{"referenceType":"purl","referenceLocator":"pkg:pypi/good@1.0"}]"#;
    for (purpose, gaps) in [("", 1), (r#""primaryPackagePurpose":"APPLICATION","#, 0)] {
        let context = prepared(
            "bill.spdx.json",
            &format!(
                r#"{{"spdxVersion":"SPDX-2.3","name":"n","documentDescribes":["SPDXRef-app"],"packages":[
                {{"SPDXID":"SPDXRef-app","name":"app"}},{{{purpose}"SPDXID":"SPDXRef-b","name":"b"}},
                {{"SPDXID":"SPDXRef-a","name":"good","externalRefs":{external}}}]}}"#
            ),
        );
        let run = audit(
            &context,
            &["bill.spdx.json", "--advisories", "db", "-f", "json"],
        )
        .run();
        run.exits(if gaps > 0 { 2 } else { 0 });
        assert_eq!(codes(&document(&run), "gaps").len(), gaps);
    }
}

/// A reference tells what a component is; what only has the package URL of what the bill is about is a package.
#[test]
fn the_root_of_a_bill_hides_no_component() {
    let bill = |root: &str, component: &str, dependencies: &str| {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6",
            "metadata":{{"component":{{"type":"application","name":"bad",{root}"purl":"pkg:pypi/bad@1.0"}}}},
            "components":[{{"type":"library","name":"bad","version":"1.0",{component}"purl":"pkg:pypi/bad@1.0"}},
                {{"type":"library","name":"good","version":"1.0","purl":"pkg:pypi/good@1.0","bom-ref":"g"}}]{dependencies}}}"#
        )
    };
    let (root, other) = (r#""bom-ref":"root","#, r#""bom-ref":"x","#);
    for (text, code) in [
        (
            bill(
                root,
                other,
                r#","dependencies":[{"ref":"root","dependsOn":["g","x"]}]"#,
            ),
            1,
        ),
        (
            bill(
                root,
                other,
                r#","dependencies":[{"ref":"root","dependsOn":["g"]}]"#,
            ),
            1,
        ),
        (bill(root, other, ""), 1),
        (bill(root, "", ""), 1),
        (bill("", "", ""), 1),
        // The root stated again, and so but needed by something.
        (bill(root, root, ""), 0),
        (
            bill(
                root,
                root,
                r#","dependencies":[{"ref":"g","dependsOn":["root"]}]"#,
            ),
            1,
        ),
    ] {
        let context = prepared("a.cdx.json", &text);
        let run = audit(&context, &["a.cdx.json", "--advisories", "db"]).run();
        assert_eq!(run.code, code, "{text}\n{}{}", run.stdout, run.stderr);
    }
}

/// Whoever reads one of two statements must not be told that the other holds.
#[test]
fn a_bill_that_contradicts_itself_is_refused() {
    let spdx = |members: &str| {
        format!(
            r#"{{"spdxVersion":"SPDX-2.3","name":"n","packages":[{{"SPDXID":"SPDXRef-a",{members},
            "externalRefs":[{{"referenceType":"purl","referenceLocator":"pkg:pypi/good@1.5"}}]}}],"relationships":[]}}"#
        )
    };
    let component = |members: &str| cyclonedx(&format!(r#"{{"type":"library",{members}}}"#));
    for (file, text, said) in [
        (
            "a.cdx.json",
            component(r#""name":"good","version":"1.0","purl":"pkg:pypi/good@1.5""#),
            "the version beside it is `1.0`",
        ),
        (
            "a.cdx.json",
            component(
                r#""name":"good","purl":"pkg:pypi/good@1.5?file_name=good-1.0-py3-none-any.whl""#,
            ),
            "its file `good-1.0-py3-none-any.whl` is of another release",
        ),
        (
            "a.spdx.json",
            spdx(r#""name":"good","versionInfo":"1.0""#),
            "the version beside it is `1.0`",
        ),
        (
            "a.spdx.json",
            spdx(r#""name":"good","packageFileName":"./bad-1.0.tar.gz""#),
            "its file `bad-1.0.tar.gz` is of another release",
        ),
    ] {
        let context = prepared(file, &text);
        let run = audit(&context, &[file, "--advisories", "db"]).run();
        run.exits(2).mentions(&[said, &format!("{file}:")]);
    }
    // What is written otherwise, or is no version, contradicts nothing.
    for (file, text) in [
        (
            "a.cdx.json",
            component(r#""name":"Good","version":"1.5.0","purl":"pkg:pypi/good@1.5""#),
        ),
        (
            "a.spdx.json",
            spdx(r#""name":"pip:good","versionInfo":">= 1.0""#),
        ),
    ] {
        let context = prepared(file, &text);
        audit(&context, &[file, "--advisories", "db"])
            .run()
            .exits(0);
    }
}

#[test]
fn what_is_no_known_kind_of_component_may_be_a_library() {
    for (component, code, gap) in [
        (r#"{"name":"bad","version":"1.0"}"#, 2, &["unnamed"][..]),
        (
            r#"{"type":"Library","name":"bad","version":"1.0"}"#,
            2,
            &["unnamed"],
        ),
        (r#"{"type":"application","name":"bad"}"#, 0, &[]),
        // What is no package URL of a project, and one without the version that stands beside it.
        (
            r#"{"type":"library","name":"bad","purl":"bad@1.0"}"#,
            2,
            &["unnamed"],
        ),
        (
            r#"{"type":"library","name":"bad","purl":"pkg:pypi/ns/bad@1.0"}"#,
            2,
            &["unnamed"],
        ),
        (
            r#"{"type":"library","name":"bad","version":"1.0","purl":"pkg:pypi/bad"}"#,
            1,
            &[],
        ),
    ] {
        let good = r#"{"type":"library","name":"good","purl":"pkg:pypi/good@1.0"}"#;
        let context = prepared("a.cdx.json", &cyclonedx(&format!("{good},{component}")));
        let run = audit(
            &context,
            &["a.cdx.json", "--advisories", "db", "-f", "json"],
        )
        .run();
        run.exits(code);
        assert_eq!(codes(&document(&run), "gaps"), gap, "{component}");
    }
}
