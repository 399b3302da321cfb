//! Lists that `lock` reads: sources, pages, metadata.

use lockgate_tests::Release;

use super::{
    Row, lines, lock, not_in, page, project, release, texts, universal, wheel, with, write_wheel,
};

pub(super) const ALL: &[Row] = &[
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
    })
    .up_to(5),
    Row::new("marker-alternatives", 10, |context, count| {
        let marker = texts(count, |n| {
            format!("(sys_platform == 's{n}' and platform_machine == 'm{n}')")
        });
        wheel(context, "a", &[format!("b; {}", marker.join(" or "))]);
        wheel(context, "b", &[]);
        universal(context, "a\n")
    })
    .up_to(2),
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
        max_steps: "2000",
        doublings: 2,
        ..Row::new("pigeonhole", 9, |context, count| {
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
    Row::new("sources-of-one", 500, |context, count| {
        wheel(context, "a", &[]);
        lock(context, &lines(count, |n| format!("a!={n}.7")))
    }),
    Row::new("constraints-of-one", 500, |context, count| {
        wheel(context, "a", &[]);
        context.write("c.txt", lines(count, |n| format!("a!={n}.7")));
        with(lock(context, "a\n"), &["-c", "c.txt"])
    }),
    Row::new("sources", 250, |context, count| {
        (0..count).for_each(|n| wheel(context, &format!("a{n}"), &[]));
        lock(context, &lines(count, |n| format!("a{n}")))
    })
    .up_to(5),
    Row::new("includes", 250, |context, count| {
        wheel(context, "a", &[]);
        (0..count).for_each(|n| context.write(&format!("r{n}.in"), "a\n"));
        lock(context, &lines(count, |n| format!("-r r{n}.in")))
    })
    .up_to(2),
    Row::new("markers-of-one", 30, |context, count| {
        let requires = texts(count, |n| {
            format!("b!={n}.7; python_full_version != '3.9.{n}' and platform_machine != 'm{n}'")
        });
        wheel(context, "a", &requires);
        wheel(context, "b", &[]);
        lock(context, "a\n")
    }),
    Row::new("conditions-of-one", 1000, |context, count| {
        let requires = texts(count, |n| format!("b!={n}.7; platform_machine == 'm{n}'"));
        wheel(context, "a", &requires);
        wheel(context, "b", &[]);
        universal(context, "a\n")
    })
    .ends(1),
    Row::new("conditions-of-sources", 1000, |context, count| {
        wheel(context, "b", &[]);
        let source = |n: usize| format!("b!={n}.7; platform_machine == 'm{n}'");
        universal(context, &lines(count, source))
    })
    .ends(2),
    Row::new("markers-of-many", 50, |context, count| {
        let requires = texts(count, |n| format!("b{n}; platform_machine != 'm{n}'"));
        wheel(context, "a", &requires);
        (0..count).for_each(|n| wheel(context, &format!("b{n}"), &[]));
        universal(context, "a\n")
    }),
    Row::new("chain", 250, |context, count| {
        for n in 0..count {
            let next = (n + 1 < count).then(|| format!("a{}", n + 1));
            wheel(context, &format!("a{n}"), next.as_slice());
        }
        lock(context, "a0\n")
    })
    .up_to(5),
    Row::new("extras-of-project", 250, |context, count| {
        let extras = lines(count, |n| format!("e{n} = [\"a\"]"));
        project(
            context,
            &format!("[project.optional-dependencies]\n{extras}"),
        )
    }),
    Row::new("groups", 250, |context, count| {
        let groups = lines(count, |n| format!("g{n} = [\"a\"]"));
        let all = texts(count, |n| format!("{{include-group = \"g{n}\"}}"));
        let all = format!("all = [{}]", all.join(", "));
        let arguments = project(context, &format!("[dependency-groups]\n{groups}{all}\n"));
        with(arguments, &["--group", "all"])
    }),
    Row::new("projects-dependencies", 250, |context, count| {
        wheel(context, "a", &[]);
        let list = texts(count, |n| format!("\"a!={n}.7\""));
        context.write(
            "pyproject.toml",
            format!(
                "[project]\nname = \"p\"\nversion = \"1\"\ndependencies = [{}]\n",
                list.join(", ")
            ),
        );
        let mut arguments = lock(context, "");
        "pyproject.toml".clone_into(&mut arguments[1]);
        arguments
    }),
];
