//! Paths as text, as requirement files write them.

/// `path` with `/` between its parts, as locks and messages show it.
pub fn posix(path: &str) -> String {
    if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    }
}

/// `value` as it stands in the file at `from`: relative to that file's folder; dot segments are resolved where text allows.
pub(crate) fn joined(from: &str, value: &str) -> String {
    joined_but(from, value, |_| false)
}

/// The same of texts that may hold `${NAME}`: how many folders that stands for is not known.
pub(crate) fn joined_as_written(from: &str, value: &str) -> String {
    joined_but(from, value, |part| part.contains("${"))
}

/// Whether a path is seen from nowhere else.
pub(crate) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || (cfg!(windows) && (path.contains(':') || path.starts_with('\\')))
}

fn joined_but(from: &str, value: &str, is_kept: impl Fn(&str) -> bool) -> String {
    let folder = if is_absolute(value) {
        ""
    } else {
        posix_folder(from)
    };
    let mut parts: Vec<&str> = Vec::new();
    let value = posix(value);
    let together = if folder.is_empty() {
        value
    } else {
        format!("{folder}/{value}")
    };
    for part in together.split('/') {
        match part {
            "" | "." => {}
            ".." if parts
                .last()
                .is_some_and(|last| *last != ".." && !is_kept(last)) =>
            {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if together.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

fn posix_folder(path: &str) -> &str {
    path.rsplit_once('/').map_or(
        "",
        |(folder, _)| if folder.is_empty() { "/" } else { folder },
    )
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn includes_are_looked_for_beside_the_file_that_includes_them() {
        for (from, value, path) in [
            ("requirements.in", "base.in", "base.in"),
            ("requirements/dev.in", "base.in", "requirements/base.in"),
            ("requirements/dev.in", "../base.in", "base.in"),
            ("requirements/dev.in", "./base.in", "requirements/base.in"),
            ("dev.in", "../base.in", "../base.in"),
            ("a/dev.in", "/etc/base.in", "/etc/base.in"),
            ("/srv/a/dev.in", "../base.in", "/srv/base.in"),
            ("-", "base.in", "base.in"),
        ] {
            assert_eq!(joined(from, value), path);
        }
    }
}
