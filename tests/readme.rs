//! What the README promises of itself.

const README: &str = include_str!("../README.md");
const CI: &str = include_str!("../.ci/run");

#[test]
fn the_readme_opens_with_two_commands_and_ci_runs_the_second() {
    let commands: Vec<&str> = README
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .take(2)
        .collect();
    let [main_job, tests] = commands[..] else {
        panic!("two commands stand in the README: {commands:?}");
    };
    assert!(main_job.contains(" lock fixtures/") && main_job.contains("--advisories fixtures/"));
    assert!(
        CI.lines().any(|line| line == tests),
        "`{tests}` is not what .ci/run calls"
    );
}
