//! A graph of the size of the largest real ones: 300 projects of 40 versions each. Prints how long a solve takes.

mod support;

use std::fmt::Write as _;

use lockgate_solve::Answer;
use support::Case;

#[test]
fn three_hundred_projects_are_solved_with_few_tries() {
    let mut world = String::new();
    for project in 0..300_usize {
        for release in 0..40_usize {
            writeln!(world, "p{project} 1.{release}").unwrap();
            for step in [1, 7, 31] {
                let other = project + step;
                if other < 300 {
                    // Newest releases of every fifth project ask for too much of another.
                    let least = if project % 5 == 0 && release > 36 {
                        39
                    } else {
                        release / 2
                    };
                    writeln!(world, "    p{other}>=1.{least}").unwrap();
                }
            }
            if project % 11 == 3 && project + 2 < 300 {
                writeln!(world, "    p{}<1.39", project + 2).unwrap();
            }
        }
    }
    let case = Case::new(&world).require("p0").require("p2").require("p3");
    #[expect(clippy::disallowed_methods, reason = "a measurement, not an answer")]
    let start = std::time::Instant::now();
    let Answer::Locked(solution) = case.solve() else {
        panic!("it locks");
    };
    let elapsed = start.elapsed().as_millis();
    println!("{elapsed} ms, {:?}", solution.statistics);
    assert_eq!(solution.graph.pins.len(), 300);
    // Over all runs: each reordering tries most projects once more.
    let runs = 1 + solution.statistics.restarts + solution.statistics.reorders;
    assert!(
        solution.statistics.tried < 450 * runs,
        "{:?}",
        solution.statistics
    );
}
