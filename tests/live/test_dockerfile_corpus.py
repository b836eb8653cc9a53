"""One Dockerfile for each rule whose fix edits it: built, changed by `layerscope fix --write`, and built again."""

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.cli.main import run
from support.built_image import build_image
from support.cuda_images import development, toolkit
from support.live_engines import LiveEngine
from support.live_images import load
from support.python_files import interpreter
from support.python_image import SITE, build_python_image
from support.tar_member import TarMember, file, symlink

DEVEL: Final = "nvidia/cuda:12.4.1-devel-ubuntu22.04"
RUNTIME: Final = "nvidia/cuda:12.4.1-runtime-ubuntu22.04"
PYTHON: Final = "layerscope/pip:1"

PASSWD: Final = file("etc/passwd", b"root:x:0:0::/root:/bin/sh\nserve:x:1000:1000::/opt/good:/bin/sh\n")
SETTINGS: Final = f"""\
FROM {DEVEL}
ENV KEPT=1 NCCL_P2P_DISABLE=1 \\
    CUDA_DISABLE_PTX_JIT=1
ENV NVIDIA_DRIVER_CAPABILITIES=all
ENV LD_LIBRARY_PATH=/opt/gone::/opt/good
COPY good /opt/good
EXPOSE 8000
CMD ["python3", "/opt/good/main.py"]
"""
SETTINGS_FIXED: Final = f"""\
FROM {RUNTIME}
ENV KEPT=1
ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENV LD_LIBRARY_PATH=/opt/good
COPY good /opt/good
EXPOSE 8000
ENV PYTHONUNBUFFERED=1
HEALTHCHECK --interval=30s --timeout=5s --start-period=300s CMD \
python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=4)" || exit 1
USER 1000:1000
CMD ["python3", "/opt/good/main.py"]
"""
PINS: Final = f"""\
FROM {PYTHON}
ENV PYTHONUNBUFFERED=1
COPY wheels /wheels
RUN pip install --no-index --find-links /wheels numpy
RUN pip install --no-index --find-links /wheels --no-deps acme
"""
PINS_FIXED: Final = PINS.replace(" numpy\n", " 'numpy<2,>=1.26'\n")


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


def compare_builds(
    engine: LiveEngine, context: Path, capfd: pytest.CaptureFixture[str], wanted: str
) -> tuple[set[str], set[str]]:
    """The codes that a changed Dockerfile removes, and those that it brings."""
    name = context.name
    build(engine, context, f"layerscope/{name}:1")
    ask(capfd, "fix", f"docker:layerscope/{name}:1", "--file", str(context / "Dockerfile"), "--write")
    assert (context / "Dockerfile").read_text() == wanted
    build(engine, context, f"layerscope/{name}:2")
    first, last = (
        {each["code"] for each in ask(capfd, "audit", f"docker:layerscope/{name}:{number}")["findings"]}
        for number in (1, 2)
    )
    return first - last, last - first


@pytest.fixture(autouse=True)
def _own_cache(docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.host)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))


def test_settings_and_the_base_are_changed(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Variables, health check, and the variant of NVIDIA's image that both stand on."""
    for tag, more in ((DEVEL, development()), (RUNTIME, [])):
        load(docker_engine, build_image([[PASSWD, *interpreter(), *toolkit(), *more]], tag=tag))
    context = tmp_path / "settings"
    (context / "good").mkdir(parents=True)
    (context / "good/main.py").write_text("print(1)\n")
    (context / "Dockerfile").write_text(SETTINGS)
    gone, new = compare_builds(docker_engine, context, capfd, SETTINGS_FIXED)
    assert gone >= {"CONF001", "CONF009", "CONF010", "CUDA038", "CUDA041", "CUDA046", "CUDA047", "ELF006", "ELF007"}
    assert not new


def test_pip_is_asked_for_what_suits_everyone(
    docker_engine: LiveEngine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A real pip then finds the older version by itself."""
    load(docker_engine, build_python_image(PYTHON, *list_shell(), *list_pip()))
    context = tmp_path / "pins"
    (context / "wheels").mkdir(parents=True)
    for name, version, requires in (
        ("numpy", "1.26.4", ()),
        ("numpy", "2.4.6", ()),
        ("acme", "1.0", ("numpy<2", "numpy>=1.26")),
    ):
        write_wheel(context / "wheels", name, version, requires)
    (context / "Dockerfile").write_text(PINS)
    gone, new = compare_builds(docker_engine, context, capfd, PINS_FIXED)
    assert gone == {"PY001"}
    assert not new


def list_shell() -> list[TarMember]:
    """A shell, and a command `pip`."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox: install busybox-static")
    return [
        file("bin/busybox", Path(busybox).read_bytes(), mode=0o755),
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


def write_wheel(folder: Path, name: str, version: str, requires: tuple[str, ...]) -> None:
    """A wheel with one module."""
    info = f"{name}-{version}.dist-info"
    asked = "".join(f"Requires-Dist: {each}\n" for each in requires)
    files: Mapping[str, str] = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{path},sha256={hash_text(text)},{len(text)}\n" for path, text in files.items()]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))


def hash_text(text: str) -> str:
    """The SHA-256 of a text as RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
