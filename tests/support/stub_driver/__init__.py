"""Stand-ins for NVIDIA's driver libraries, compiled from the C files beside this one; no GPU can be had in tests."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

SOURCES: Final = Path(__file__).parent
LIBRARIES: Final = {"libcuda.c": "libcuda.so.1", "libnvidia-ml.c": "libnvidia-ml.so.1"}


def build_stub_driver(folder: Path) -> Path:
    """Compile the libraries into a folder and return it; skips the test where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None and os.environ.get("LAYERSCOPE_REQUIRE_ENGINE"):
        raise AssertionError("the stub driver needs a C compiler")
    if compiler is None:
        pytest.skip("the stub driver needs a C compiler")
    for source, name in LIBRARIES.items():
        command = [compiler, "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", str(folder / name), str(SOURCES / source)]
        subprocess.run(command, check=True)
    return folder
