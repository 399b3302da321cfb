//! The lists, each with what makes an input of so many entries.

use std::fmt::Write as _;

use lockgate_tests::{Release, TestContext, artifact};
use serde_json::{Value, json};

/// One list.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// How many entries to begin with.
    start: usize,
    /// Whether the count grows by one each time: the work doubles with each.
    by_one: bool,
    /// How the program ends.
    pub(crate) code: i32,
    /// Makes the input in a context, and returns the arguments.
    pub(crate) make: fn(&TestContext, usize) -> Vec<String>,
}

impl Row {
    const fn new(
        name: &'static str,
        start: usize,
        make: fn(&TestContext, usize) -> Vec<String>,
    ) -> Self {
        Self {
            name,
            start,
            by_one: false,
            code: 0,
            make,
        }
    }

    const fn ends(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// The count after so many doublings.
    pub(crate) fn next(&self, doubling: usize) -> usize {
        if self.by_one {
            self.start + doubling
        } else {
            self.start << doubling
        }
    }
}

/// All lists.
pub(crate) const ALL: &[Row] = &[
    Row::new("requires-dist", 400, |context, count| {
        wheel(context, "a", &texts(count, |n| format!("b{n}")));
        (0..count).for_each(|n| wheel(context, &format!("b{n}"), &[]));
        lock(context, "a\n")
    }),
    Row::new("requires-dist-of-one", 1500, |context, count| {
        wheel(context, "a", &texts(count, |n| format!("b!={n}.7")));
        wheel(context, "b", &[]);
        lock(context, "a\n")
    }),
    Row::new("specifiers", 12_500, |context, count| {
        wheel(context, "a", &[format!("b{}", not_in(count))]);
        wheel(context, "b", &[]);
        lock(context, "a\n")
    }),
    Row::new("requires-python", 12_500, |context, count| {
        let release = Release {
            requires_python: Some(format!(">=3.7{}{}", ",", not_in(count))),
            ..Release::default()
        };
        write_wheel(context, "a", &release);
        lock(context, "a\n")
    }),
    Row::new("constraints", 2500, |context, count| {
        wheel(context, "a", &[]);
        context.write("c.txt", lines(count, |n| format!("c{n}<2")));
        with(lock(context, "a\n"), &["-c", "c.txt"])
    }),
    Row::new("extras", 150, |context, count| {
        let extras = texts(count, |n| format!("e{n}"));
        let guarded = |extra: &String| (extra.clone(), vec!["c".to_owned()]);
        let release = Release {
            extras: extras.iter().map(guarded).collect(),
            ..Release::default()
        };
        write_wheel(context, "a", &release);
        wheel(context, "c", &[]);
        lock(context, &format!("a[{}]\n", extras.join(",")))
    }),
    Row::new("marker-alternatives", 10, |context, count| {
        let marker = texts(count, |n| {
            format!("(sys_platform == 's{n}' and platform_machine == 'm{n}')")
        });
        wheel(context, "a", &[format!("b; {}", marker.join(" or "))]);
        wheel(context, "b", &[]);
        universal(context, "a\n")
    }),
    Row::new("marker-combinations", 15, |context, count| {
        const VARIABLES: [&str; 6] = [
            "sys_platform",
            "platform_machine",
            "os_name",
            "platform_system",
            "implementation_name",
            "platform_python_implementation",
        ];
        let variable = |n: usize| VARIABLES[n % VARIABLES.len()];
        let marker = texts(count, |n| {
            format!(
                "({} == 'a{n}' or {} != 'b{n}')",
                variable(n),
                variable(n + 1)
            )
        });
        universal(context, &format!("b; {}\n", marker.join(" and ")))
    })
    .ends(2),
    Row {
        by_one: true,
        ..Row::new("pigeonhole", 8, |context, count| {
            let versions = |count: usize| texts(count, |n| format!("{}.0", n + 1));
            for pigeon in 0..=count {
                for (hole, version) in versions(count).iter().enumerate() {
                    let requires = [format!("h{hole}=={}.0", pigeon + 1)];
                    release(context, &format!("p{pigeon}"), version, &requires);
                }
            }
            for hole in 0..count {
                for version in versions(count + 1) {
                    release(context, &format!("h{hole}"), &version, &[]);
                }
            }
            lock(context, &lines(count + 1, |n| format!("p{n}")))
        })
        .ends(2)
    },
    Row::new("page-files", 5000, |context, count| {
        wheel(context, "a", &[]);
        context.write(
            "wheels/page.html",
            page(count, |n| format!("a-0.1-cp39-cp39-x{n}.whl")),
        );
        lock(context, "a\n")
    }),
    Row::new("page-versions", 10_000, |context, count| {
        wheel(context, "a", &[]);
        context.write(
            "wheels/page.html",
            page(count, |n| format!("a-0.{n}.tar.gz")),
        );
        lock(context, "a\n")
    }),
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
];

const PIN: &str = "alpha==1.0\n";

fn texts(count: usize, text: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(text).collect()
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, n| {
        let _ = writeln!(all, "{}", line(n));
        all
    })
}

