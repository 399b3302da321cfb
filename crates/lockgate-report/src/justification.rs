//! Why an ignored finding does no harm, in the words of the formats.

use lockgate_model::Ignored;

use crate::one_line::one_line;

/// OpenVEX's words, with CycloneDX's for the same (`vulnerabilities[].analysis.justification`).
const WORDS: [(&str, &str); 5] = [
    ("component_not_present", "code_not_present"),
    ("vulnerable_code_not_present", "code_not_present"),
    ("vulnerable_code_not_in_execute_path", "code_not_reachable"),
    (
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "requires_environment",
    ),
    (
        "inline_mitigations_already_exist",
        "protected_by_mitigating_control",
    ),
];

/// The entry's justification as OpenVEX and as CycloneDX name it. A word that is none of OpenVEX's is none here either: the reason stands.
pub(crate) fn justification(ignored: &Ignored) -> Option<(&'static str, &'static str)> {
    let stated = ignored.justification.as_deref()?;
    WORDS.into_iter().find(|(word, _)| *word == stated)
}

/// The entry's reason, never empty.
pub(crate) fn reason(ignored: &Ignored) -> String {
    let reason = one_line(&ignored.reason);
    if reason.is_empty() {
        format!("accepted without a reason ({})", one_line(&ignored.origin))
    } else {
        reason
    }
}
