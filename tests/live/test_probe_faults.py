"""Images with one planted fault each: the audit with its probe names it once, with evidence from both sides."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from layerscope.cli import exit_codes
from support.live_engines import LiveEngine
from support.live_images import load
from support.python_image import SITE, build_python_image, make_package
from support.tar_writer import TarMember, directory, file

Finding = Mapping[str, Any]

UNBUFFERED: Final = ("PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED=1")
OLD: Final = "opt/old/libz.so.1"


def audit(
    engine: LiveEngine, cache: Path, *files: TarMember, env: Sequence[str] = UNBUFFERED, options: Sequence[str] = ()
) -> tuple[int, Mapping[str, Any], Mapping[str, Finding]]:
    """Exit code, probe and findings by code of an image with these files.

    Its tag is its own: another worker of the test run may load another image into the same engine meanwhile.
    """
    tag = f"layerscope/probe:fault-{uuid4().hex[:12]}"
    load(engine, build_python_image(tag, *files, env=env))
    asked = ["--probe", "--patience", "4", "-o", "json", *options]
    command = [sys.executable, "-m", "layerscope", "audit", f"docker:{tag}", *asked]
    environment = {**os.environ, **engine.environment}
    done = subprocess.run(
        [*command, "--cache-dir", str(cache)], capture_output=True, text=True, check=False, env=environment
    )
    document = json.loads(done.stdout)
    assert document["probe"]["refusal"] == "", done.stderr
    return done.returncode, document["probe"], {each["code"]: each for each in document["findings"]}


def find_library(module: str, name: str) -> Path:
    """The library that a module of this Python's standard library is linked with, by the path that its image has."""
    code = f"import {module}; print({module}.__file__)"
    place = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    linked = subprocess.run(["ldd", place], capture_output=True, text=True, check=False).stdout
    found = re.search(rf"=> (/\S+/{re.escape(name)}\S*)", linked)
    if found is None:
        pytest.skip(f"this Python's {module} is not linked with {name}")
    return Path(found[1])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One layer cache for all of these images, which share their lower layer."""
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(("size", "rule"), [(40, "PROBE005 failing-import"), (4096, "PROBE003 crashing-stage")])
def test_a_truncated_library_is_told_by_the_import_and_by_the_files(
    docker_engine: LiveEngine, cache: Path, size: int, rule: str
) -> None:
    """Without its header it is refused, and without what the header promises it is a bus error."""
    library = find_library("zlib", "libz.so.1")
    cut = file(str(library).lstrip("/"), library.read_bytes()[:size], mode=0o755)
    code, probe, found = audit(docker_engine, cache, cut, *make_package("torch", "import zlib\n"))
    assert code == exit_codes.FINDINGS
    assert probe["verdict"]["root"] == "imports"
    assert found["ELF022"]["confirmed"] == "imports"
    told = found[rule.partition(" ")[0]]
    assert told["rule"] == rule.partition(" ")[2]
    assert "the probe confirms ELF022 truncated-object" in told["message"]
    assert {place["path"] for place in told["locations"]} <= {place["path"] for place in found["ELF022"]["locations"]}
    assert told["fixes"] == found["ELF022"]["fixes"]


def test_a_deleted_module_is_told_by_the_import_and_by_its_record(docker_engine: LiveEngine, cache: Path) -> None:
    """The distribution's list of files has it, and the folder has not."""
    record = "torch/__init__.py,,\ntorch/_ops.py,,\ntorch-1.0.dist-info/METADATA,,\ntorch-1.0.dist-info/RECORD,,\n"
    files = (
        directory(f"{SITE}/torch"),
        file(f"{SITE}/torch/__init__.py", b"from torch import _ops\nimport torch._ops\n"),
        *(each for each in make_package("torch", "") if not each.name.endswith("torch.py")),
        file(f"{SITE}/torch-1.0.dist-info/RECORD", record.encode()),
    )
    code, probe, found = audit(docker_engine, cache, *files)
    assert code == exit_codes.FINDINGS
    assert probe["verdict"]["root"] == "imports"
    assert found["PY004"]["confirmed"] == "imports"
    assert "the probe confirms PY004 altered-distribution" in found["PROBE005"]["message"]


def test_output_that_is_buffered_is_confirmed_as_lost(docker_engine: LiveEngine, cache: Path) -> None:
    """With PYTHONUNBUFFERED, nothing is said."""
    _, _, found = audit(docker_engine, cache, env=UNBUFFERED[:1])
    assert found["CONF010"]["confirmed"] == "visibility"
    assert "PROBE041" not in found
    code, probe, found = audit(docker_engine, cache)
    assert code == exit_codes.PROBE  # nothing in it generates
    assert not {"CONF010", "PROBE041"} & set(found)
    assert probe["status"] == "unproved"


def test_a_library_that_the_path_puts_in_front_is_confirmed(docker_engine: LiveEngine, cache: Path) -> None:
    """It is in memory, as the files let expect; without the variable, the system's is, and nothing is said."""
    other = file(OLD, find_library("zlib", "libz.so.1").read_bytes() + b"\0", mode=0o755)
    files = (directory("opt/old"), other, *make_package("torch", "import zlib\n"))
    _, probe, found = audit(docker_engine, cache, *files, env=(*UNBUFFERED, "LD_LIBRARY_PATH=/opt/old"))
    assert found["ELF005"]["confirmed"] == "imports"
    assert "PROBE031" not in found
    assert probe["libraries"]["compared"]
    assert probe["libraries"]["foreign"] == []
    _, _, found = audit(docker_engine, cache, *files)
    assert not {"ELF005", "PROBE031", "PROBE032"} & set(found)


def test_a_library_that_a_package_opens_first_is_unexpected(docker_engine: LiveEngine, cache: Path) -> None:
    """No file tells of it: the module asks for a name that is there already, from elsewhere."""
    other = file(OLD, find_library("zlib", "libz.so.1").read_bytes() + b"\0", mode=0o755)
    text = f"import ctypes\nctypes.CDLL('/{OLD}', mode=ctypes.RTLD_GLOBAL)\nimport zlib\n"
    files = (directory("opt/old"), other, *make_package("torch", text))
    _, _, found = audit(docker_engine, cache, *files, options=("--trace-libs",))
    message = found["PROBE031"]["message"]
    assert f"libz.so.1 from /{OLD}" in message
    assert found["PROBE031"]["locations"][0]["path"] == f"/{OLD}"
    assert found["PROBE031"]["locations"][0]["layer"] == 1
