#!/usr/bin/env python3
"""Lock the same ten packages through real index servers, and compare the pins with pip's.

Opt-in, and no part of CI: it installs servers from the package registry that pip is set up with, which they mirror, into a temporary folder.

    cargo build --workspace
    python3 tests/real-servers/compare.py [--work FOLDER] [--only NAME,NAME] [--bandersnatch-python PYTHON3.12]

Prints a Markdown table, the one of docs/indexes.md. Exit code 1: a server's pins are not pip's, or a lock failed.
nginx is taken from the PATH or /usr/sbin; without it Python's own server of files stands behind the bandersnatch mirror, and the table says so.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = [
    "requests", "flask", "click", "rich", "httpx",
    "attrs", "packaging", "pluggy", "tqdm", "jinja2",
]
PINNED = {
    "pip": ["pip==26.3"],
    "devpi": ["devpi-server==6.20.3"],
    "pypiserver": ["pypiserver==2.4.2"],
    "proxpi": ["proxpi==1.3.1"],
    "simpleindex": ["simpleindex==0.6.3"],
    "bandersnatch": ["bandersnatch==8.2.0"],
}
# A server on this machine is asked directly, and nothing of the caller's settings of pip chooses what is installed.
QUIET = {"PIP_FIND_LINKS": "", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def run(arguments, check=True, **more):
    environment = {**os.environ, **QUIET, **more.pop("env", {})}
    done = subprocess.run(
        [str(argument) for argument in arguments],
        capture_output=True, text=True, env=environment, **more,
    )
    if check and done.returncode:
        sys.exit(f"{arguments[0]} {arguments[1:4]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# bandersnatch insists on the serial of each document, a header which caches on the way to a registry may drop, and on absolute addresses of files,
# which such caches may make relative to the simple page.
BANDERSNATCH = """\
import sys
from urllib.parse import urljoin
import bandersnatch.main
from bandersnatch.master import Master

async def is_fresh(*_arguments):
    pass

stated = Master.get_package_metadata

async def with_addresses(self, name, serial=0):
    metadata = await stated(self, name, serial)
    for files in [metadata["urls"], *metadata["releases"].values()]:
        for file in files:
            file["url"] = urljoin(f"{self.url}/simple/{name}/", file["url"])
            # Such a cache may not have the metadata files either.
            file["core-metadata"] = False
    return metadata

