use super::*;

#[test]
fn a_word_of_one_address_is_none_of_others() {
    let mut secrets = Secrets::new();
    let line = |written: &'static str,
                filled: &'static str,
                variables: &'static [(String, String)]| Filled {
        written,
        filled,
        variables,
        origin: "requirements.in:1",
    };
    let variables = Vec::leak(vec![
        ("REPO".to_owned(), "prod".to_owned()),
        ("USER_NAME".to_owned(), "simple".to_owned()),
    ]);
    secrets.add(&line(
        "-i https://${USER_NAME}:x@one.test/${REPO}/simple/",
        "-i https://simple:x@one.test/prod/simple/",
        variables,
    ));
    let hidden = secrets.hide_addresses("https://one.test/prod/simple/a/");
    assert_eq!(hidden, "https://one.test/${REPO}/simple/a/");
    // Another host has the word for itself, and a name of a user is no part of a path.
    let other = "https://two.test/prod/simple/";
    assert_eq!(secrets.hide_addresses(other), other);
    assert_eq!(secrets.variable_in(other), None);
}

fn secrets(lines: &[(&str, &[(&str, &str)])]) -> Secrets {
    let mut secrets = Secrets::new();
    for (written, variables) in lines {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut filled = (*written).to_owned();
        for (name, value) in &variables {
            filled = filled.replace(&reference_to(name), value);
        }
        secrets.add(&Filled {
            written,
            filled: &filled,
            variables: &variables,
            origin: "a.in:1",
        });
    }
    secrets
}

#[test]
fn a_value_is_hidden_wherever_it_stands_in_an_address() {
    let known = secrets(&[(
        "--index-url https://${USER}:${PASS}@host.test/${TOKEN}/simple?k=${KEY}#${FRAG}",
        &[
            ("USER", "joey"),
            ("PASS", "p/ss@1"),
            ("TOKEN", "t0ken%2Fx"),
            ("KEY", "q&y1"),
            ("FRAG", "frag"),
        ],
    )]);
    for (text, shown) in [
        (
            "GET https://host.test/t0ken%2Fx/simple/a/ failed",
            "GET https://host.test/${TOKEN}/simple/a/ failed",
        ),
        // As meant, as encoded again, in small letters, on another host.
        ("`http://o.test/x/t0ken/x`", "`http://o.test/x/${TOKEN}`"),
        ("https://o.test/t0ken%252Fx", "https://o.test/${TOKEN}"),
        (
            "https://o.test/?l=t0ken%2fx#frag",
            "https://o.test/?l=${TOKEN}#${FRAG}",
        ),
        ("https://o.test/?k=q%26y1", "https://o.test/?k=${KEY}"),
        ("https://joey:x@o.test/", "https://${USER}:x@o.test/"),
        // Hosts and what is no address stay.
        (
            "https://joey.test/ joey frag",
            "https://joey.test/ joey frag",
        ),
        ("nothing", "nothing"),
    ] {
        assert_eq!(known.hide(text), shown);
    }
    assert_eq!(
        known.hide("no path /t0ken%2Fx/ for joey"),
        "no path /${TOKEN}/ for joey"
    );
}

#[test]
fn a_line_break_that_an_address_drops_hides_nothing() {
    let known = secrets(&[(
        "a @ https://host.test/${T}/a.zip",
        &[("T", "s3cr3tT0ken\n")],
    )]);
    let shown = known.hide_addresses("https://host.test/s3cr3tT0ken/a.zip");
    assert!(!shown.contains("s3cr3tT0ken"), "{shown}");
}

#[test]
fn a_short_value_is_hidden_where_it_was_written_and_nowhere_else() {
    let known = secrets(&[("-f https://host.test/a/${T}/a?x=${T}", &[("T", "a")])]);
    for (text, shown) in [
        (
            "https://host.test/a/a/a?x=a",
            "https://host.test/a/${T}/a?x=${T}",
        ),
        (
            "https://host.test/a/a/b.whl",
            "https://host.test/a/${T}/b.whl",
        ),
        ("https://host.test/a/b/a", "https://host.test/a/b/a"),
        ("https://other.test/a/a", "https://other.test/a/a"),
    ] {
        assert_eq!(known.hide(text), shown);
    }
}

