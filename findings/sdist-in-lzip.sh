#!/bin/sh
# pip 26.3 lists source distributions that end in `.tar.lz` and opens them with tarfile's mode "r:xz". Python's documentation of lzma knows
# `.xz` and `.lzma`, and `FORMAT_AUTO` for these two, so that lzip looks like a format that no pip can open. The detection is liblzma's,
# though, and that knows lzip from 5.4 on: the same pip, Python and archive succeed or fail by a shared library. Here it is taken from two
# releases of pillow, which bring one along; Linux on x86_64, and a Python that links to liblzma dynamically.
#
# Output seen (Python 3.11.7): pip lists "versions": ["1.0"]. With liblzma 5.2.5 tarfile says "not an lzma file"; with 5.8.1 it opens the
# archive, and pip says "Would install foo-1.0".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv tools
tools/bin/python -m pip install --quiet pip==26.3
for release in 8.4.0:39 12.0.0:311; do
    mkdir "${release%:*}"
    tools/bin/pip download --quiet --no-deps --only-binary :all: --implementation cp --python-version "${release#*:}" \
        --platform manylinux_2_17_x86_64 --platform manylinux_2_27_x86_64 --dest "${release%:*}" "pillow==${release%:*}"
    tools/bin/python -m zipfile -e "${release%:*}"/*.whl "${release%:*}"
    mkdir "${release%:*}/lib"
    cp "${release%:*}"/[Pp]illow.libs/liblzma* "${release%:*}/lib/liblzma.so.5"
done
tools/bin/python - <<'PYTHON'
import io, lzma, struct, tarfile, zlib

BACKEND = '''
import os
def prepare_metadata_for_build_wheel(folder, settings=None):
    os.mkdir(os.path.join(folder, "foo-1.0.dist-info"))
    with open(os.path.join(folder, "foo-1.0.dist-info", "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: foo\\nVersion: 1.0\\n")
    return "foo-1.0.dist-info"
def build_wheel(folder, settings=None, metadata=None):
    raise SystemExit("not needed")
'''
TABLE = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'

tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as archive:
    for name, text in {"pyproject.toml": TABLE, "backend.py": BACKEND}.items():
        member = tarfile.TarInfo("foo-1.0/" + name)
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
data = tar.getvalue()

# lzip: magic, version 1, a dictionary of 2**20 bytes; one stream of LZMA with an end marker; CRC32, length, length of the member.
lzma1 = [{"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2, "dict_size": 1 << 20}]
stream = lzma.compress(data, format=lzma.FORMAT_RAW, filters=lzma1)
with open("foo-1.0.tar.lz", "wb") as file:
    file.write(b"LZIP\x01\x14" + stream + struct.pack("<IQQ", zlib.crc32(data), len(data), len(stream) + 26))
PYTHON
echo '<a href="foo-1.0.tar.lz">foo-1.0.tar.lz</a>' > page.html
tools/bin/pip index versions foo --json --no-index -f page.html | tee listed
grep -q '"versions": \["1.0"\]' listed
for release in 8.4.0 12.0.0; do
    LD_LIBRARY_PATH=$folder/$release/lib tools/bin/python - <<'PYTHON'
import ctypes, tarfile

liblzma = ctypes.CDLL("liblzma.so.5")
liblzma.lzma_version_string.restype = ctypes.c_char_p
print("liblzma", liblzma.lzma_version_string().decode())
try:
    with tarfile.open("foo-1.0.tar.lz", "r:xz") as archive:
        print(*archive.getnames())
except tarfile.ReadError as error:
    print(error)
PYTHON
done | tee seen
cat > expected <<'END'
liblzma 5.2.5
not an lzma file
liblzma 5.8.1
foo-1.0/pyproject.toml foo-1.0/backend.py
END
cmp seen expected
LD_LIBRARY_PATH=$folder/12.0.0/lib tools/bin/pip install --dry-run --no-index --no-cache-dir -f page.html foo | tee installed
grep -qx 'Would install foo-1.0' installed
