"""Hosts made of a folder of files and a folder of programs."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from layerscope.host.place import Host

MakeHost = Callable[..., Host]

SILENT = {"nvml": {"problem": "no libnvidia-ml.so.1"}, "cuda": {"problem": "no libcuda.so.1"}}
"""What the child says where there is no driver."""


@pytest.fixture
def make_host(tmp_path: Path) -> MakeHost:
    """Makes a host of files by path, of programs by name (the body of a shell script), and of the driver's answers."""
    root, programs = tmp_path / "root", tmp_path / "bin"

    def make(
        files: Mapping[str, str] | None = None,
        scripts: Mapping[str, str] | None = None,
        answers: object = SILENT,
        environment: Mapping[str, str] | None = None,
    ) -> Host:
        for folder in (root, programs):
            folder.mkdir(exist_ok=True)
        for path, content in (files or {}).items():
            place = root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        for name, body in {**(scripts or {}), "child": f"cat <<'END'\n{json.dumps(answers)}\nEND\n"}.items():
            (programs / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{body}\n")
            (programs / name).chmod(0o755)
        nowhere = f"unix://{tmp_path}/nowhere.sock"
        return Host(
            root=root,
            environment={
                "PATH": str(programs),
                "DOCKER_HOST": nowhere,
                "CONTAINER_HOST": nowhere,
                **(environment or {}),
            },
            python=(str(programs / "child"),),
        )

    return make
