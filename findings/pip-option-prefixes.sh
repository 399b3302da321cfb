#!/bin/sh
# pip 26.3 takes the beginning of a long option's name for the option in a requirements file, as optparse does on a command line, also for
# the options behind a requirement: `--find-l`, `--no-ind` and `--ha` work. uv 0.13.9 refuses the file: it knows whole names only. Whoever
# looks for `--index-url` or `--hash` in a file by their names overlooks lines that pip obeys.
#
# Output seen: pip "Would install demo-1.0", exit 0; uv "Unexpected '-', expected '-c', '-e', '-r' or the start of a requirement", exit 2.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/python -m pip install --quiet pip==26.3 uv==0.13.9
mkdir wheels
python3 - <<'PYTHON'
import zipfile

with zipfile.ZipFile("wheels/demo-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("demo.py", "")
    wheel.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    wheel.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr("demo-1.0.dist-info/RECORD", "")
PYTHON
digest=$(sha256sum wheels/demo-1.0-py3-none-any.whl | cut -d' ' -f1)
printf -- '--find-l wheels\n--no-ind\ndemo --ha sha256:%s\n' "$digest" > requirements.txt
tools/bin/pip install --dry-run --no-deps --require-hashes -r requirements.txt | tee pip.out
grep -qx 'Would install demo-1.0' pip.out
if tools/bin/uv pip compile requirements.txt 2> uv.err; then
    echo "uv takes it now" >&2
    exit 1
fi
cat uv.err
grep -q "Unexpected '-', expected '-c', '-e', '-r' or the start of a requirement" uv.err
