"""A Python process is found behind shells, wrappers and entry scripts."""

import pytest

from layerscope.facts.system.python_process import PythonProcess, PythonProcessCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import file

ENTRY = b'#!/bin/sh\nset -e\nexec "$@"\n'
ROOT = (
    file("bin/sh", b"\x7fELF", mode=0o755),
    file("usr/bin/python3", b"\x7fELF", mode=0o755),
    file("usr/bin/nginx", b"\x7fELF", mode=0o755),
    file("usr/local/bin/tool", b"#!/usr/bin/python3\nimport x\n", mode=0o755),
    file("usr/local/bin/quick", b"#!/usr/bin/python3 -u\nimport x\n", mode=0o755),
    file("usr/local/bin/ray", b"#!/bin/sh\nexec nginx\n", mode=0o755),
    file("entrypoint.sh", ENTRY, mode=0o755),
    file("start.sh", b"#!/bin/sh\nexport PYTHONUNBUFFERED=1\nexec python3 serve.py\n", mode=0o755),
    file("run.sh", b"#!/bin/sh\nexec tool --x\n", mode=0o755),
    file("loop.sh", b"#!/bin/sh\nexec /loop.sh\n", mode=0o755),
    file("run-loop.sh", b"#!/bin/sh\nexec /run-loop.sh\n", mode=0o755),
)


def find(*command: str) -> PythonProcess | None:
    """The Python process that a command starts."""
    context = make_context(ROOT, runtime=RuntimeConfig(cmd=command))
    return collect(PythonProcessCollector, context).find(PythonProcess)


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("python3 app.py", "python3"),
        ("/usr/bin/python3 -m http.server", "python3"),
        ("tool --x", "tool"),
        ("uvicorn main:app", "uvicorn"),
        ("vllm serve model", "vllm"),
        ("tini -- torchrun train.py", "torchrun"),
        ("/entrypoint.sh python3 app.py", "python3"),
        ("/run.sh", "tool"),
    ],
)
def test_finds_python(command: str, program: str) -> None:
    """By interpreter, by first line, by name, and through entry scripts."""
    found = find(*command.split())
    assert found is not None
    assert found.program == program
    assert not found.is_unbuffered


@pytest.mark.parametrize(
    "command", ["nginx -g x", "/entrypoint.sh nginx", "sh", "ray start", "/loop.sh", "/run-loop.sh", ""]
)
def test_finds_none(command: str) -> None:
    """Other programs, shell scripts of a known name, and scripts that never get there."""
    assert find(*command.split()) is None


@pytest.mark.parametrize(
    "command", ["python3 -u app.py", "python3 -Bu app.py", "quick", "/start.sh", "env python3 -u x"]
)
def test_notes_what_switches_the_buffer_off(command: str) -> None:
    """The switch, a first line with it, or the entry script."""
    found = find(*command.split())
    assert found is not None
    assert found.is_unbuffered


@pytest.mark.parametrize(
    "command", ["python3 app.py -u", "python3 -m tool -u", "python3 -X utf8 app.py", "python3 -c u"]
)
def test_other_switches_are_not_taken_for_it(command: str) -> None:
    """What follows the program belongs to that."""
    found = find(*command.split())
    assert found is not None
    assert not found.is_unbuffered


def test_looks_into_shell_forms() -> None:
    """The last command is the process."""
    found = find("/bin/sh", "-c", "cd /app && python3 app.py")
    assert found is not None
    assert found.program == "python3"
