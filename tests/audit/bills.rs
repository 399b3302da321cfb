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

/// What something depends on is a package, whatever the bill says to be about.
#[test]
fn the_root_of_a_bill_hides_no_component() {
    let bill = |needed: &str| {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6",
            "metadata":{{"component":{{"type":"application","name":"app","bom-ref":"root","purl":"pkg:pypi/bad@1.0"}}}},
            "components":[{{"type":"library","name":"bad","version":"1.0","purl":"pkg:pypi/bad@1.0","bom-ref":"x"}},
                {{"type":"library","name":"good","version":"1.0","purl":"pkg:pypi/good@1.0","bom-ref":"g"}}],
            "dependencies":[{{"ref":"root","dependsOn":[{needed}]}}]}}"#
        )
    };
    for (needed, code) in [(r#""g","x""#, 1), (r#""g""#, 0)] {
        let context = prepared("a.cdx.json", &bill(needed));
        let run = audit(&context, &["a.cdx.json", "--advisories", "db"]).run();
        run.exits(code);
    }
}
