"""Asks this interpreter's pip how it reads configurations: one JSON case a line in, one JSON answer a line out.

A case has `environment`, `prefix`, `base`, `folder`, `system`. The answer has the files that pip would read, the settings in the order in
which it applies them, and the values that `pip install` would start with; or `refused`, when it would not start.
"""

import configparser, contextlib, glob, io, json, os, sys

try:
    import pip._internal
except ImportError:
    import ensurepip

    folder = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
    places = [folder, "/usr/share/python-wheels"]
    wheels = [wheel for place in places for wheel in glob.glob(os.path.join(place, "pip-*.whl"))]
    sys.path[:0] = wheels[:1]
import pip
from pip._internal import configuration
from pip._internal.cli import cmdoptions
from pip._internal.commands import create_command
from pip._internal.models.index import PyPI
from pip._vendor import platformdirs
from pip._vendor.platformdirs import macos, unix, windows

REAL = (sys.platform, configuration.WINDOWS)
# There is no Windows here to ask, so the variables that its folders also are in must do.
windows.get_win_folder = windows.get_win_folder_from_env_vars
SYSTEMS = {"unix": ("linux", unix.Unix), "macos": ("darwin", macos.MacOS), "windows": ("win32", windows.Windows)}
TIME_ZONE = os.environ.get("TZ")
PROBES = ["a", "b", "some-thing", "other"]


@contextlib.contextmanager
def system(name):
    platform, directories = SYSTEMS[name]
    sys.platform, configuration.WINDOWS = platform, name == "windows"
    configuration.CONFIG_BASENAME = "pip.ini" if name == "windows" else "pip.conf"
    platformdirs.PlatformDirs = directories
    try:
        yield
    finally:
        sys.platform, configuration.WINDOWS = REAL


def places():
    loaded = configuration.Configuration(isolated=False)
    files = dict(loaded.iter_config_files())
    named = files[configuration.kinds.ENV if hasattr(configuration, "kinds") else configuration.Kind.ENV]
    null = "nul" if configuration.WINDOWS else "/dev/null"
    if named[:1] == [null]:
        return []
    return [file for kind in configuration.OVERRIDE_ORDER for file in files.get(kind, []) if file]


def formats(control):
    return {name: sorted(control.get_allowed_formats(name)) for name in PROBES}


def releases(control):
    return {name: control.allows_prereleases(name) for name in PROBES}


def values(parser):
    set_up = parser.get_default_values()
    known = {}

    def keep(name, attribute, convert=lambda value: value):
        if parser.get_option("--" + name) is not None:
            value = getattr(set_up, attribute)
            known[name] = None if value is None else convert(value)

    keep("index-url", "index_url", lambda url: None if url == PyPI.simple_url else url)
    for name in ["extra-index-url", "trusted-host", "constraint", "build-constraint"]:
        keep(name, name.replace("-", "_") + "s")
    keep("find-links", "find_links")
    for name in ["no-index", "no-proxy-env", "pre", "prefer-binary"]:
        keep(name, name.replace("-", "_"), bool)
    keep("no-deps", "ignore_dependencies", bool)
    keep("timeout", "timeout", str)
    for name in ["cert", "client-cert", "proxy", "retries", "keyring-provider"]:
        keep(name, name.replace("-", "_"))
    keep("no-binary", "format_control", formats)
    keep("all-releases", "release_control", releases)
    keep("uploaded-prior-to", "uploaded_prior_to", lambda instant: instant.timestamp())
    if hasattr(cmdoptions, "check_release_control_exclusive"):
        cmdoptions.check_release_control_exclusive(set_up)
    return known


def answer(case):
    os.environ.clear()
    os.environ.update(case["environment"])
    if TIME_ZONE is not None:
        os.environ["TZ"] = TIME_ZONE
    sys.prefix, sys.base_prefix = case["prefix"], case["base"]
    os.chdir(case["folder"])
    with system(case["system"]):
        told = {"files": places()}
    if case["system"] != "unix":
        return told
    told["unknown"] = []
    try:
        parser = create_command("install", isolated=False).parser
        parser.config.load()
        told["settings"] = [list(item) for item in parser._get_ordered_configuration_items()]
        told["unknown"] = [name for name, _ in told["settings"] if parser.get_option("--" + name) is None]
        told["values"] = values(create_command("install", isolated=False).parser)
    except (SystemExit, configuration.ConfigurationError) as error:
        told["refused"] = str(error)
    except Exception as error:
        told["refused"] = repr(error)
    return told


features = {
    "version": pip.__version__,
    "normalises": hasattr(configuration, "_RawConfigParser"),
    "any_header": "[^]]" not in configparser.RawConfigParser._SECT_TMPL,
    "absolute_xdg": hasattr(unix, "_xdg_dir"),
}
print(json.dumps(features))
for line in sys.stdin:
    complaints = io.StringIO()
    with contextlib.redirect_stderr(complaints), contextlib.redirect_stdout(complaints):
        told = answer(json.loads(line))
    told["complaints"] = complaints.getvalue()
    print(json.dumps(told), flush=True)
