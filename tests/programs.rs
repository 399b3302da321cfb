//! The programs that lockgate starts: which, where, with what, and that none is left behind. Stand-ins write down that they were started.
#![cfg(unix)]

use std::ffi::OsString;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use lockgate_tests::{Guarded, Index, Lockgate, Loopback, TestContext, World};

const USER: &str = "joe";
const PASSWORD: &str = "word";

fn world() -> World {
    World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
}

/// Writes a program that notes its name and where it was started in `started`, and then does `script`.
fn stand_in(context: &TestContext, path: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let log = context.path("started");
    context.write(
        path,
        format!(
            "#!/bin/sh\necho '{path}' >> '{}'\n{script}\n",
            log.display()
        ),
    );
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(context.path(path), mode).expect("our own file is ours");
}

fn started(context: &TestContext) -> Vec<String> {
    let text = std::fs::read_to_string(context.path("started")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A search path whose first entries lead into the current folder.
fn ambient_path() -> OsString {
    let mut path = OsString::from(":.:bin:./bin:");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Runs the machine's own `git` in a folder of the test.
fn git(context: &TestContext, folder: &str, arguments: &[&str]) {
    context
        .program("git")
        .args(["-C", folder, "-c", "user.name=n", "-c", "user.email=e@x"])
        .args(arguments)
        .run()
        .exits(0);
}

/// A repository with a project, and its address.
fn repository(context: &TestContext, folder: &str) -> String {
    context.write(
        &format!("{folder}/pyproject.toml"),
        "[build-system]\nrequires = []\nbuild-backend = \"none\"\n[project]\nname = \"thing\"\nversion = \"1.0\"\ndependencies = []\n",
    );
    git(
        context,
        folder,
        &["init", "--quiet", "--initial-branch=main"],
    );
    git(context, folder, &["add", "."]);
    git(context, folder, &["commit", "--quiet", "-m", "first"]);
    let path = context.path(folder).canonicalize();
    let path = path.expect("the folder is there");
    format!("git+file://{}", path.display())
}

#[test]
fn nothing_in_the_current_folder_is_taken_for_a_program() {
    let context = TestContext::new();
    let address = repository(&context, "repo");
    for name in [
        "git",
        "keyring",
        "python",
        "python3",
        "python3.11",
        "pip",
        "pip3",
        "ssh",
        "sh",
        "kill",
        "pyenv",
    ] {
        stand_in(&context, name, "exit 1");
        stand_in(&context, &format!("bin/{name}"), "exit 1");
    }
    let index = Loopback::start(Guarded::new(Index::new(world()), USER, PASSWORD));
    let with_user = index
        .origin()
        .replace("http://", &format!("http://{USER}@"));
    context.write("requirements.in", format!("thing @ {address}\n"));
    context.write_advisories("advisories", &[]);
    context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--advisories", "advisories", "--index-url"])
        .arg(format!("{with_user}/simple"))
        .env("PATH", ambient_path())
        .run()
        .exits(0);
    assert_eq!(started(&context), [""; 0]);
    // The keyring that isn't on the path isn't the one that lies here.
    context.write("requirements.in", "a\n");
    context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--advisories", "advisories", "--index-url"])
        .arg(format!("{with_user}/simple"))
        .env("PATH", ambient_path())
        .run()
        .exits(2)
        .mentions(&["401"]);
    context
        .lock_bare()
        .args(["--no-index", "--no-advisories"])
        .env("PATH", ":.:bin")
        .run();
    assert_eq!(started(&context), [""; 0]);
    // They would write down that they were started.
    context.program(context.path("bin/git")).run().exits(1);
    assert_eq!(started(&context), ["bin/git"]);
}

/// Settings of a repository, each of which has some step of Git run `program`.
fn hostile_settings(program: &Path) -> String {
    let program = program.display();
    format!(
        "[core]\n\tbare = true\n\trepositoryformatversion = 0\n\tfsmonitor = {program}\n\tsshCommand = {program}\n\thooksPath = hooks\n\
         \tgitProxy = {program}\n\taskPass = {program}\n\tpager = {program}\n\teditor = {program}\n\
         [credential]\n\thelper = {program}\n[protocol \"ext\"]\n\tallow = always\n\
         [url \"ext::{program} \"]\n\tinsteadOf = file://\n\tinsteadOf = https://\n\tinsteadOf = ssh://\n\
         [uploadpack]\n\tpackObjectsHook = {program}\n[diff]\n\texternal = {program}\n[gc]\n\tauto = 1\n"
    )
}

#[test]
fn no_repository_that_git_may_find_configures_it() {
    let context = TestContext::new();
    let address = repository(&context, "repo");
    let program = context.path("marker");
    stand_in(&context, "marker", "exit 1");
    // The current folder is a bare repository, as one that was committed is.
    context.write("HEAD", "ref: refs/heads/main\n");
    context.write("config", hostile_settings(&program));
    for folder in ["objects", "refs"] {
        context.write(&format!("{folder}/keep"), "");
    }
    let index = Loopback::index(world());
    context.write("requirements.in", format!("thing @ {address}@main\n"));
    context.lock(&index).run().exits(0);
    // And then a work tree, in which the folder for temporary files lies.
    std::fs::remove_file(context.path("HEAD")).unwrap();
    git(&context, ".", &["init", "--quiet"]);
    let own = std::fs::read_to_string(context.path("config")).unwrap();
    context.write(".git/config", own.replace("bare = true", "bare = false"));
    std::fs::create_dir(context.path("tmp")).unwrap();
    std::fs::remove_dir_all(context.cache()).unwrap();
    context
        .lock(&index)
        .env("TMPDIR", context.path("tmp"))
        .run()
        .exits(0);
    assert_eq!(started(&context), [""; 0]);
    assert!(
        context
            .read("requirements.txt")
            .contains("thing @ git+file://")
    );
}

#[test]
fn no_variable_that_was_set_for_another_purpose_reaches_a_program() {
    let context = TestContext::new();
    let address = repository(&context, "repo");
    let program = context.path("marker").display().to_string();
    stand_in(&context, "marker", "exit 1");
    context.write(
        "modules/sitecustomize.py",
        format!(
            "open({:?}, 'a').write('python\\n')\n",
            context.path("started")
        ),
    );
    context.write("settings", hostile_settings(Path::new(&program)));
    let modules = context.path("modules").display().to_string();
    let settings = context.path("settings").display().to_string();
    let index = Loopback::index(world());
    context.write("requirements.in", format!("thing @ {address}@main\n"));
    context.write_advisories("advisories", &[]);
    let mut run = context
        .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
        .args(["--advisories", "advisories"])
        .args(["--index-url", &index.index_url()]);
    for (name, value) in [
        ("PYTHONPATH", modules.as_str()),
        ("PYTHONSTARTUP", "modules/sitecustomize.py"),
        ("PYTHONUSERBASE", &modules),
        ("PYTHONINSPECT", "1"),
        ("GIT_CONFIG", &settings),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.fsmonitor"),
        ("GIT_CONFIG_VALUE_0", &program),
        ("GIT_DIR", "repo/.git"),
        ("GIT_TEMPLATE_DIR", &modules),
        ("GIT_EXTERNAL_DIFF", &program),
        ("GIT_PROXY_COMMAND", &program),
        ("GIT_PAGER", &program),
        ("GIT_EDITOR", &program),
        ("GIT_EXEC_PATH", &modules),
        ("BASH_ENV", &program),
        ("ENV", &program),
    ] {
        run = run.env(name, value);
    }
    run.run().exits(0);
    assert_eq!(started(&context), [""; 0]);
}

#[test]
fn the_users_own_configuration_of_git_holds() {
    let context = TestContext::new();
    let address = repository(&context, "repo");
    let path = address.trim_start_matches("git+");
    context.write(
        "global",
        format!("[url \"{path}\"]\n\tinsteadOf = https://code.test/thing\n"),
    );
    let index = Loopback::index(world());
    context.write(
        "requirements.in",
        "thing @ git+https://code.test/thing@main\n",
    );
    context
        .lock(&index)
        .env("GIT_CONFIG_GLOBAL", context.path("global"))
        .run()
        .exits(0);
    assert!(
        context
            .read("requirements.txt")
            .contains("thing @ git+https://code.test/thing@")
    );
    // How it says to start SSH holds too; the variable goes before it.
    stand_in(&context, "ssh-of-mine", "exit 1");
    stand_in(&context, "other-ssh", "exit 1");
    let own = context.path("ssh-of-mine").display().to_string();
    context.write("global", format!("[core]\n\tsshCommand = {own}\n"));
    context.write(
        "requirements.in",
        "thing @ git+ssh://git@code.test/thing@main\n",
    );
    let run = || {
        context
            .lock(&index)
            .env("GIT_CONFIG_GLOBAL", context.path("global"))
    };
    run().run().exits(2);
    run()
        .env("GIT_SSH_COMMAND", context.path("other-ssh"))
        .run()
        .exits(2);
    let mut started = started(&context);
    started.dedup();
    assert_eq!(started, ["ssh-of-mine", "other-ssh"]);
}

#[test]
fn a_keyring_gets_what_it_needs_and_no_option_for_a_name() {
    let context = TestContext::new();
    let index = Loopback::start(Guarded::new(Index::new(world()), USER, PASSWORD));
    context.write("requirements.in", "a\n");
    let path = context.write_program(
        "keyring",
        &format!(
            "env > '{}'; pwd; ls -A; echo \"$@\" >> '{}'; echo {PASSWORD}",
            context.path("seen").display(),
            context.path("asked").display()
        ),
    );
    let with_user = |user: &str| {
        let origin = index.origin();
        format!(
            "{}/simple",
            origin.replace("http://", &format!("http://{user}@"))
        )
    };
    context.write_advisories("advisories", &[]);
    let lock = |user: &str| {
        context
            .lock_bare()
            .args(["--advisories", "advisories"])
            .args(["--index-url", &with_user(user)])
            .env("PATH", &path)
            .env("PYTHONPATH", context.path("."))
            .env("SECRET_OF_CI", "x")
            .env("VAULT_TOKEN", "y")
            .env("LOCKGATE_PASS_ENV", "VAULT_TOKEN")
            .env("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    };
    // What it prints beside the password makes it wrong; only what it sees is of interest here.
    lock(USER).run().exits(2);
    let seen = context.read("seen");
    for name in ["HOME=", "PYTHON_KEYRING_BACKEND=", "VAULT_TOKEN=y"] {
        assert!(
            seen.contains(&format!("\n{name}")) || seen.starts_with(name),
            "{name}: {seen}"
        );
    }
    for name in ["PYTHONPATH", "SECRET_OF_CI", "LOCKGATE_"] {
        assert!(!seen.contains(name), "{name}: {seen}");
    }
    assert!(!seen.contains(&format!("PWD={}\n", context.path(".").display())));
    let before = context.read("asked");
    for user in ["-x", "--help", "--mode%3Dcreds"] {
        lock(user)
            .run()
            .exits(2)
            .mentions(&["begins with `-`", "401"]);
    }
    assert_eq!(context.read("asked"), before);
}

/// What is left of the processes that a stand-in noted.
fn left(context: &TestContext) -> Vec<String> {
    let pids = std::fs::read_to_string(context.path("pids")).unwrap_or_default();
    pids.split_whitespace()
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // A zombie waits for a parent that is gone.
            !stat.is_empty() && !stat.contains(") Z ")
        })
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn has_left_none(context: &TestContext) {
    // What was killed is gone a moment later.
    let deadline = Instant::now() + Duration::from_secs(2);
    while !left(context).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(left(context), [""; 0], "a child is left");
}

/// Ends a run by a signal once `is_there` says that it hangs where it should.
fn interrupted(context: &TestContext, mut child: Child, signal: &str, code: i32) {
    let deadline = Instant::now() + Duration::from_mins(1);
    let has_begun = || context.exists("pids") && context.read("pids").lines().count() >= 2;
    while !has_begun() {
        let status = child.try_wait().expect("a child can be asked");
        assert!(status.is_none(), "it must wait");
        assert!(Instant::now() < deadline, "nothing was started");
        std::thread::sleep(Duration::from_millis(10));
    }
    context
        .program("kill")
        .args([signal, &child.id().to_string()])
        .run()
        .exits(0);
    let ended = child.wait_with_output().expect("a child ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(code), "{said}");
    has_left_none(context);
    let entries = std::fs::read_dir(context.path("tmp")).expect("the folder is there");
    assert_eq!(entries.count(), 0, "a file is left");
}

/// Hangs, with a child of its own that hangs too.
fn hanging(context: &TestContext) -> String {
    let pids = context.path("pids").display().to_string();
    format!(
        "sleep 300 &\necho $$ >> '{pids}'\necho $! >> '{pids}'\ntouch left-by-it\ntouch \"$TMPDIR/left-too\"\nwait"
    )
}

fn hanging_run<'a>(context: &'a TestContext, path: &OsString, index_url: &str) -> Lockgate<'a> {
    std::fs::create_dir_all(context.path("tmp")).expect("a folder can be made");
    let _ = std::fs::remove_file(context.path("pids"));
    context.write_advisories("advisories", &[]);
    context
        .lock_bare()
        .args(["--advisories", "advisories", "--index-url", index_url])
        .args(["--timeout", "60"])
        .env("PATH", path)
        .env("TMPDIR", context.path("tmp"))
}

#[test]
fn an_interrupted_git_leaves_nothing() {
    for (signal, code) in lockgate_tests::ending_signals() {
        let context = TestContext::new();
        let index = Loopback::index(world());
        let path = context.write_program("git", &hanging(&context));
        context.write(
            "requirements.in",
            "thing @ git+https://code.test/thing@main\n",
        );
        let child = hanging_run(&context, &path, &index.index_url()).start();
        interrupted(&context, child, signal, code);
    }
}

#[test]
fn an_interrupted_keyring_leaves_nothing() {
    for (signal, code) in lockgate_tests::ending_signals() {
        let context = TestContext::new();
        let index = Loopback::start(Guarded::new(Index::new(world()), USER, PASSWORD));
        let path = context.write_program("keyring", &hanging(&context));
        context.write("requirements.in", "a\n");
        let url = format!(
            "{}/simple",
            index
                .origin()
                .replace("http://", &format!("http://{USER}@"))
        );
        let child = hanging_run(&context, &path, &url).start();
        interrupted(&context, child, signal, code);
    }
}

#[test]
fn a_git_that_takes_too_long_is_stopped_after_the_time_that_was_given() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    let path = context.write_program("git", &hanging(&context));
    context.write(
        "requirements.in",
        "thing @ git+https://code.test/thing@main\n",
    );
    hanging_run(&context, &path, &index.index_url())
        .args(["--git-timeout", "1"])
        .run()
        .exits(2)
        .mentions(&["`git` did not end within 1 second", "--git-timeout"]);
    has_left_none(&context);
    let again = hanging_run(&context, &path, &index.index_url());
    again
        .env("LOCKGATE_GIT_TIMEOUT", "0.5")
        .run()
        .exits(2)
        .mentions(&["within 0.5 seconds"]);
    hanging_run(&context, &path, &index.index_url())
        .args(["--git-timeout", "0"])
        .run()
        .exits(2)
        .mentions(&["--git-timeout", "above 0"]);
}

/// Policies of a revision are read before anything else is set up.
#[test]
fn an_interrupted_search_for_a_policy_leaves_nothing() {
    for (signal, code) in lockgate_tests::ending_signals() {
        let context = TestContext::new();
        std::fs::create_dir(context.path(".git")).expect("the folder is empty");
        context.write("requirements.txt", "a==1.0\n");
        let hang = hanging(&context);
        // The one that is asked for the revision answers, and the next hangs.
        let script = format!(
            "case \"$*\" in *rev-parse*) echo 0123456789012345678901234567890123456789; exit 0;; esac\n{hang}"
        );
        for (script, verb) in [
            (hang.as_str(), "audit"),
            (&script, "audit"),
            (&hang, "check"),
        ] {
            let path = context.write_program("git", script);
            std::fs::create_dir_all(context.path("tmp")).expect("a folder can be made");
            let _ = std::fs::remove_file(context.path("pids"));
            let child = context
                .lockgate(&[verb, "requirements.txt", "--policy-from", "main"])
                .env("PATH", &path)
                .env("TMPDIR", context.path("tmp"))
                .start();
            interrupted(&context, child, signal, code);
        }
    }
}

/// What is judged does not choose which of pyenv's interpreters is started.
#[test]
fn no_file_of_the_repository_chooses_the_interpreter() {
    let context = TestContext::new();
    context.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    context.write("repo/requirements.in", "\n");
    context.write("repo/requirements.txt", "\n");
    context.write("repo/.python-version", "other\n");
    context.write("pyenv/version", "usual\n");
    for version in ["usual", "other"] {
        let started = context.path(format!("started-{version}"));
        let script = format!(": > '{}'; exit 1", started.display());
        let _ = context.write_program("python3", &script);
        let folder = format!("pyenv/versions/{version}/bin");
        std::fs::create_dir_all(context.path(&folder)).expect("a folder can be made");
        std::fs::rename(
            context.path("bin/python3"),
            context.path(format!("{folder}/python3")),
        )
        .expect("it is there");
    }
    context.write("pyenv/shims/python3", "");
    let _ = context.write_program("python3", "exit 1");
    std::fs::rename(
        context.path("bin/python3"),
        context.path("pyenv/shims/python3"),
    )
    .expect("it is there");
    let run = |verb: &str| {
        for version in ["usual", "other"] {
            let _ = std::fs::remove_file(context.path(format!("started-{version}")));
        }
        context
            .lockgate(&[verb, "--directory", "repo", "--no-cache", "--gate", "off"])
            .env("PATH", context.path("pyenv/shims"))
            .run();
        ["usual", "other"].map(|version| context.exists(&format!("started-{version}")))
    };
    assert_eq!(run("check"), [true, false]);
    // The caller's own lock is made with what is chosen for the folder.
    assert_eq!(run("lock"), [false, true]);
    // A file above the repository is the caller's.
    context.write(".python-version", "other\n");
    assert_eq!(run("check"), [false, true]);
    context.write(".python-version", "../versions/other\n");
    assert_eq!(run("check"), [false, false]);
}
