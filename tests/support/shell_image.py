"""Images without Python: a busybox, and a server of models that is a shell script."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from support.built_image import BuiltImage, build_image
from support.python_image import list_libraries
from support.tar_writer import TarMember, directory, file, symlink

SCRIPTS: Final = Path(__file__).parent / "shell_server"
APPLETS: Final = ("sh", "cat", "head", "tr", "sleep", "nc", "readlink", "grep")


def build_shell_server(tag: str, *, fault: str = "", port: int = 8000, has_bash: bool = False) -> BuiltImage:
    """The image; connections are made with its bash, if it has one, and else with its busybox."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    members = [
        *map(directory, ("bin", "app", "etc")),
        directory("tmp", mode=0o1777),
        file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n"),
        file("bin/busybox", Path(busybox).resolve().read_bytes(), mode=0o755),
        *(symlink(f"bin/{name}", "busybox") for name in APPLETS),
        file("app/answer.sh", (SCRIPTS / "answer.sh").read_bytes(), mode=0o755),
        file("bin/vllm", (SCRIPTS / "serve.sh").read_bytes(), mode=0o755),
    ]
    config = {
        "Env": ["PATH=/bin", f"FAULT={fault}", f"PORT={port}"],
        "Entrypoint": ["vllm", "serve"],
        "Cmd": ["/models/small"],
        "ExposedPorts": {"8000/tcp": {}},
    }
    return build_image([[*members, *(_list_bash() if has_bash else ())]], tag=tag, runtime=config)


def _list_bash() -> list[TarMember]:
    """This host's bash with its libraries."""
    program = Path("/bin/bash").resolve()
    return [file("bin/bash", program.read_bytes(), mode=0o755), *list_libraries([program])]
