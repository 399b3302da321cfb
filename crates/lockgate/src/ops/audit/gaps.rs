//! `--allow-incomplete`: the gaps that the command line accepts.

use lockgate_gate::GapAcceptance;
use lockgate_model::GapCode;

use crate::failure::Failure;

/// What the option stands for without a value.
const ALL: &str = ":all:";

/// What `--allow-incomplete[=CODE,…]` accepts. Without a value it accepts what is beyond any audit, and not that the audit did not work. A
/// value that is empty, or has an empty member, is an error: it comes from a variable that is not set.
pub(super) fn accepted(codes: &[String]) -> Result<Vec<GapAcceptance>, Failure> {
    let mut accepted = Vec::new();
    for text in codes.iter().map(|text| text.trim()) {
        if text == ALL {
            let all = GapCode::ALL.into_iter().filter(|code| !code.is_failure());
            accepted.extend(all.map(|code| acceptance(code, "--allow-incomplete".to_owned())));
            continue;
        }
        if text.is_empty() {
            return Err(empty());
        }
        let code = GapCode::parse(text).ok_or_else(|| unknown(text))?;
        accepted.push(acceptance(code, format!("--allow-incomplete={text}")));
    }
    Ok(accepted)
}

fn acceptance(code: GapCode, origin: String) -> GapAcceptance {
    GapAcceptance {
        code,
        package: None,
        reason: "accepted on the command line".to_owned(),
        expires: None,
        must_match: false,
        origin,
    }
}

fn empty() -> Failure {
    Failure::new("`--allow-incomplete` is given an empty code").remedy(format!(
        "name the gaps to accept ({}), or leave out `=` to accept all but `not-learned` and `unreadable`",
        codes()
    ))
}

fn unknown(text: &str) -> Failure {
    Failure::new(format!("invalid code `{text}` for `--allow-incomplete`"))
        .remedy(format!("the codes are {}", codes()))
}

fn codes() -> String {
    GapCode::ALL.map(GapCode::as_str).join(", ")
}
