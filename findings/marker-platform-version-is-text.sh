#!/bin/sh
# packaging 26.3, which pip 26.3 brings along, compares `platform_release` in a marker as a version where both sides are versions, and its
# sibling `platform_version` never: of texts `>=` holds only where they are equal. uname has the same kind of number in both, so that two
# markers that look alike have different answers on one machine.
#
# Output seen: "platform_release True", "platform_version False" for 23.4.0 >= 9.0; both False for a release that is no version.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/python -m pip install --quiet packaging==26.3
tools/bin/python - <<'PYTHON' | tee out
from packaging.markers import Marker

for name in ("platform_release", "platform_version"):
    print(name, Marker(f"{name} >= '9.0'").evaluate({name: "23.4.0"}))
for name in ("platform_release", "platform_version"):
    print(name, Marker(f"{name} >= '9.0'").evaluate({name: "6.1.0-18-amd64"}))
PYTHON
printf '%s\n' 'platform_release True' 'platform_version False' 'platform_release False' 'platform_version False' | cmp - out
