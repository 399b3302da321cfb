#!/bin/sh
# PEP 508 allows a variable on both sides of a comparison. packaging 26.3, which pip 26.3 brings along, reads such a marker, keeps the right
# side as a variable and prints it as one; when it evaluates the marker, only the left variable is replaced by its value, and the right one
# is compared by its own name as a text.
#
# Output seen: False where both variables have one value, True where the left one has the name of the right one as its value.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/python -m pip install --quiet packaging==26.3
tools/bin/python - <<'PYTHON' | tee out
from packaging.markers import Marker

marker = Marker("os_name == sys_platform")
print(marker)
print(marker.evaluate({"os_name": "posix", "sys_platform": "posix"}))
print(marker.evaluate({"os_name": "sys_platform", "sys_platform": "linux"}))
PYTHON
printf '%s\n' 'os_name == sys_platform' 'False' 'True' | cmp - out
