//! How setuptools reads a list of requirements: from files that a project names, or from `setup.cfg`.
//!
//! One on each line; blank lines and comments are passed over. No option of a requirements file is known there.

use lockgate_model::{Files, FilesError};

use crate::error::InputError;
use crate::path::joined;
use crate::project::Stated;
use crate::requirements::physical;
use crate::text;

/// The requirements in the files that the project at `project` names. They lie in its folder.
pub(crate) fn requirements_of_files(
    files: &dyn Files,
    project: &str,
    names: &[Stated],
) -> Result<Vec<Stated>, InputError> {
    let mut all = Vec::new();
    for name in names {
        let (path, bytes) = file(files, project, name)?;
        let text = text::utf8(&path, &bytes, "list of requirements")?;
        let lines = physical(text).zip(1..).map(|(line, number)| (number, line));
        all.extend(requirements(&path, lines)?);
    }
    Ok(all)
}

/// One file that a project names: its path and what is in it.
pub(crate) fn file(
    files: &dyn Files,
    project: &str,
    name: &Stated,
) -> Result<(String, Vec<u8>), InputError> {
    let inside = joined("", &name.text);
    if inside.starts_with("..") || inside.starts_with('/') {
        return Err(name
            .error(format!(
                "`{}` lies outside of the project's folder, where setuptools reads nothing",
                name.text
            ))
            .remedy("put the file into the project's folder"));
    }
    let path = joined(project, &name.text);
    match files.read_included(&path, project) {
        Ok(bytes) => Ok((path, bytes)),
        Err(FilesError::Refused { why, help }) => Err(name
            .error(format!("`{path}` cannot be read: {why}"))
            .remedy(help)),
        Err(error) => Err(name
            .error(format!("`{path}` cannot be read: {error}"))
            .remedy("setuptools would go on without it: add the file, or remove it from the list")),
    }
}

/// The requirements on `lines`, each with its number.
pub(crate) fn requirements<'a>(
    file: &str,
    lines: impl Iterator<Item = (usize, &'a str)>,
) -> Result<Vec<Stated>, InputError> {
    let mut found: Vec<Stated> = Vec::new();
    let mut is_open = false;
    for (line, text) in lines {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let text = text.split(" #").next().unwrap_or_default().trim_end();
        let (text, continues) = match text.strip_suffix('\\') {
            Some(head) => (head.trim_end(), true),
            None => (text, false),
        };
        match found.last_mut().filter(|_| is_open) {
            Some(open) => open.text.push_str(text),
            None => found.push(Stated {
                text: text.to_owned(),
                file: file.to_owned(),
                line,
            }),
        }
        is_open = continues;
    }
    match found.iter().find(|stated| stated.text.starts_with('-')) {
        None => Ok(found),
        Some(option) => Err(option
            .error(format!(
                "`{}`: setuptools knows no options in a list of requirements",
                option.text
            ))
            .remedy("remove it; another file is named beside this one in the project's own list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(usize, String)>, InputError> {
        let lines = physical(text).zip(1..).map(|(line, number)| (number, line));
        let read = requirements("a.in", lines)?;
        Ok(read.into_iter().map(|s| (s.line, s.text)).collect())
    }

    #[test]
    fn lines_are_read_as_setuptools_reads_them() {
        let text =
            "# head\n\n flask>=1 # why\n  # more\nurl @ https://host.test/a#b\na \\\n  >=1\nb";
        let expected = [
            (3, "flask>=1"),
            (5, "url @ https://host.test/a#b"),
            (6, "a>=1"),
            (8, "b"),
        ];
        assert_eq!(
            read(text).unwrap(),
            expected.map(|(line, text)| (line, text.to_owned()))
        );
    }

    #[test]
    fn options_are_refused_with_their_line() {
        let error = read("a\n-r b.in\n").unwrap_err();
        assert_eq!(error.line, Some(2));
        assert!(error.message.contains("-r b.in"), "{error}");
    }
}
