//! `docs/options.md`, the table of what becomes of other tools' options: complete, and true of the binary.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_tests::{Run, TestContext, fixtures};

/// A line of the table.
#[derive(Debug, Clone)]
struct Row {
    /// `--long`.
    long: String,
    /// `-s`.
    short: Option<String>,
    /// Whether a value follows.
    takes_value: bool,
    /// Whose it is.
    tools: BTreeSet<&'static str>,
    /// What becomes of it.
    says: String,
}

const TOOLS: [&str; 3] = ["pip", "pip-tools", "uv"];

fn page() -> String {
    std::fs::read_to_string(fixtures().join("../docs/options.md")).expect("the page is there")
}

fn rows() -> Vec<Row> {
    let rows: Vec<Row> = page().lines().filter_map(row).collect();
    assert!(rows.len() > 100, "the table has {} lines", rows.len());
    rows
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let ["", option, pip, compile, uv, says, ""] = cells[..] else {
        return None;
    };
    let option = option.strip_prefix('`')?.strip_suffix('`')?;
    let marked = TOOLS.into_iter().zip([pip, compile, uv]);
    let long = option.split(' ').find(|word| word.starts_with("--"))?;
    Some(Row {
        long: long.to_owned(),
        short: option.split_once(", ").map(|(short, _)| short.to_owned()),
        takes_value: option.split(' ').next_back() != Some(long),
        tools: marked
            .filter(|(_, mark)| !mark.is_empty())
            .map(|(tool, _)| tool)
            .collect(),
        says: says.to_owned(),
    })
}

/// A value that the option takes.
fn sample(option: &str) -> &'static str {
    match option {
        "--annotation-style" => "line",
        "--color" => "never",
        "--directory" => ".",
        "--exclude-newer" | "--uploaded-prior-to" => "2024-01-01",
        "--fork-strategy" => "fewest",
        "--format" => "requirements",
        "--index-strategy" => "unsafe-best-match",
        "--index-url" | "--default-index" | "--extra-index-url" | "--index" | "--proxy" => {
            "https://host.test/simple"
        }
        "--keyring-provider" => "disabled",
        "--newline" => "lf",
        "--pip-args" => "--no-deps --timeout 5",
        "--prerelease" => "allow",
        "--python-platform" => "linux",
        "--python-version" => "311",
        "--resolution" => "lowest",
        "--resolver" => "backtracking",
        "--retries" | "--timeout" => "5",
        "--config-setting" | "--config-settings" => "key=value",
        "--config-settings-package" => "pkg:key=value",
        _ => "x",
    }
}

/// A run that can only fail for its source, which is not there.
fn tried(context: &TestContext, spelling: &str, value: Option<&str>) -> Run {
    let mut words = vec!["lock", "missing.in"];
    if !matches!(spelling, "-q" | "--quiet") {
        words.push("-v");
    }
    if !matches!(spelling, "-o" | "--output-file") {
        words.extend(["-o", "lock.txt"]);
    }
    if spelling == "--fork-strategy" {
        // It says nothing of a lock for one environment.
        words.push("--universal");
    }
    words.push(spelling);
    words.extend(value);
    context.lockgate(&words).run()
}

#[test]
fn every_line_of_the_table_is_true() {
    let rows = rows();
    let parts: Vec<&[Row]> = rows.chunks(rows.len().div_ceil(4)).collect();
    std::thread::scope(|scope| {
        for part in parts {
            scope.spawn(move || {
                let context = TestContext::new();
                for row in part {
                    is_true(&context, row);
                }
            });
        }
    });
}

#[track_caller]
fn is_true(context: &TestContext, row: &Row) {
    let value = row.takes_value.then(|| sample(&row.long));
    for spelling in row.short.iter().chain([&row.long]) {
        let run = tried(context, spelling, value);
        let said = &run.stderr;
        assert_eq!(run.code, 2, "{spelling}: {said}");
        assert!(!said.contains("Usage:"), "{spelling}: {said}");
        let idle = format!("`{}` has no effect: ", row.long);
        if row.says.starts_with("supported") {
            assert!(!said.contains("has no effect"), "{spelling}: {said}");
        } else if row.says.starts_with("no effect") {
            assert!(said.contains(&idle), "{spelling}: {said}");
        } else if row.says.starts_with("refused") {
            let named = said.contains(&format!("`{}`", row.long));
            assert!(named && said.contains("help: "), "{spelling}: {said}");
        } else {
            panic!(
                "{}: `{}` is neither supported, nor without effect, nor refused",
                row.long, row.says
            );
        }
    }
    if let Some(rest) = row.says.strip_prefix("no effect, but `") {
        let refused = rest.split('`').next().unwrap_or_default();
        let run = tried(context, &row.long, Some(refused));
        run.exits(2)
            .mentions(&[&format!("`{} {refused}` is not supported", row.long)]);
    }
}

