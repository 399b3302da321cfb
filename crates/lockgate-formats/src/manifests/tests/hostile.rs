//! Inputs that were made to do harm: an error, in bounded time and memory, and no panic.

use proptest::prelude::*;

use super::*;

#[test]
fn includes_that_multiply_are_stopped() {
    let mut files = Texts::default();
    for level in 0..40 {
        let next = level + 1;
        files = files.with(
            &format!("{level}.in"),
            &format!("-r {next}.in\n-r {next}.in\n"),
        );
    }
    let files = files.with("40.in", "flask");
    let error = read(&files, &["0.in"], &[]).unwrap_err();
    assert!(error.message.contains("files are included"), "{error}");
}

#[test]
fn includes_that_never_end_are_stopped() {
    let mut files = Texts::default();
    for level in 0..100 {
        files = files.with(&format!("{level}.in"), &format!("-r {}.in", level + 1));
    }
    let error = read(&files, &["0.in"], &[]).unwrap_err();
    assert!(error.message.contains("deep"), "{error}");
}

#[test]
fn extras_that_multiply_are_stopped() {
    let head = "[project]\nname = \"x\"\n[project.optional-dependencies]\n".to_owned();
    let extras = (0..40).map(|level| {
        let (next, after) = (level + 1, level + 2);
        format!("a{level} = ['x[a{next},a{after}] ; os_name != \"{level}\"', 'x[a{next}]']\n")
    });
    let end = "a40 = []\na41 = []\n".to_owned();
    let text: String = [head].into_iter().chain(extras).chain([end]).collect();
    let files = Texts::default().with("pyproject.toml", &text);
    let error = read(&files, &["pyproject.toml"], &["a0"]).unwrap_err();
    assert!(error.message.contains("times"), "{error}");
}

#[test]
fn a_binary_file_is_no_requirements_file() {
    let files = Texts::default().with("a.in", "PK\x03\x04\0\0");
    let error = read(&files, &["a.in"], &[]).unwrap_err();
    assert!(error.message.contains("binary"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(
        line in "[a-c=<>~!.,;\\[\\]@# '\"$\\{\\}()\\\\-]{0,24}",
        marker in "( ?(python_version|os_name|extra|'a'|\"3\"|and|or|in|not|[<>=~!]{1,2}|[()])){0,8}",
        any in "\\PC{0,40}",
    ) {
        for text in [line.clone(), format!("a ; {marker}"), format!("-{line}"), any.clone(), format!("a{any}")] {
            let files = Texts::default().with("a.in", &text).with("p.toml", &format!("[project]\nname = 'x'\n{text}"));
            let _ = read(&files, &["a.in"], &[]);
            let _ = read(&files, &["p.toml"], &[]);
        }
    }
}
