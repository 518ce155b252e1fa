"""Packs a folder as Go's proxies do, files alone: ``python3 zip.py <zip> <folder> <prefix> <time>``, the time in seconds."""

import pathlib
import sys
import time
import zipfile

target, folder, prefix, seconds = sys.argv[1:]
root = pathlib.Path(folder)
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            entry = zipfile.ZipInfo(f"{prefix}/{path.relative_to(root)}", time.gmtime(int(seconds))[:6])
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())