fn not_in(count: usize) -> String {
    texts(count, |n| format!("!={n}.7")).join(",")
}

fn page(count: usize, file: impl Fn(usize) -> String) -> String {
    lines(count, |n| {
        let file = file(n);
        format!("<a href=\"https://files.test/{file}#sha256={n:064x}\">{file}</a>")
    })
}

fn events(n: usize) -> Vec<Value> {
    vec![
        json!({"introduced": format!("2.{}", 2 * n)}),
        json!({"fixed": format!("2.{}", 2 * n + 1)}),
    ]
}

fn wheel(context: &TestContext, name: &str, requires: &[String]) {
    release(context, name, "1.0", requires);
}

fn release(context: &TestContext, name: &str, version: &str, requires: &[String]) {
    let release = Release {
        requires: requires.to_vec(),
        ..Release::default()
    };
    let wheel = artifact::wheel(name, version, &release, "py3-none-any");
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
}

fn write_wheel(context: &TestContext, name: &str, release: &Release) {
    let wheel = artifact::wheel(name, "1.0", release, "py3-none-any");
    context.write(&format!("wheels/{}", wheel.filename), &wheel.bytes);
}

fn with(mut arguments: Vec<String>, more: &[&str]) -> Vec<String> {
    arguments.extend(more.iter().map(|&word| word.to_owned()));
    arguments
}

fn lock(context: &TestContext, source: &str) -> Vec<String> {
    let target = ["--python-version", "3.11", "--python-platform", "linux"];
    with(locked(context, source), &target)
}

fn universal(context: &TestContext, source: &str) -> Vec<String> {
    with(
        locked(context, source),
        &["--python-version", "3.9", "--universal"],
    )
}

fn locked(context: &TestContext, source: &str) -> Vec<String> {
    context.write("requirements.in", source);
    context.write("wheels/empty", "");
    let words = [
        "lock",
        "requirements.in",
        "-o",
        "requirements.txt",
        "--no-config",
        "--gate",
        "off",
    ];
    with(
        Vec::new(),
        &[&words[..], &["--no-index", "--find-links", "wheels"]].concat(),
    )
}

/// An audit of a lock against one record about `alpha`.
fn audit(context: &TestContext, affected: &[Value], aliases: &[String], lock: &str) -> Vec<String> {
    let about = |entry: &Value| {
        let mut entry = entry.clone();
        entry["package"] = json!({"ecosystem": "PyPI", "name": "alpha"});
        entry
    };
    let affected: Vec<Value> = affected.iter().map(about).collect();
    let record = json!({
        "id": "PYSEC-2020-1",
        "modified": "2026-01-01T00:00:00Z",
        "aliases": aliases,
        "affected": affected,
    });
    context.write("advisories/PYSEC-2020-1.json", record.to_string());
    context.write("requirements.txt", lock);
    with(
        Vec::new(),
        &[
            "audit",
            "requirements.txt",
            "--no-config",
            "--advisories",
            "advisories",
        ],
    )
}
