"""What pip reads in requirement files, told as JSON, one line for each file.

The first line of standard input is {"environments": [...]}, the marker values to ask each marker about; every further line is
{"root": folder, "file": name}. The first line of standard output tells of pip itself. Works with pip 22 to 26, and with the wheel
that ensurepip bundles where pip is not installed.
"""

import io
import json
import logging
import os
import re
import sys
import urllib.parse
import urllib.request


def find_pip():
    try:
        import pip  # noqa: F401
    except ImportError:
        import glob

        import ensurepip

        folder = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
        wheels = sorted(glob.glob(os.path.join(folder, "pip-*.whl")))
        if not wheels:
            sys.exit("there is neither pip nor a bundled wheel of it")
        sys.path.insert(0, wheels[-1])


find_pip()

import pip  # noqa: E402
from pip._internal.cli import cmdoptions  # noqa: E402
from pip._internal.models.format_control import FormatControl  # noqa: E402
from pip._internal.models.search_scope import SearchScope  # noqa: E402
from pip._internal.req import req_file  # noqa: E402
from pip._internal.req.constructors import (  # noqa: E402
    install_req_from_parsed_requirement,
)
from pip._internal.req.req_install import check_invalid_constraint_type  # noqa: E402
from pip._internal.utils.misc import parse_netloc  # noqa: E402
from pip._internal.utils.urls import path_to_url  # noqa: E402
from pip._vendor.packaging.utils import canonicalize_name  # noqa: E402
from pip._vendor.packaging.version import Version  # noqa: E402

try:
    from pip._internal.models.release_control import ReleaseControl
except ImportError:
    ReleaseControl = None

logging.disable(logging.CRITICAL)
OTHER = "any-other-project"


class Response:
    """An answer from a folder that stands for the network."""

    def __init__(self, url, content):
        self.url = url
        self.reason = "OK" if content is not None else "Not Found"
        self.status_code = 200 if content is not None else 404
        self.text = (content or b"").decode("utf-8")


class Session:
    def __init__(self, root):
        self.root = root
        self.hosts = []
        self.auth = None

    def get(self, url, **_):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "file":
            if not url.lower().startswith("file://"):
                raise ValueError("no adapter for " + url)
            if parts.netloc not in ("", "localhost"):
                raise ValueError("not a local file: " + url)
            path = urllib.request.url2pathname(parts.path)
        else:
            path = os.path.join(self.root, "web", parts.hostname + parts.path)
        try:
            with io.open(path, "rb") as file:
                return Response(url, file.read())
        except (OSError, IOError):
            return Response(url, None)

    def update_index_urls(self, urls):
        pass

    def add_trusted_host(self, host, source=None, suppress_logging=False):
        parsed, _port = parse_netloc(host)
        if parsed is None:
            raise ValueError("no host: " + host)
        self.hosts.append(host)


class Finder:
    """What the parser asks of pip's finder."""

    def __init__(self):
        try:
            self.search_scope = SearchScope.create([], ["DEFAULT"], no_index=False)
        except TypeError:
            self.search_scope = SearchScope.create([], ["DEFAULT"])
        self.format_control = FormatControl(set(), set())
        self.release_control = ReleaseControl() if ReleaseControl else None
        self.prefer_binary = False
        self.pre = False

    @property
    def find_links(self):
        return self.search_scope.find_links

    @property
    def index_urls(self):
        return self.search_scope.index_urls

    def set_release_control(self, control):
        self.release_control = control

    def set_allow_all_prereleases(self):
        self.pre = True

    def set_prefer_binary(self):
        self.prefer_binary = True


class Options:
    def __init__(self):
        self.require_hashes = False
        self.no_require_hashes = False
        self.features_enabled = []
        self.isolated_mode = False


def relative(name, root):
    if re.match(r"(?i)(http|https|file):", name):
        return name
    return os.path.relpath(os.path.abspath(name), root)


def specifier(one):
    version = one.version
    if one.operator != "===":
        wildcard = version.endswith(".*")
        text = version[:-2] if wildcard else version
        try:
            version = str(Version(text)) + (".*" if wildcard else "")
        except ValueError:
            pass
    return one.operator + version


def held(marker, environments):
    if marker is None:
        return [True] * len(environments)
    answers = []
    for environment in environments:
        try:
            answers.append(bool(marker.evaluate(dict(environment, extra=""))))
        except Exception:
            answers.append(None)
    return answers


