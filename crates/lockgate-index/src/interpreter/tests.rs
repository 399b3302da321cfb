use std::sync::Arc;

use super::*;
use crate::{Options, Silent};

fn index(cache: &Path) -> (tokio::runtime::Runtime, Index) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let options = Options {
        cache: Some(cache.to_owned()),
        ..Options::default()
    };
    let index = Index::new(options, runtime.handle().clone(), Arc::new(Silent));
    (runtime, index)
}

fn variables() -> BTreeMap<String, String> {
    std::env::vars()
        .filter(|(name, _)| name == "PATH")
        .collect()
}

#[test]
fn the_interpreter_on_the_path_says_what_it_is_and_which_index_its_pip_has() {
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, index) = index(folder.path());
    let path = find(None, &variables()).unwrap();
    let interpreter = index.interpreter(&path).unwrap();
    assert!(
        interpreter
            .default_index()
            .is_some_and(|url| url.starts_with("https://"))
    );
    let target = interpreter.target().unwrap();
    assert_eq!(target.python, *interpreter.python_version().unwrap().full());
    assert!(!target.tags.is_empty());
    let other = interpreter.target_for(&"3.7".parse().unwrap()).unwrap();
    assert_eq!(other.python.to_string(), "3.7.0");
}

#[cfg(unix)]
#[test]
fn an_interpreter_is_started_once_for_one_answer() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, index) = index(&folder.path().join("cache"));
    let real = find(None, &variables()).unwrap();
    let (fake, count) = (folder.path().join("python"), folder.path().join("count"));
    fs::write(
        &fake,
        format!(
            "#!/bin/sh\necho x >> '{}'\nexec '{}' \"$@\"\n",
            count.display(),
            real.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let first = index.interpreter(&fake).unwrap();
    assert_eq!(index.interpreter(&fake).unwrap(), first);
    assert_eq!(fs::read_to_string(&count).unwrap().lines().count(), 1);
    // What is started from now on is the interpreter itself.
    let itself = index.interpreter(&real).unwrap();
    assert_eq!(first.executable(), itself.executable());
    assert_ne!(first.executable(), fake);
}

#[test]
fn what_is_no_interpreter_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, index) = index(folder.path());
    let variables = variables();
    assert!(matches!(
        find(Some("./no/python"), &variables),
        Err(InterpreterError::NotFound(_))
    ));
    assert!(matches!(
        find(Some("9.99"), &variables),
        Err(InterpreterError::NotFound(_))
    ));
    assert!(matches!(
        find(None, &BTreeMap::new()),
        Err(InterpreterError::NotFound(_))
    ));
    let file = folder.path().join("text");
    fs::write(&file, "no program").unwrap();
    assert!(matches!(
        index.interpreter(&file),
        Err(InterpreterError::Silent { .. })
    ));
}

#[cfg(unix)]
#[test]
fn asked_bare_nothing_runs_that_is_installed_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let (runtime, plain) = index(&folder.path().join("plain"));
    let real = find(None, &variables()).unwrap();
    let known = plain.interpreter(&real).unwrap();
    let minor = known.answer.version.rsplit_once('.').unwrap().0;
    let environment = folder.path().join("env");
    let (bin, mark) = (environment.join("bin"), folder.path().join("mark"));
    let packages = environment.join(format!("lib/python{minor}/site-packages"));
    for made in [&bin, &packages] {
        fs::create_dir_all(made).unwrap();
    }
    // A shim on the path finds the interpreter by its own name; the environment links to the interpreter itself.
    let base = Path::new(&known.answer.prefix).join(format!("bin/python{minor}"));
    std::os::unix::fs::symlink(&base, bin.join("python")).unwrap();
    let home = base.parent().unwrap().display().to_string();
    fs::write(environment.join("pyvenv.cfg"), format!("home = {home}\n")).unwrap();
    let code = format!("open({:?}, 'w').close()\n", mark.display().to_string());
    fs::write(packages.join("sitecustomize.py"), &code).unwrap();
    fs::write(packages.join("evil.pth"), format!("import os; {code}")).unwrap();
    let options = Options {
        bare_interpreters: true,
        ..Options::default()
    };
    let bare = Index::new(options, runtime.handle().clone(), Arc::new(Silent));
    let told = bare.interpreter(&bin.join("python")).unwrap();
    assert!(!mark.exists(), "something of the environment ran");
    assert_eq!(told.default_index(), known.default_index());
    assert_eq!(told.answer.version, known.answer.version);
    // What it is kept from would leave its mark.
    plain.interpreter(&bin.join("python")).unwrap();
    assert!(mark.exists());
}

#[cfg(unix)]
#[test]
fn an_interpreter_that_was_upgraded_is_asked_again() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (_runtime, index) = index(&folder.path().join("cache"));
    let real = find(None, &variables()).unwrap();
    let answer = ask(&real, true, None).unwrap();
    let mut answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    // A shim answers for a program that is somewhere else.
    let program = folder.path().join("program");
    fs::write(&program, "1").unwrap();
    answer["executable"] = program.display().to_string().into();
    let (shim, count) = (folder.path().join("shim"), folder.path().join("count"));
    let script = |name: &str, version: &str| {
        let mut answer = answer.clone();
        answer["version"] = version.into();
        let path = folder.path().join(name);
        let text = format!(
            "#!/bin/sh\necho x >> '{}'\ncat << 'END'\n{answer}\nEND\n",
            count.display()
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let asked = |version: &str, times: usize| {
        let found = index.interpreter(&shim).unwrap();
        assert_eq!(found.answer.version, version);
        let count = fs::read_to_string(&count).unwrap().lines().count();
        assert_eq!(count, times);
    };
    let first = script("first", "3.11.1");
    symlink(&first, &shim).unwrap();
    asked("3.11.1", 1);
    asked("3.11.1", 1);
    fs::write(&program, "2").unwrap();
    asked("3.11.1", 2);
    // The link leads to another file of the same size and time, as in a store of packages.
    let second = script("second", "3.11.2");
    let time = fs::metadata(&first).unwrap().modified().unwrap();
    let set_time = |path: &Path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    };
    set_time(&second);
    fs::remove_file(&shim).unwrap();
    symlink(&second, &shim).unwrap();
    asked("3.11.2", 3);
    // The same place with another file, whose size and time are the same.
    let third = script("third", "3.11.3");
    set_time(&third);
    fs::rename(&third, &second).unwrap();
    asked("3.11.3", 4);
    asked("3.11.3", 4);
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_is_kept_for_one_system_only() {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let system = system();
    assert!(system.contains(release.trim()), "{system}");
    let real = find(None, &variables()).unwrap();
    assert!(fingerprint(&real).unwrap().ends_with(&system));
}
