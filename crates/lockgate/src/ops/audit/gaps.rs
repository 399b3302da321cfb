//! `--allow-incomplete`: the gaps that the command line accepts.

use lockgate_gate::GapAcceptance;
use lockgate_model::GapCode;

use crate::failure::Failure;

/// What `--allow-incomplete[=CODE,…]` accepts. Without a code it accepts what is beyond any audit, and not that the audit did not work.
pub(super) fn accepted(codes: &[String]) -> Result<Vec<GapAcceptance>, Failure> {
    let mut accepted = Vec::new();
    for text in codes.iter().map(|text| text.trim()) {
        if text.is_empty() {
            let all = GapCode::ALL.into_iter().filter(|code| !code.is_failure());
            accepted.extend(all.map(|code| acceptance(code, "--allow-incomplete".to_owned())));
            continue;
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

fn unknown(text: &str) -> Failure {
    let codes: Vec<&str> = GapCode::ALL.into_iter().map(GapCode::as_str).collect();
    Failure::new(format!("invalid code `{text}` for `--allow-incomplete`"))
        .remedy(format!("the codes are {}", codes.join(", ")))
}