def line_of(parsed, root, environments):
    ireq = install_req_from_parsed_requirement(parsed, user_supplied=True)
    if ireq.constraint:
        problem = check_invalid_constraint_type(ireq)
        if problem:
            raise ValueError(problem)
    origin = re.match(r"(?s)(-[rc]) (.*) \(line (\d+)\)$", parsed.comes_from)
    settings = (parsed.options or {}).get("config_settings") or {}
    link = ireq.link.url if ireq.link else None
    if link is not None:
        # pip resolves `..` in some of these and leaves it in others; where they lead is what counts.
        if not re.match(r"(?i)(https?|ftp|file|[a-z]+\+[a-z-]+):", link):
            link = path_to_url(link)
        elif link.startswith("file:") and "../" in link:
            link = path_to_url(urllib.parse.unquote(urllib.parse.urlsplit(link).path))
        link = re.sub(r"^file:/+", "file:///", link)
    return {
        "file": relative(origin.group(2), root),
        "line": int(origin.group(3)),
        "constraint": ireq.constraint,
        "name": canonicalize_name(ireq.name) if ireq.name else None,
        "extras": sorted(set(canonicalize_name(extra) for extra in ireq.extras)),
        "specifiers": [] if link else sorted(set(map(specifier, ireq.specifier))),
        "url": link,
        "marker": held(ireq.markers, environments),
        "editable": ireq.editable,
        "hashes": sorted(
            set(
                name + ":" + digest.lower()
                for name, digests in ireq.hash_options.items()
                for digest in digests
            )
        ),
        "config_settings": {
            key: value if isinstance(value, list) else [value]
            for key, value in settings.items()
        },
    }


def formats(control):
    names = sorted(control.no_binary | control.only_binary | {OTHER})
    return {
        name: sorted(control.get_allowed_formats(name))
        for name in names
        if name not in (":all:", ":none:", "")
    }


def releases(finder):
    control = finder.release_control
    if control is None:
        return {OTHER: True if finder.pre else None}
    names = sorted(control.all_releases | control.only_final | {OTHER})
    return {
        name: control.allows_prereleases(name)
        for name in names
        if name not in (":all:", ":none:", "")
    }


def read(root, name, environments):
    os.chdir(root)
    finder, session, options = Finder(), Session(root), Options()
    files = []
    told = {"error": None, "lines": []}
    original = req_file.RequirementsFileParser._parse_file

    def traced(self, filename, constraint):
        path = filename
        if path.startswith("file:"):
            path = urllib.request.url2pathname(urllib.parse.urlsplit(path).path)
        files.append(relative(path, root))
        return original(self, filename, constraint)

    req_file.RequirementsFileParser._parse_file = traced
    try:
        parsed = req_file.parse_requirements(
            name, session=session, finder=finder, options=options
        )
        for one in parsed:
            told["lines"].append(line_of(one, root, environments))
    except (Exception, SystemExit) as error:
        told["error"] = "%s: %s" % (type(error).__name__, str(error)[:2000])
    finally:
        req_file.RequirementsFileParser._parse_file = original
    told.update(
        files=files,
        indexes=list(finder.index_urls),
        find_links=[
            os.path.abspath(link) if os.path.exists(link) else link
            for link in finder.find_links
        ],
        no_index=getattr(finder.search_scope, "no_index", False),
        trusted_hosts=session.hosts,
        formats=formats(finder.format_control),
        releases=releases(finder),
        prefer_binary=finder.prefer_binary,
        require_hashes=options.require_hashes,
    )
    return told


def about():
    options = set()
    for option in req_file.build_parser().option_list:
        options.update(option._long_opts)
        options.update(option._short_opts)
    return {
        "pip": pip.__version__,
        "options": sorted(options),
        "features": sorted(cmdoptions.use_new_feature().choices),
    }


def main():
    environments = json.loads(sys.stdin.readline())["environments"]
    out = io.open(1, "w", encoding="utf-8", closefd=False)
    out.write(json.dumps(about()) + "\n")
    out.flush()
    # What pip itself prints must not stand among the answers.
    sys.stdout = io.StringIO()
    for line in sys.stdin:
        asked = json.loads(line)
        told = read(asked["root"], asked["file"], environments)
        out.write(json.dumps(told) + "\n")
    out.flush()


main()
