"""Building Dockerfiles by the builder that every engine has, and what they are built of: a shell, pip, wheels."""

import importlib.util
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.main import run
from support.elf_writer import write_elf
from support.live_engines import LiveEngine
from support.python_files import hash_row
from support.python_image import SITE
from support.tar_member import TarMember, file, symlink

PYTHON: Final = "layerscope/pip:1"
"""An image with a pip."""

OLD_NUMPY: Final = write_elf() + b"_ARRAY_API\0numpy.core._multiarray_umath\0"
"""What is left in a module that was built for NumPy 1."""


def ask(capfd: pytest.CaptureFixture[str], *words: str) -> Any:
    """What a command says as JSON."""
    capfd.readouterr()
    assert run([*words, "-o", "json"]) in {0, 1}
    return json.loads(capfd.readouterr().out)


def build(engine: LiveEngine, context: Path, tag: str) -> None:
    """Build the folder's Dockerfile by the builder that every engine has."""
    subprocess.run(
        ["/usr/bin/docker", "build", "--quiet", "--network", "none", "--tag", tag, str(context)],
        env={**os.environ, "DOCKER_HOST": engine.host, "DOCKER_BUILDKIT": "0"},
        check=True,
        capture_output=True,
    )


def read_busybox() -> bytes:
    """A program that is all of a system's."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox: install busybox-static")
    return Path(busybox).read_bytes()


def list_shell() -> list[TarMember]:
    """A shell, and a command `pip`."""
    return [
        file("bin/busybox", read_busybox(), mode=0o755),
        symlink("bin/sh", "busybox"),
        file("usr/local/bin/pip", b'#!/bin/sh\nexec python3 -m pip "$@"\n', mode=0o755),
    ]


def list_pip() -> list[TarMember]:
    """The pip of this environment, as it is installed."""
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        pytest.skip("no pip: make the environment with python -m venv")
    site = Path(found.origin).parents[1]
    folders = [site / "pip", *site.glob("pip-*.dist-info")]
    paths = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [file(f"{SITE}/{path.relative_to(site)}", path.read_bytes()) for path in paths if path.suffix != ".pyc"]


def write_wheel(folder: Path, name: str, version: str, requires: tuple[str, ...], module: bytes) -> None:
    """A wheel with one module, and an extension module where it is to have one."""
    info = f"{name}-{version}.dist-info"
    asked = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{name}.py": b"",
        **({f"{name}_c.abi3.so": module} if module else {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},{hash_row(content)},{len(content)}\n" for path, content in files.items()]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
        wheel.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))
