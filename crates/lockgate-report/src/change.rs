//! Old lock against new, a line for each project that differs.

use lockgate_model::Change;

use crate::style::{GREEN, RED, YELLOW};

/// Lines such as `+ flask 3.0.0`, `- click 8.1.7`, `~ jinja2 3.1.2 → 3.1.6`, in the order of names.
pub fn change_lines(change: &Change) -> Vec<String> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (name, version) in &change.added {
        lines.push((name.as_str(), format!("{GREEN}+{GREEN:#} {name} {version}")));
    }
    for (name, version) in &change.removed {
        lines.push((name.as_str(), format!("{RED}-{RED:#} {name} {version}")));
    }
    for (name, (old, new)) in &change.moved {
        lines.push((
            name.as_str(),
            format!("{YELLOW}~{YELLOW:#} {name} {old} → {new}"),
        ));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}
