use super::*;

#[test]
fn nothing_that_drives_a_terminal_or_hides_passes() {
    let cases = [
        (
            "ordinary text, naïve and 日本",
            "ordinary text, naïve and 日本",
        ),
        ("two\nlines\r\n  and\ttabs", "two lines   and tabs"),
        ("\u{1b}[31mred\u{1b}[0m", "\u{fffd}[31mred\u{fffd}[0m"),
        (
            "bell\u{7} and C1 \u{9b}2J",
            "bell\u{fffd} and C1 \u{fffd}2J",
        ),
        ("a\u{202e}cod.exe\u{2069}", "a\u{fffd}cod.exe\u{fffd}"),
        ("hidden\u{200b}\u{e0041}", "hidden\u{fffd}\u{fffd}"),
        ("\u{2028}line", "line"),
    ];
    for (text, expected) in cases {
        assert_eq!(plain(text), expected, "{text:?}");
    }
}

#[test]
fn text_is_cut_and_wrapped_by_columns() {
    assert_eq!(cut("abcdef", 6), "abcdef");
    assert_eq!(cut("abcdefg", 6), "abcde…");
    assert_eq!(cut("日本語", 5), "日本…");
    assert_eq!(wrapped("one two three", Some(7), 0), ["one two", "three"]);
    assert_eq!(wrapped("one two three", Some(9), 6), ["one", "two three"]);
    assert_eq!(wrapped("unbreakable", Some(4), 0), ["unbreakable"]);
    assert_eq!(wrapped("one two three", None, 0), ["one two three"]);
    assert!(wrapped("", Some(4), 0).is_empty());
}

#[test]
fn only_web_addresses_become_links_and_cannot_break_out() {
    let cases = [
        (
            "https://osv.example.org/a?b=c#d",
            Some("https://osv.example.org/a?b=c#d"),
        ),
        (
            "http://example.org/\"><x>(y)|z w",
            Some("http://example.org/%22%3E%3Cx%3E%28y%29%7Cz%20w"),
        ),
        (
            "https://example.org/\u{202e}\n",
            Some("https://example.org/%E2%80%AE%0A"),
        ),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.org", None),
        ("https://", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(web_address(text).as_deref(), expected, "{text:?}");
    }
}