Master.check_for_stale_cache = is_fresh
Master.get_package_metadata = with_addresses
sys.exit(bandersnatch.main.main())
"""


class Bench:
    def __init__(self, work, options):
        self.work, self.options, self.running = work, options, []
        self.pip = self.venv("pip") / "pip"
        self.upstream = self.default_index()
        self.requirements = work / "requirements.in"
        self.requirements.write_text("".join(f"{name}\n" for name in PACKAGES))
        self.environment = {"PIP_CONFIG_FILE": os.devnull}

    def venv(self, name, python=sys.executable):
        folder = self.work / "venvs" / name
        if not (folder / "installed").exists():
            run([python, "-m", "venv", folder])
            run([folder / "bin" / "python", "-m", "pip", "install", "-q", *PINNED[name]])
            (folder / "installed").touch()
        return folder / "bin"

    def default_index(self):
        """The index that pip is set up with, else the one that it has built in."""
        done = run([self.pip, "config", "get", "global.index-url"], check=False)
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.strip()
        code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
        return run([self.pip.parent / "python", "-c", code]).stdout.strip()

    def files(self):
        """A folder with the files that pip takes, which the servers without an upstream serve."""
        folder = self.work / "files"
        if not folder.exists():
            run([self.pip, "download", "-q", "-d", folder, "-r", self.requirements])
        return folder

    def start(self, arguments, url, seconds=90, **more):
        log = (self.work / f"{pathlib.Path(str(arguments[0])).name}.log").open("w")
        environment = {**os.environ, **more.pop("env", {})}
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdout=log, stderr=subprocess.STDOUT, env=environment, **more,
        )
        self.running.append(process)
        end = time.time() + seconds
        while time.time() < end:
            with contextlib.suppress(OSError):
                # proxpi answers 406 to a request without this header.
                urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": "text/html, */*"}), timeout=30).read(1)
                return
            if process.poll() is not None:
                break
            time.sleep(0.2)
        sys.exit(f"{arguments[0]} does not answer at {url}: see {log.name}")

    def stop(self):
        for process in self.running:
            process.terminate()
        for process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        self.running = []

    # The servers: each starts one, and returns its name in the table and the options that lead to it.

    def folder(self):
        return "plain folder", ["--no-index", "--find-links", str(self.files())]

    def devpi(self):
        tools, data, port = self.venv("devpi"), self.work / "devpi", free_port()
        if not data.exists():
            run([tools / "devpi-init", "--serverdir", data, "--root-passwd", "root"])
        origin = f"http://127.0.0.1:{port}"
        self.start([tools / "devpi-server", "--serverdir", data, "--port", port], f"{origin}/+api")
        return "devpi-server 6.20.3, mirror", ["--index-url", f"{origin}/root/pypi/+simple/"]

    def pypiserver(self):
        tools, port = self.venv("pypiserver"), free_port()
        url = f"http://127.0.0.1:{port}/simple/"
        self.start([tools / "pypi-server", "run", "-i", "127.0.0.1", "-p", port, "--disable-fallback", self.files()], url)
        return "pypiserver 2.4.2", ["--index-url", url]

    def proxpi(self):
        tools, port = self.venv("proxpi"), free_port()
        url = f"http://127.0.0.1:{port}/index/"
        environment = {"FLASK_APP": "proxpi.server", "PROXPI_INDEX_URL": self.upstream.rstrip("/") + "/"}
        self.start([tools / "flask", "run", "--port", port], f"{url}click/", env=environment)
        return "proxpi 1.3.1", ["--index-url", url]

    def simpleindex(self):
        tools, port, tree = self.venv("simpleindex"), free_port(), self.work / "tree"
        for file in self.files().iterdir():
            name = file.name.split("-")[0].replace("_", "-").replace(".", "-").lower()
            (tree / name).mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, tree / name)
        settings = self.work / "simpleindex.toml"
        settings.write_text(textwrap.dedent(f"""\
            [routes."{{project}}"]
            source = "path"
            to = "{tree}/{{project}}"

            [server]
            host = "127.0.0.1"
            port = {port}
            """))
        url = f"http://127.0.0.1:{port}/"
        self.start([tools / "simpleindex", settings], f"{url}click/")
        return "simpleindex 0.6.3, `path`", ["--index-url", url]

    def bandersnatch(self):
        tools = self.venv("bandersnatch", self.options.bandersnatch_python)
        mirror, port = self.work / "mirror", free_port()
        names = sorted({file.name.split("-")[0].replace("_", "-").lower() for file in self.files().iterdir()})
        settings = self.work / "bandersnatch.conf"
        settings.write_text(
            f"[mirror]\ndirectory = {mirror}\nmaster = {self.upstream.rstrip('/').removesuffix('/simple')}\n"
            "timeout = 60\nworkers = 3\nhash-index = false\nsimple-format = ALL\nstop-on-error = false\ncompare-method = stat\n"
            "[plugins]\nenabled =\n    latest_release\n    exclude_platform\n    prerelease_release\n"
            "[blocklist]\nplatforms =\n    windows\n    macos\n    freebsd\n[latest_release]\nkeep = 1\n"
        )
        # What breaks off is made good by another run.
        for _ in range(3):
            missing = [name for name in names if not (mirror / "web" / "simple" / name / "index.html").exists()]
            if missing:
                run([tools / "python", "-c", BANDERSNATCH, "-c", settings, "sync", *missing], check=False)
        url, nginx = f"http://127.0.0.1:{port}/simple/", shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        if nginx is None:
            server = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", mirror / "web"]
            self.start(server, f"{url}click/")
            return "bandersnatch 8.2.0, Python's `http.server` (no nginx here)", ["--index-url", url]
        pages, state = self.work / "nginx.conf", self.work / "nginx"
        state.mkdir(exist_ok=True)
        temporary = "".join(f"{kind}_temp_path {state}/{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        # The workers of nginx are of another user where it is started by root: the folder of this run is its starter's alone.
        user = "user root;" if os.geteuid() == 0 else ""
        pages.write_text(textwrap.dedent(f"""\
            {user} daemon off; worker_processes 1; pid {state}/pid; error_log {state}/error.log;
            events {{ }}
            http {{
                access_log off; {temporary}
                types {{ text/html html; application/vnd.pypi.simple.v1+json v1_json; application/octet-stream whl gz; }}
                map $http_accept $page {{ default index.html; "~application/vnd.pypi.simple.v1\\+json" index.v1_json; }}
                server {{
                    listen 127.0.0.1:{port}; root {mirror}/web;
                    location /simple/ {{ index $page index.html; }}
                }}
            }}
            """))
        version = run([nginx, "-v"]).stderr.strip().rpartition("/")[2]
        self.start([nginx, "-p", state, "-c", pages], f"{url}click/")
        return f"bandersnatch 8.2.0, nginx {version}", ["--index-url", url]

    # What comes of it.

    def by_pip(self, options):
        report = self.work / "report.json"
        began = time.time()
        run([
            self.pip, "install", "-q", "--dry-run", "--ignore-installed", "--no-cache-dir",
            "--report", report, *options, "-r", self.requirements,
        ], env=self.environment)
        took = time.time() - began
        found = [item["metadata"] for item in json.loads(report.read_text())["install"]]
        return {item["name"].lower().replace("_", "-"): item["version"] for item in found}, took

    def by_lockgate(self, options, *more):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        shutil.copy(self.requirements, folder)
        began = time.time()
        done = run([
            self.options.lockgate, "lock", "requirements.in", "-o", "requirements.txt", "--no-advisories",
            "--no-cache", "--json", "--python", sys.executable, *options, *more,
        ], check=False, cwd=folder, env={**self.environment, "LOCKGATE_POLICY": ""})
        took = time.time() - began
        document = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        return done, document, took

    def row(self, start):
        server, options = start()
        try:
            done, document, took = self.by_lockgate(options)
            if done.returncode:
                return [server, f"exit {done.returncode}: {done.stderr.strip().splitlines()[-1][:120]}", "", "", "", "", ""], False
            pins = {package["name"]: package["version"] for package in document["packages"]}
            expected, by_pip = self.by_pip(options)
            differing = sorted(name for name in pins.keys() | expected.keys() if pins.get(name) != expected.get(name))
            same = f"same, {len(pins)}" if not differing else "other: " + ", ".join(differing)
            dated, _, _ = self.by_lockgate(options, "--exclude-newer", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
            if dated.returncode == 0:
                times = "exempt" if "--no-index" in options else "stated"
            elif "upload time" in dated.stderr:
                times = f"none: exit {dated.returncode} under `--exclude-newer`, reported"
            else:
                times = f"exit {dated.returncode}"
            hashes = "stated" if self.has_hashes(options) else "none: the files are hashed"
            kinds = sorted({note["kind"] for note in document.get("notes", [])})
            said = "; ".join(line for line in done.stderr.splitlines() if line.startswith("warning"))
            notes = ", ".join(kinds) + (f" {said[:80]}" if said else "")
            return [server, same, hashes, times, notes or "–", f"{took:.1f} s", f"{by_pip:.1f} s"], not differing
        finally:
            self.stop()

    def has_hashes(self, options):
        if "--index-url" not in options:
            return False
        url = options[options.index("--index-url") + 1]
        accept = {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.1", "User-Agent": "pip/26.3"}
        with urllib.request.urlopen(urllib.request.Request(f"{url}click/", headers=accept)) as answer:
            page = answer.read()
        return b"sha256=" in page or b'"sha256"' in page


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, help="keep what is installed and mirrored in this folder [default: a temporary one]")
    parser.add_argument("--only", help="names of servers, with commas")
    parser.add_argument("--lockgate", type=pathlib.Path, default=ROOT / "target" / "debug" / "lockgate")
    parser.add_argument("--bandersnatch-python", default=sys.executable, help="a Python from 3.12 on, which bandersnatch 8 needs")
    options = parser.parse_args()
    options.lockgate = options.lockgate.resolve()
    with contextlib.ExitStack() as stack:
        work = options.work or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="real-servers-")))
        work.mkdir(parents=True, exist_ok=True)
        bench = Bench(work.resolve(), options)
        servers = ["devpi", "pypiserver", "proxpi", "simpleindex", "bandersnatch", "folder"]
        chosen = options.only.split(",") if options.only else servers
        print("| server | pins beside pip 26.3 | hashes | upload times | notes of the lock | lockgate, cold | pip |")
        print("|---|---|---|---|---|---|---|")
        is_sound = True
        for name in chosen:
            row, is_same = bench.row(getattr(bench, name))
            is_sound &= is_same
            print("| " + " | ".join(row) + " |", flush=True)
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
