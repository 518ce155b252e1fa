"""The package as it is built."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from .server import REPOSITORY


def test_the_wheel_has_the_types_and_the_licence_and_needs_httpx_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY / "clients/python", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("latchkey-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        text = archive.read(metadata).decode()
    assert {"latchkey/py.typed", "latchkey/types.py", "latchkey/_verifier/engine.py"} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    required = [line for line in text.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert required == ["Requires-Dist: httpx<1,>=0.27"]
