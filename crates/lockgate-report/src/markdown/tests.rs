use super::*;

#[test]
fn foreign_text_is_text_and_speaks_to_nobody() {
    let cases = [
        ("plain, 1.0 - x.", "plain, 1.0 - x."),
        ("a|b", "a\\|b"),
        ("<b>&amp;", "&lt;b&gt;&amp;\u{200b}amp;"),
        (
            "[x](y) *z* _w_ `c` {q}",
            "\\[x\\](y) \\*z\\* \\_w\\_ \\`c\\` \\{q\\}",
        ),
        ("@team and a@b.c", "@\u{200b}team and a@\u{200b}b.c"),
        (
            "#12 !34 ~bug %5 $6",
            "\\#\u{200b}12 !\u{200b}34 \\~\u{200b}bug %\u{200b}5 $\u{200b}6",
        ),
        ("at @ alone #", "at @ alone \\#"),
        ("two\nlines", "two lines"),
    ];
    for (text, expected) in cases {
        assert_eq!(cell(text), expected, "{text:?}");
    }
}

#[test]
fn code_is_fenced_by_more_ticks_than_it_holds() {
    let cases = [
        ("lockgate audit", "`lockgate audit`"),
        ("a `b` ``c``", "``` a `b` ``c`` ```"),
        ("two\nlines", "`two lines`"),
    ];
    for (text, expected) in cases {
        assert_eq!(code(text), expected, "{text:?}");
    }
}
