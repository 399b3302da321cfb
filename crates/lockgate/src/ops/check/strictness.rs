//! What a header restricts: it holds where it is stricter than what holds without it, and has no effect where it is looser.

use lockgate_model::{ChoiceRules, Manifest, Name, PrereleaseMode, Releases, Timestamp};

use crate::choosing::Choosing;
use crate::cli::{ChoiceOptions, LockArguments, RecordedCommand, RecordedOption, ReleaseOption};
use crate::failure::Failure;

/// Tightens `rules` by what `recorded` restricts. Returns the options that are not stricter and have no effect.
pub(super) fn tighten(
    rules: &mut ChoiceRules,
    recorded: &RecordedCommand,
    now: Timestamp,
) -> Result<Vec<String>, Failure> {
    let options = &recorded.arguments.choice;
    let header = Choosing::new(&LockArguments {
        choice: ChoiceOptions {
            pre: options.pre,
            prerelease: options.prerelease,
            resolution: options.resolution,
            exclude_newer: options.exclude_newer.clone(),
            uploaded_prior_to: options.uploaded_prior_to.clone(),
            cooldown: options.cooldown.clone(),
            ..ChoiceOptions::default()
        },
        ..LockArguments::default()
    })?
    .rules(&Manifest::default(), None, now)?;
    let mut idle: Vec<&str> = Vec::new();
    if is_looser(&mut rules.cutoff, header.cutoff) {
        idle.extend(["exclude_newer", "uploaded_prior_to"]);
    }
    let states_cooldown = options.cooldown.is_some();
    if states_cooldown && is_looser(&mut rules.cooldown, header.cooldown)
        || states_cooldown && header.cooldown.is_none() && rules.cooldown.is_some()
    {
        idle.push("cooldown");
    }
    if options.pre || options.prerelease.is_some() {
        let holds = in_general(rules);
        if breadth(header.prerelease) < breadth(holds) {
            rules.releases.all = None;
            rules.prerelease = header.prerelease;
        } else if header.prerelease != holds {
            idle.extend(["pre", "prerelease"]);
        }
    }
    if options.resolution.is_some() && header.resolution != rules.resolution {
        idle.push("resolution");
    }
    if !admits_all(rules, &options.releases.0) {
        idle.push("all_releases");
    }
    let shown = recorded.options.iter();
    let shown = shown.filter(|option| idle.contains(&option.id.as_str()));
    Ok(shown.map(RecordedOption::shown).collect())
}

/// Lets the earlier of two points hold. Returns whether the header's is the later one.
fn is_looser(holds: &mut Option<Timestamp>, header: Option<Timestamp>) -> bool {
    match (*holds, header) {
        (Some(own), Some(header)) if header > own => true,
        (_, Some(header)) => {
            *holds = Some(header);
            false
        }
        (_, None) => false,
    }
}

/// The rule for packages that nothing is said about.
fn in_general(rules: &ChoiceRules) -> PrereleaseMode {
    match rules.releases.all {
        Some(Releases::All) => PrereleaseMode::Allow,
        Some(Releases::Final) => PrereleaseMode::Disallow,
        None => rules.prerelease,
    }
}

/// How much a mode admits. Of two with the same number neither admits all that the other does.
fn breadth(mode: PrereleaseMode) -> u8 {
    match mode {
        PrereleaseMode::Disallow => 0,
        PrereleaseMode::IfNecessary | PrereleaseMode::Explicit => 1,
        PrereleaseMode::IfNecessaryOrExplicit => 2,
        PrereleaseMode::Allow => 3,
    }
}

