//! Addresses without their credentials: what a lock's header and a message may show.

use lockgate_model::secret;

/// Returns `text` with the user part of every address in it replaced by `****`, values in queries too, and the names of variables in place of
/// their values.
pub(crate) fn without_credentials(text: &str) -> String {
    secret::hide_addresses(&without_query_values(&replaced(text, "****"))).into_owned()
}

/// Returns `text` with the user part of every address in it, and the `@` after it, left out: what a program can still use.
pub(crate) fn stripped_of_credentials(text: &str) -> String {
    let stripped = replaced(text, "\0").replace("\0@", "");
    secret::hide_addresses(&stripped).into_owned()
}

fn replaced(text: &str, by: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (address, _) = after.split_at(end);
        rest = match user_part(address) {
            Some(user) => {
                shown.push_str(by);
                after.get(user.len()..).unwrap_or_default()
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

/// `text` with `****` in place of the values in the query of every address.
fn without_query_values(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (address, behind) = after.split_at(end);
        shown.push_str(&secret::without_query_values(address));
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// What stands before the `@` of an address's host.
fn user_part(address: &str) -> Option<&str> {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, _) = address.split_at(end);
    if let Some((user, _)) = authority.rsplit_once('@') {
        return Some(user);
    }
    // A password with an unescaped `/` ends the authority too early: what looks like a port is none then.
    let (_, port) = authority.rsplit_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) || authority.ends_with(']');
    if is_port {
        return None;
    }
    address.rsplit_once('@').map(|(user, _)| user)
}

#[cfg(test)]
mod tests {
    use super::{stripped_of_credentials, without_credentials};

    #[test]
    fn credentials_are_never_shown() {
        for (text, shown) in [
            ("flask==2.0", "flask==2.0"),
            ("https://host.test:8080/a@b", "https://host.test:8080/a@b"),
            ("https://[::1]/a@b", "https://[::1]/a@b"),
            ("https://user:secret@host.test/", "https://****@host.test/"),
            ("https://token@host.test", "https://****@host.test"),
            ("https://u:p@ss@host.test/x", "https://****@host.test/x"),
            ("https://u:p/s@host.test/x", "https://****@host.test/x"),
            (
                "-i https://a:b@one.test --extra-index-url https://c:d@two.test/x",
                "-i https://****@one.test --extra-index-url https://****@two.test/x",
            ),
            ("git+ssh://git@host.test/x", "git+ssh://****@host.test/x"),
            ("://", "://"),
        ] {
            assert_eq!(without_credentials(text), shown);
            assert_eq!(stripped_of_credentials(text), shown.replace("****@", ""));
        }
        assert_eq!(
            without_credentials("https://one.test,https://u:p@two.test/x"),
            "https://one.test,https://****@two.test/x"
        );
        let text = "`https://u@host.test/x?token=a&b=c#egg=d`";
        assert_eq!(
            without_credentials(text),
            "`https://****@host.test/x?token=****&b=****#egg=d`"
        );
        assert_eq!(stripped_of_credentials(text), text.replace("u@", ""));
    }
}