/// The options of each recorded version, by tool.
fn recorded() -> BTreeMap<(&'static str, String), BTreeSet<String>> {
    let mut recorded = BTreeMap::new();
    for entry in std::fs::read_dir(fixtures().join("options")).expect("there are recorded lists") {
        let path = entry.expect("a folder can be listed").path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Some((tool, version)) = name.rsplit_once('-') else {
            continue;
        };
        let tool = TOOLS
            .into_iter()
            .find(|known| *known == tool)
            .expect("the tool is known");
        let text = std::fs::read_to_string(&path).expect("a list can be read");
        let options = text.lines().map(ToOwned::to_owned).collect();
        recorded.insert((tool, version.to_owned()), options);
    }
    recorded
}

/// The options that the page names as none of its concern.
fn beside() -> BTreeSet<String> {
    let page = page();
    let (_, rest) = page
        .split_once("## Without part in it")
        .expect("the section is there");
    rest.split('`')
        .filter(|word| word.starts_with("--"))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_option_of_the_other_tools_is_in_the_table() {
    let (rows, beside, recorded) = (rows(), beside(), recorded());
    assert!(recorded.len() >= 7, "{:?}", recorded.keys());
    for ((tool, version), options) in &recorded {
        assert!(options.len() > 50, "{tool} {version}");
        let known: BTreeSet<&String> = rows
            .iter()
            .filter(|row| row.tools.contains(tool))
            .map(|row| &row.long)
            .chain(&beside)
            .collect();
        let unknown: Vec<&String> = options
            .iter()
            .filter(|option| !known.contains(option))
            .collect();
        assert!(
            unknown.is_empty(),
            "{tool} {version} has {unknown:?}, and the table does not"
        );
    }
}

/// The pip of this machine has what every recorded pip has, and exactly what is recorded for its own version.
#[test]
fn the_interpreters_own_pip_has_the_options_of_the_table() {
    let context = TestContext::new();
    let pip = |words: &[&str]| {
        let run = context
            .program("python3")
            .args(["-m", "pip"])
            .args(words)
            .env("COLUMNS", "200")
            .run();
        (run.code == 0).then_some(run.stdout)
    };
    let version =
        pip(&["--version"]).and_then(|line| line.split(' ').nth(1).map(ToOwned::to_owned));
    let Some((version, help)) = version.zip(pip(&["install", "--help"])) else {
        // An interpreter without pip has no options to compare.
        return;
    };
    let options: BTreeSet<String> = help.lines().filter_map(option_of).collect();
    let lists = recorded()
        .into_iter()
        .filter(|((tool, _), _)| *tool == "pip");
    let lists: BTreeMap<String, BTreeSet<String>> = lists
        .map(|((_, version), options)| (version, options))
        .collect();
    if let Some(own) = lists.get(&version) {
        assert_eq!(&options, own, "pip {version}");
    }
    let common = lists
        .into_values()
        .reduce(|common, list| &common & &list)
        .unwrap_or_default();
    let missing: Vec<&String> = common.difference(&options).collect();
    assert!(
        common.len() > 40 && missing.is_empty(),
        "pip {version} lacks {missing:?}"
    );
}

/// The long option that a line of pip's help describes.
fn option_of(line: &str) -> Option<String> {
    let indent = line.len() - line.trim_start().len();
    if !(1..=8).contains(&indent) {
        return None;
    }
    let text = line.trim_start();
    let text = text
        .split_once(", ")
        .filter(|(short, _)| short.len() == 2)
        .map_or(text, |(_, long)| long);
    let option = text.split([' ', '=']).next()?;
    option.starts_with("--").then(|| option.to_owned())
}
