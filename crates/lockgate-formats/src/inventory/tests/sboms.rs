//! Bills of materials in their corners.

use lockgate_model::InventoryKind::{CycloneDx, Spdx};

use super::{read, rows};

#[test]
fn what_a_cyclonedx_document_holds_is_read_or_said_to_be_passed_over() {
    let text = r#"{
  "bomFormat": "CycloneDX", "specVersion": "1.8",
  "metadata": {"component": {"bom-ref": "app", "type": "application", "name": "app"}},
  "components": [
    {"bom-ref": "d", "type": "library", "name": "Django", "version": "3.2.10",
     "purl": "pkg:pypi/Django@3.2.10", "components": [
       {"type": "library", "name": "inner", "purl": "pkg:pypi/inner@1.0%2Bcpu"}]},
    {"type": "library", "name": "zope", "purl": "pkg:pypi/zope.interface@5?repository_url=https://u:p@host.test/simple"},
    {"type": "library", "name": "v", "purl": "pkg:pypi/v@1?vcs_url=git%2Bhttps://host.test/v@abc"},
    {"type": "library", "name": "free", "purl": "pkg:pypi/free"},
    {"type": "library", "name": "odd", "purl": "pkg:pypi/odd@one"},
    {"type": "library", "name": "broken", "purl": "pkg:pypi"},
    {"type": "library", "name": "left-pad", "purl": "pkg:npm/left-pad@1"},
    {"type": "library", "name": "mystery", "version": "1"},
    {"type": "file", "name": "a.py"}
  ],
  "dependencies": [{"ref": "app", "dependsOn": ["d"]}, {"ref": "d", "dependsOn": ["d", "gone"]}]
}"#;
    let inventory = read(CycloneDx, text).unwrap();
    assert_eq!(
        rows(&inventory),
        [
            "5 django==3.2.10 <- app",
            "7 inner==1.0+cpu",
            "8 zope-interface==5",
            "9 v==1 direct(git+https://host.test/v@abc)",
            "10 free unpinned",
            "11 odd bad(one)",
            "12 pkg:pypi",
            "14 mystery (a library without a package URL)",
        ]
    );
    assert_eq!(
        inventory.remarks,
        [
            "it is CycloneDX 1.8, and what is newer than 1.7 in it is not read",
            "it names packages that are none of Python's index, and those were not looked at: 1 of npm",
            "1 of its components have no package URL, and were not looked at",
        ]
    );
    assert!(format!("{inventory:?}").contains("https://host.test/simple"));
    assert!(!format!("{inventory:?}").contains("u:p@"));
}

#[test]
fn the_older_spdx_is_read() {
    let text = r#"{
 "spdxVersion": "SPDX-2.2", "name": "shop", "SPDXID": "SPDXRef-DOCUMENT",
 "packages": [
  {"SPDXID": "SPDXRef-app", "name": "app"},
  {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1",
   "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/a@1"}]},
  {"SPDXID": "SPDXRef-b", "name": "b",
   "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/b@2"}]}
 ],
 "documentDescribes": ["SPDXRef-app"],
 "relationships": [
  {"spdxElementId": "SPDXRef-app", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-a"},
  {"spdxElementId": "SPDXRef-b", "relationshipType": "DEV_DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"},
  {"spdxElementId": "SPDXRef-app", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-b"}
 ]
}"#;
    let inventory = read(Spdx, text).unwrap();
    assert_eq!(rows(&inventory), ["5 a==1 <- app", "7 b==2 <- a"]);
    assert!(
        inventory.remarks[0].contains("`app`"),
        "{:?}",
        inventory.remarks
    );
}

#[test]
fn spdx_3_is_read() {
    let text = r#"{
 "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
 "@graph": [
  {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
  {"type": "SpdxDocument", "spdxId": "urn:doc", "name": "shop", "rootElement": ["urn:a", "urn:b"]},
  {"type": "software_Package", "spdxId": "urn:a", "name": "a", "software_packageUrl": "pkg:pypi/a@1"},
  {"type": "software_Package", "spdxId": "urn:b", "name": "b",
   "externalIdentifier": [{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:pypi/b@2"}, "urn:x"]},
  {"type": "ExternalIdentifier", "spdxId": "urn:x", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3"},
  {"type": "Relationship", "spdxId": "urn:r", "from": "urn:a", "relationshipType": "dependsOn", "to": ["urn:b"]}
 ]
}"#;
    let inventory = read(Spdx, text).unwrap();
    assert_eq!(rows(&inventory), ["6 a==1 <- shop", "7 b==2 <- a"]);
}

#[test]
fn a_bill_that_says_nothing_of_python_is_an_error() {
    let spdx = r#"{"spdxVersion": "SPDX-2.3", "packages": []}"#;
    let cdx = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [{"type": "library", "name": "x", "purl": "pkg:npm/x@1"}]}"#;
    for (kind, text, part) in [
        (Spdx, spdx, "no PyPI package"),
        (CycloneDx, cdx, "no PyPI package"),
        (
            CycloneDx,
            r#"{"bomFormat": "CycloneDX", "specVersion": "2.0"}"#,
            "only 1 is read",
        ),
        (
            CycloneDx,
            r#"{"bomFormat": "SPDX", "specVersion": "1.0"}"#,
            "bomFormat",
        ),
        (
            CycloneDx,
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": {}}"#,
            "must be a list",
        ),
        (
            CycloneDx,
            r#"{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}"#,
            "stands twice",
        ),
        (CycloneDx, "[]", "`bomFormat` is missing"),
        (CycloneDx, r#"{"bomFormat": "#, "EOF"),
        (Spdx, r#"{"spdxVersion": "SPDX-4.0"}"#, "SPDX-4.0"),
        (
            Spdx,
            r#"{"@graph": [{"type": "CreationInfo", "specVersion": "4.0"}]}"#,
            "SPDX 4.0",
        ),
        (Spdx, "{}", "`spdxVersion` is missing"),
    ] {
        let error = read(kind, text).unwrap_err();
        assert!(error.message.contains(part), "{text}: {error}");
        assert!(error.remedy.is_some());
    }
}
