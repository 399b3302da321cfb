#!/bin/sh
# pip 26.3 reads the name of one source distribution in two ways. Linked from a page, `foo-1.0-1.tar.gz` is the post-release 1.0.post1 of foo
# (PEP 440, "Implicit post releases"). Lying in a folder that --find-links names, the last dash ends the project's name: the file is not
# seen, since nobody asks for a project called foo-1.0.
#
# Output seen: from the page "versions": ["1.0.post1"], exit 0; from the folder "No matching distribution found for foo", exit 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/python -m pip install --quiet pip==26.3
mkdir files foo-1.0.post1
printf '[project]\nname = "foo"\nversion = "1.0.post1"\n' > foo-1.0.post1/pyproject.toml
printf 'Metadata-Version: 2.1\nName: foo\nVersion: 1.0.post1\n' > foo-1.0.post1/PKG-INFO
tar czf files/foo-1.0-1.tar.gz foo-1.0.post1
echo '<a href="files/foo-1.0-1.tar.gz">foo-1.0-1.tar.gz</a>' > page.html
tools/bin/pip index versions foo --json --no-index -f page.html | tee page.out
grep -q '"versions": \["1.0.post1"\]' page.out
if tools/bin/pip index versions foo --json --no-index -f files > folder.out 2>&1; then
    echo "pip sees it in a folder now" >&2
    exit 1
fi
cat folder.out
grep -q 'No matching distribution found for foo' folder.out