#[test]
fn a_variable_may_hold_a_whole_address() {
    let known = secrets(&[
        (
            "-i ${INDEX}",
            &[(
                "INDEX",
                "https://joe:hunter2@host.test/s3cr3t/pypi/simple?t=q1w2e3",
            )],
        ),
        (
            "-f https://${REST}/links",
            &[("REST", "joe:pass4@two.test/dir")],
        ),
    ]);
    for (text, shown) in [
        (
            "https://host.test/s3cr3t/pypi/simple/a/",
            "https://host.test/${INDEX}/a/",
        ),
        (
            "https://host.test/s3cr3t/files/a.whl",
            "https://host.test/${INDEX}/files/a.whl",
        ),
        (
            "https://host.test/pypi/a.whl?t=q1w2e3",
            "https://host.test/pypi/a.whl?t=${INDEX}",
        ),
        ("https://x:hunter2@o.test/", "https://x:${INDEX}@o.test/"),
        (
            "https://two.test/dir/links",
            "https://two.test/${REST}/links",
        ),
        ("https://u:pass4@o.test/dir", "https://u:${REST}@o.test/dir"),
    ] {
        assert_eq!(known.hide(text), shown);
    }
    assert!(known.variable_in("https://host.test/pypi/a.whl").is_none());
    let found = known.variable_in("https://host.test/s3cr3t/a.whl");
    assert_eq!(found, Some(("${INDEX}".to_owned(), "a.in:1".to_owned())));
}

#[test]
fn a_lock_repeats_what_is_written() {
    let variables: &[(&str, &str)] = &[("T", "t0ken1"), ("H", "host.test"), ("R", "main")];
    let known = secrets(&[
        ("a @ https://${T}@${H}/${T}/a-1.0.zip#egg=a", variables),
        (
            "b @ git+https://joe:${T}@host.test/${T}/b.git@${R}#subdirectory=x",
            variables,
        ),
        ("c@https://joe:clear@host.test/${T}/c.zip", variables),
        ("-e git+ssh://git@host.test/${T}#egg=d", variables),
        ("--index-url=https://host.test/${T}/simple", variables),
    ]);
    for (filled, written) in [
        (
            "https://host.test/t0ken1/a-1.0.zip",
            "https://${T}@${H}/${T}/a-1.0.zip",
        ),
        (
            "git+https://host.test/t0ken1/b.git@0123#subdirectory=x",
            "git+https://joe:${T}@host.test/${T}/b.git@0123#subdirectory=x",
        ),
        (
            "https://host.test/t0ken1/c.zip",
            "https://host.test/${T}/c.zip",
        ),
        (
            "git+ssh://git@host.test/t0ken1@0123",
            "git+ssh://git@host.test/${T}@0123",
        ),
        (
            "https://host.test/t0ken1/simple",
            "https://host.test/${T}/simple",
        ),
    ] {
        assert_eq!(known.written(filled).as_deref(), Some(written), "{filled}");
    }
    assert_eq!(known.written("https://host.test/other.zip"), None);
}

#[test]
fn what_only_looks_like_a_variable_is_none() {
    let known = secrets(&[(
        "-i https://$TOKEN.test/%TOKEN%/${token}",
        &[("TOKEN", "t0ken1")],
    )]);
    assert!(known.is_empty());
    assert_eq!(known.hide("https://h/t0ken1"), "https://h/t0ken1");
}

#[test]
fn a_host_is_shown_as_it_was_written() {
    let known = secrets(&[
        (
            "--index-url https://x-${T}.Host.test:8443/simple",
            &[("T", "s3cret-Word")],
        ),
        // A whole address in a variable names no host in its place.
        (
            "--extra-index-url ${URL}",
            &[("URL", "https://other.test/x")],
        ),
    ]);
    for (host, written) in [
        ("x-s3cret-word.host.test", Some("x-${T}.Host.test")),
        ("X-S3cret-Word.Host.test", Some("x-${T}.Host.test")),
        ("host.test", None),
        ("other.test", None),
    ] {
        assert_eq!(known.written_host(host).as_deref(), written, "{host}");
    }
    assert_eq!(
        known.hide("GET https://a@x-s3cret-word.host.test:8443/simple/a/ failed"),
        "GET https://a@x-${T}.Host.test:8443/simple/a/ failed"
    );
    assert!(!known.is_empty());
}
