//! Lists that `audit` reads: advisories, locks, inventories of other tools.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{PIN, Row, audit, events, foreign, judged, lines, record, records, texts, with};

pub(super) const ALL: &[Row] = &[
    Row::new("osv-versions", 10_000, |context, count| {
        let versions = texts(count, |n| format!("2.{n}"));
        audit(context, &[json!({"versions": versions})], &[], PIN)
    }),
    Row::new("osv-ranges", 10_000, |context, count| {
        let range = |n: usize| json!({"type": "ECOSYSTEM", "events": events(n)});
        let ranges: Vec<Value> = (0..count).map(range).collect();
        audit(context, &[json!({"ranges": ranges})], &[], PIN)
    }),
    Row::new("osv-events", 10_000, |context, count| {
        let events: Vec<Value> = (0..count).flat_map(events).collect();
        audit(
            context,
            &[json!({"ranges": [{"type": "ECOSYSTEM", "events": events}]})],
            &[],
            PIN,
        )
    }),
    Row::new("osv-affected", 5000, |context, count| {
        let entry = |n: usize| json!({"ranges": [{"type": "ECOSYSTEM", "events": events(n)}]});
        let affected: Vec<Value> = (0..count).map(entry).collect();
        audit(context, &affected, &[], PIN)
    }),
    Row::new("osv-aliases", 10_000, |context, count| {
        let aliases = texts(count, |n| format!("CVE-2020-{n}"));
        audit(context, &[json!({"versions": ["1.0"]})], &aliases, PIN)
    })
    .up_to(6)
    .ends(1),
    Row::new("pins", 3000, |context, count| {
        let pins = lines(count, |n| {
            format!("alpha{n}==1.0\n    # via alpha{}", n / 2)
        });
        audit(context, &[json!({"versions": ["1.0"]})], &[], &pins)
    }),
    Row::new("hashes", 5000, |context, count| {
        let hashes = texts(count, |n| format!(" \\\n    --hash=sha256:{n:064x}"));
        audit(
            context,
            &[json!({"versions": ["2.0"]})],
            &[],
            &format!("alpha==1.0{}\n", hashes.concat()),
        )
    }),
    Row::new("via-lines", 5000, |context, count| {
        let via = lines(count, |n| format!("    #   beta{n}"));
        audit(
            context,
            &[json!({"versions": ["2.0"]})],
            &[],
            &format!("{PIN}    # via\n{via}"),
        )
    }),
    Row::new("policy-ignores", 1000, |context, count| {
        let ignores = lines(count, |n| {
            format!("[[ignore]]\nid = \"CVE-2020-{n}\"\nreason = \"no\"\nexpires = 2999-01-01\n")
        });
        context.write("lockgate.toml", ignores);
        judged(audit(context, &[json!({"versions": ["2.0"]})], &[], PIN))
    })
    .up_to(5),
    Row::new("findings", 250, |context, count| {
        let lock = lines(count, |n| format!("alpha{n}==1.0"));
        records(context, count, |n| format!("alpha{n}"));
        audit(context, &[json!({"versions": ["2.0"]})], &[], &lock)
    })
    .up_to(5)
    .ends(1),
    Row::new("findings-of-one", 250, |context, count| {
        records(context, count, |_| "alpha".to_owned());
        audit(context, &[json!({"versions": ["2.0"]})], &[], PIN)
    })
    .up_to(5)
    .ends(1),
    Row::new("findings-on-a-chain", 250, |context, count| {
        let lock = lines(count, |n| match n {
            0 => "alpha0==1.0\n    # via -r requirements.in".to_owned(),
            _ => format!("alpha{n}==1.0\n    # via alpha{}", n - 1),
        });
        records(context, count, |n| format!("alpha{n}"));
        audit(context, &[json!({"versions": ["2.0"]})], &[], &lock)
    })
    .up_to(5)
    .ends(1),
    Row::new("paths-of-a-diamond", 15, |context, count| {
        let mut lock = "alpha==1.0\n    # via\n    #   left0\n    #   right0\n".to_owned();
        for n in 0..count {
            for side in ["left", "right"] {
                let above = n + 1;
                let _ = writeln!(
                    lock,
                    "{side}{n}==1.0\n    # via\n    #   left{above}\n    #   right{above}"
                );
            }
        }
        let _ = writeln!(lock, "left{count}==1.0\nright{count}==1.0");
        audit(context, &[json!({"versions": ["1.0"]})], &[], &lock)
    })
    .ends(1),
    Row::new("sources-of-advisories", 250, |context, count| {
        for n in 0..count {
            for folder in ["advisories", "more"] {
                let mut record = record(n, "alpha");
                record["id"] = json!(format!("{}-{n}", folder.to_uppercase()));
                record["aliases"] = json!([format!("CVE-2020-{n}")]);
                context.write(&format!("{folder}/{n}.json"), record.to_string());
            }
        }
        with(
            audit(context, &[json!({"versions": ["2.0"]})], &[], PIN),
            &["--advisories", "more"],
        )
    })
    .up_to(5)
    .ends(1),
    Row::new("alias-of-all", 250, |context, count| {
        let ids = texts(count, |n| format!("PYSEC-2020-{n}"));
        for n in 0..count {
            let mut record = record(n, "alpha");
            record["aliases"] = json!(ids[n.saturating_sub(1)..n].to_vec());
            context.write(&format!("advisories/{n}.json"), record.to_string());
        }
        audit(context, &[json!({"versions": ["2.0"]})], &[], PIN)
    })
    .up_to(5)
    .ends(1),
    Row::new("json-depth", 10_000, |context, count| {
        let deep = format!("{}{}", "[".repeat(count), "]".repeat(count));
        let record = record(7, "alpha").to_string();
        let record = record.replacen('{', &format!("{{\"x\":{deep},"), 1);
        context.write("advisories/deep.json", record);
        audit(context, &[json!({"versions": ["2.0"]})], &[], PIN)
    })
    .ends(1),
    Row::new("toml-depth-over", 10_000, |context, count| {
        context.write(
            "lockgate.toml",
            format!("x = {}{}\n", "[".repeat(count), "]".repeat(count)),
        );
        judged(audit(context, &[json!({"versions": ["2.0"]})], &[], PIN))
    })
    .ends(2),
    Row::new("yaml-depth-over", 10_000, |context, count| {
        context.write(
            "advisories/deep.yaml",
            format!("x: {}{}\n", "[".repeat(count), "]".repeat(count)),
        );
        audit(context, &[json!({"versions": ["2.0"]})], &[], PIN)
    })
    .ends(2),
    Row::new("yaml-aliases", 10, |context, count| {
        let mut yaml = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..count {
            let _ = writeln!(yaml, "a{n}: &a{n} [*a{}, *a{}]", n - 1, n - 1);
        }
        context.write("advisories/aliases.yaml", yaml);
        audit(context, &[json!({"versions": ["2.0"]})], &[], PIN)
    })
    .ends(2),
    Row::new("cyclonedx", 2500, |context, count| {
        let component = |n: usize| json!({"type": "library", "bom-ref": format!("r{n}"), "name": format!("alpha{n}"), "version": "1.0", "purl": format!("pkg:pypi/alpha{n}@1.0")});
        let depends =
            |n: usize| json!({"ref": format!("r{n}"), "dependsOn": [format!("r{}", n + 1)]});
        let bom = json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6",
            "components": (0..=count).map(component).collect::<Vec<_>>(),
            "dependencies": (0..count).map(depends).collect::<Vec<_>>(),
        });
        foreign(context, "bom.cdx.json", &bom.to_string())
    }),
    Row::new("spdx", 2500, |context, count| {
        let package = |n: usize| json!({"SPDXID": format!("SPDXRef-{n}"), "name": format!("alpha{n}"), "versionInfo": "1.0", "downloadLocation": "NOASSERTION", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": format!("pkg:pypi/alpha{n}@1.0")}]});
        let depends = |n: usize| json!({"spdxElementId": format!("SPDXRef-{n}"), "relationshipType": "DEPENDS_ON", "relatedSpdxElement": format!("SPDXRef-{}", n + 1)});
        let bom = json!({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x",
            "packages": (0..=count).map(package).collect::<Vec<_>>(),
            "relationships": (0..count).map(depends).collect::<Vec<_>>(),
        });
        foreign(context, "bom.spdx.json", &bom.to_string())
    }),
    Row::new("uv-lock", 2500, |context, count| {
        let package = |n: usize| {
            format!(
                "[[package]]\nname = \"alpha{n}\"\nversion = \"1.0\"\nsource = {{ registry = \"https://index.test/simple\" }}\ndependencies = [{{ name = \"alpha{}\" }}]\n",
                n + 1
            )
        };
        let last = format!(
            "[[package]]\nname = \"alpha{count}\"\nversion = \"1.0\"\nsource = {{ registry = \"https://index.test/simple\" }}\n"
        );
        foreign(
            context,
            "uv.lock",
            &format!(
                "version = 1\nrequires-python = \">=3.9\"\n{}{last}",
                lines(count, package)
            ),
        )
    }),
    Row::new("pylock", 2500, |context, count| {
        let package = |n: usize| {
            format!(
                "[[packages]]\nname = \"alpha{n}\"\nversion = \"1.0\"\n[[packages.wheels]]\nname = \"alpha{n}-1.0-py3-none-any.whl\"\nurl = \"https://files.test/alpha{n}-1.0-py3-none-any.whl\"\nhashes = {{ sha256 = \"{n:064x}\" }}\n"
            )
        };
        foreign(
            context,
            "pylock.toml",
            &format!(
                "lock-version = \"1.0\"\ncreated-by = \"x\"\n{}",
                lines(count, package)
            ),
        )
    }),
    Row::new("installed", 250, |context, count| {
        (0..count).for_each(|n| {
            context.write(
                &format!("site-packages/alpha{n}-1.0.dist-info/METADATA"),
                format!(
                    "Metadata-Version: 2.1\nName: alpha{n}\nVersion: 1.0\nRequires-Dist: alpha{}\n",
                    (n + 1) % count
                ),
            );
        });
        let mut arguments = audit(context, &[json!({"versions": ["2.0"]})], &[], PIN);
        arguments.remove(1);
        with(arguments, &["--path", "site-packages"])
    })
    .up_to(5),
    Row::new("vex-statements", 5000, |context, count| {
        let statement = |n: usize| {
            json!({
                "vulnerability": {"name": format!("CVE-2020-{n}")},
                "products": [{"@id": "pkg:pypi/beta@1.0"}],
                "status": "fixed",
            })
        };
        let statements: Vec<Value> = (0..count).map(statement).collect();
        let document = json!({
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://host.test/vex",
            "author": "x",
            "timestamp": "2024-01-01T00:00:00Z",
            "version": 1,
            "statements": statements,
        });
        context.write("vex.json", document.to_string());
        let arguments = audit(context, &[json!({"versions": ["2.0"]})], &[], PIN);
        with(arguments, &["--vex", "vex.json"])
    }),
    Row::new("uv-groups", 1000, |context, count| {
        let groups = lines(count, |n| format!("g{n} = [{{ name = \"alpha0\" }}]"));
        let package = |n: usize| {
            let next = match n + 1 {
                next if next < count => format!("dependencies = [{{ name = \"alpha{next}\" }}]\n"),
                _ => String::new(),
            };
            format!(
                "[[package]]\nname = \"alpha{n}\"\nversion = \"1.0\"\nsource = {{ registry = \"https://index.test/simple\" }}\n{next}"
            )
        };
        foreign(
            context,
            "uv.lock",
            &format!(
                "version = 1\nrequires-python = \">=3.9\"\n[[package]]\nname = \"own\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\n[package.dev-dependencies]\n{groups}{}",
                lines(count, package)
            ),
        )
    }),
];
