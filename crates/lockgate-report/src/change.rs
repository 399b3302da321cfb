//! Old lock against new, a line for each project that differs.

use lockgate_model::{Change, Version};

use crate::style::{GREEN, RED, YELLOW};

/// Lines such as `+ flask 3.0.0`, `- click 8.1.7`, `~ jinja2 3.1.2 → 3.1.6`, in the order of names.
pub fn change_lines(change: &Change) -> Vec<String> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (name, versions) in &change.added {
        let version = listed(versions);
        lines.push((name.as_str(), format!("{GREEN}+{GREEN:#} {name} {version}")));
    }
    for (name, versions) in &change.removed {
        let version = listed(versions);
        lines.push((name.as_str(), format!("{RED}-{RED:#} {name} {version}")));
    }
    for (name, (old, new)) in &change.moved {
        let (old, new) = (listed(old), listed(new));
        lines.push((
            name.as_str(),
            format!("{YELLOW}~{YELLOW:#} {name} {old} → {new}"),
        ));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Versions as a list: a lock for several environments may have more than one of a project.
pub(crate) fn listed(versions: &[Version]) -> String {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
