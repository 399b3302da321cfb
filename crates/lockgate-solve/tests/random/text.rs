//! A plan as text: the world for the solver, and all of it for a person.

use std::fmt::Write as _;

use super::plan::{Advice, Names, Plan, Wish};
use super::tables::{CLAUSES, CONDITIONS, EXTRAS, FILES, PROJECTS, REQUIRED_PYTHONS, VERSIONS};

impl Plan {
    /// The releases as text.
    pub fn world(&self, names: Names) -> String {
        let mut world = String::new();
        for release in &self.releases {
            let python = REQUIRED_PYTHONS[release.python].text;
            write!(
                world,
                "{} {} extras=x,y",
                names[release.project], VERSIONS[release.version]
            )
            .unwrap();
            world.push_str(FILES[release.files].flags);
            if !python.is_empty() {
                let key = if release.hides_python {
                    "metadata-python"
                } else {
                    "python"
                };
                write!(world, " {key}={python}").unwrap();
            }
            if release.yanked {
                world.push_str(" yanked");
            }
            world.push_str(if release.late {
                " uploaded=2024-06-01T00:00:00Z"
            } else {
                " uploaded=2023-06-01T00:00:00Z"
            });
            world.push('\n');
            for wish in &release.wishes {
                let of = wish.part.map(|part| FILES[release.files].parts[part]);
                let of = of.map_or(String::new(), |of| format!("@{of} "));
                writeln!(world, "    {of}{}", wish.text(names)).unwrap();
            }
        }
        world
    }

    /// A choice of releases as pins.
    pub fn choice_text(&self, choice: &[Option<usize>]) -> String {
        let releases = choice.iter().flatten().map(|place| &self.releases[*place]);
        let pins = releases.map(|release| {
            format!(
                "{}=={}",
                PROJECTS[release.project], VERSIONS[release.version]
            )
        });
        pins.collect::<Vec<String>>().join(" ")
    }

    /// World and question, for a person to read.
    pub fn text(&self) -> String {
        let mut text = self.world(PROJECTS);
        for (kind, wishes) in [
            ("require", &self.roots),
            ("constrain", &self.constraints),
            ("override", &self.overrides),
        ] {
            for wish in wishes {
                writeln!(text, "{kind} {}", wish.text(PROJECTS)).unwrap();
            }
        }
        for direct in &self.direct {
            let version = VERSIONS[direct.version];
            writeln!(text, "direct {} at {version}", direct.wish().text(PROJECTS)).unwrap();
        }
        for release in &self.releases {
            if release.advice != Advice::Clear {
                writeln!(
                    text,
                    "{:?} {} {}",
                    release.advice, PROJECTS[release.project], VERSIONS[release.version]
                )
                .unwrap();
            }
        }
        writeln!(text, "{:?} {:?}", self.aim, self.options).unwrap();
        text
    }
}

impl Wish {
    pub(super) fn text(&self, names: Names) -> String {
        let mut text = names[self.project].to_owned();
        match self.extras {
            [true, true] => text.push_str("[x,y]"),
            [true, false] => text.push_str("[x]"),
            [false, true] => text.push_str("[y]"),
            [false, false] => {}
        }
        text.push_str(CLAUSES[self.clause].text);
        let condition = CONDITIONS[self.condition].text;
        match (self.guard.map(|extra| EXTRAS[extra]), condition) {
            (None, "") => {}
            (None, condition) => write!(text, " ; {condition}").unwrap(),
            (Some(extra), "") => write!(text, " ; extra == '{extra}'").unwrap(),
            (Some(extra), condition) => {
                let word = if self.loose { "or" } else { "and" };
                write!(text, " ; extra == '{extra}' {word} ({condition})").unwrap();
            }
        }
        text
    }
}
