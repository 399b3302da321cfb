use super::*;
use crate::testing::Texts;

mod dynamic;
mod groups;
mod hostile;
mod lines;
mod projects;
mod scopes;
mod scripts;
mod setup_cfg;

fn read(files: &Texts, sources: &[&str], extras: &[&str]) -> Result<Manifest, InputError> {
    read_with(files, sources, extras, &[])
}

fn read_with(
    files: &Texts,
    sources: &[&str],
    extras: &[&str],
    groups: &[&str],
) -> Result<Manifest, InputError> {
    let owned = |texts: &[&str]| -> Vec<String> { texts.iter().map(|s| (*s).to_owned()).collect() };
    let groups: Vec<GroupRequest> = groups.iter().map(|text| text.parse().unwrap()).collect();
    Manifests {
        extras: &owned(extras),
        all_extras: false,
        groups: &groups,
    }
    .read(files, &owned(sources), &[])
}

fn names(manifest: &Manifest) -> Vec<&str> {
    let roots = manifest.requirements.iter();
    roots.map(|root| root.requirement.name.as_str()).collect()
}

/// Fails unless the error is the one expected, and says what to do.
#[track_caller]
fn is_told(error: &InputError, line: Option<usize>, part: &str) {
    assert!(error.message.contains(part), "{part}: {error}");
    assert_eq!(error.line, line, "{error}");
    assert!(error.remedy.is_some(), "no remedy: {error}");
}

fn shown(manifest: &Manifest) -> Vec<String> {
    manifest
        .requirements
        .iter()
        .map(|root| {
            format!(
                "{} from {} {}",
                root.requirement, root.origin, root.origin.via
            )
        })
        .collect()
}

#[test]
fn includes_are_followed_and_every_requirement_knows_its_place() {
    let files = Texts::default()
        .with("requirements/dev.in", "-r base.in\npytest>=7 ; python_version >= '3.8'\n-c limits.txt\n")
        .with("requirements/base.in", "# base\nFlask[async] == 2.0 \\\n  --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")
        .with("requirements/limits.txt", "jinja2<3.1\n-r more.in\n")
        .with("requirements/more.in", "click\n");
    let manifest = read(&files, &["requirements/dev.in"], &[]).unwrap();
    assert_eq!(
        shown(&manifest),
        [
            "flask[async]==2.0 from requirements/base.in:2 -r requirements/base.in",
            "pytest>=7 ; python_full_version >= '3.8' from requirements/dev.in:2 -r requirements/dev.in",
            "click from requirements/more.in:1 -r requirements/more.in",
        ]
    );
    assert_eq!(manifest.requirements[0].hashes.len(), 1);
    let [constraint] = manifest.constraints.as_slice() else {
        panic!("one constraint")
    };
    assert_eq!(
        (
            constraint.requirement.name.as_str(),
            constraint.origin.via.as_str()
        ),
        ("jinja2", "-c requirements/limits.txt")
    );
}

#[test]
fn index_options_follow_pips_order() {
    let files = Texts::default().with(
        "a.in",
        "--extra-index-url https://one.test/simple\n-i https://two.test/simple\n--extra-index-url=https://three.test/simple\n--pre\n--only-binary :all:\n--no-binary flask\n",
    );
    let manifest = read(&files, &["a.in"], &[]).unwrap();
    assert_eq!(
        manifest.index.index_url.as_ref().unwrap().0,
        "https://two.test/simple"
    );
    let extras: Vec<&str> = manifest
        .index
        .extra_index_urls
        .iter()
        .map(|(url, _)| url.as_str())
        .collect();
    assert_eq!(extras, ["https://three.test/simple"]);
    assert!(manifest.pre);
    assert!(manifest.binary.all.no_sdists);
    assert!(manifest.binary.of(&"flask".parse().unwrap()).no_wheels);
}

#[test]
fn an_include_loop_shows_the_circle() {
    let files = Texts::default()
        .with("a.in", "-r b.in")
        .with("b.in", "\n-r a.in");
    let error = read(&files, &["a.in"], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "b.in:2: the includes go round in a circle: a.in → b.in → a.in"
    );
}