/// Whether what `--all-releases` names is admitted anyway.
fn admits_all(rules: &ChoiceRules, options: &[ReleaseOption]) -> bool {
    let is_general = in_general(rules) == PrereleaseMode::Allow;
    options.iter().all(|option| {
        let ReleaseOption::AllReleases(value) = option else {
            return true;
        };
        value.split(',').map(str::trim).all(|name| match name {
            "" | ":none:" => true,
            ":all:" => is_general,
            name => Name::new(name).is_ok_and(|name| match rules.releases.packages.get(&name) {
                Some(releases) => *releases == Releases::All,
                None => is_general,
            }),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(options: &[&str]) -> RecordedCommand {
        let words: Vec<String> = ["lockgate", "lock", "a.in"]
            .iter()
            .chain(options)
            .map(ToString::to_string)
            .collect();
        RecordedCommand::read(&words).unwrap()
    }

    /// The rules of a caller who gives these options, and what is left of the header's.
    fn tightened(given: &[&str], header: &[&str]) -> (ChoiceRules, Vec<String>) {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let mut rules = Choosing::new(&recorded(given).arguments)
            .unwrap()
            .rules(&Manifest::default(), None, now)
            .unwrap();
        let idle = tighten(&mut rules, &recorded(header), now).unwrap();
        (rules, idle)
    }

    #[test]
    fn the_earlier_date_and_the_longer_time_hold() {
        for (option, strict, loose) in [
            ("--exclude-newer", "2024-01-01", "2025-01-01"),
            ("--exclude-newer", "9 days", "3 days"),
            (
                "--uploaded-prior-to",
                "2024-01-01T00:00:00Z",
                "2025-01-01T00:00:00Z",
            ),
            ("--cooldown", "9 days", "3 days"),
            ("--cooldown", "9 days", "0 days"),
        ] {
            let alone = tightened(&[option, strict], &[]).0;
            let (rules, idle) = tightened(&[option, loose], &[option, strict]);
            assert_eq!((rules, idle.len()), (alone.clone(), 0), "{option} {strict}");
            let (rules, idle) = tightened(&[option, strict], &[option, loose]);
            assert_eq!(rules, alone, "{option} {loose}");
            assert_eq!(idle, [format!("{option} {loose}")]);
            let (rules, idle) = tightened(&[], &[option, strict]);
            assert_eq!((rules, idle.len()), (alone, 0));
        }
        let (rules, idle) = tightened(
            &["--cooldown", "9 days"],
            &["--exclude-newer", "2025-01-01"],
        );
        assert!(rules.cooldown.is_some() && rules.cutoff.is_some() && idle.is_empty());
    }

    #[test]
    fn fewer_pre_releases_hold() {
        let modes = [
            "disallow",
            "explicit",
            "if-necessary",
            "if-necessary-or-explicit",
            "allow",
        ];
        for (strictness, given) in modes.iter().enumerate() {
            for (other, header) in modes.iter().enumerate() {
                let (rules, idle) = tightened(&["--prerelease", given], &["--prerelease", header]);
                let apart = (strictness, other) != (1, 2) && (strictness, other) != (2, 1);
                let expected = if other < strictness && apart {
                    header
                } else {
                    given
                };
                assert_eq!(
                    rules,
                    tightened(&["--prerelease", expected], &[]).0,
                    "{given} {header}"
                );
                assert_eq!(idle.is_empty(), expected == header, "{given} {header}");
            }
        }
        assert_eq!(tightened(&[], &["--pre"]).1, ["--pre"]);
        assert_eq!(tightened(&[], &["--pre"]).0, tightened(&[], &[]).0);
        assert!(tightened(&["--pre"], &["--pre"]).1.is_empty());
    }

    #[test]
    fn a_header_admits_no_releases_of_its_own() {
        let (rules, idle) = tightened(&[], &["--all-releases", "a,b"]);
        assert_eq!(rules, tightened(&[], &[]).0);
        assert_eq!(idle, ["--all-releases a,b"]);
        assert!(
            tightened(&["--all-releases", "a"], &["--all-releases", "a"])
                .1
                .is_empty()
        );
        assert!(
            tightened(&["--all-releases", ":all:"], &["--all-releases", "a"])
                .1
                .is_empty()
        );
        assert_eq!(
            tightened(&[], &["--resolution", "lowest"]).1,
            ["--resolution lowest"]
        );
    }

    #[test]
    fn a_mode_does_not_take_back_what_a_source_restricts() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let mut manifest = Manifest::default();
        manifest.releases.only_final(":all:").unwrap();
        let mut rules = Choosing::new(&LockArguments::default())
            .unwrap()
            .rules(&manifest, None, now)
            .unwrap();
        let before = rules.clone();
        let idle = tighten(
            &mut rules,
            &recorded(&["--prerelease", "if-necessary"]),
            now,
        )
        .unwrap();
        assert_eq!(rules, before);
        assert_eq!(idle, ["--prerelease if-necessary"]);
    }
}
