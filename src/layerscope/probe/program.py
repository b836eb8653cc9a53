"""What is started in an image and what it reads: the payload under a Python, or a script under a shell."""

import shlex
from functools import cache
from importlib.resources import files
from typing import Final

from layerscope.probe.payload.child import BOOT
from layerscope.probe.payload_text import render_payload
from layerscope.probe.protocol import encode_input
from layerscope.probe.spec import ProbeSpec

PACKAGE: Final = "layerscope.probe.shell"


def list_command(spec: ProbeSpec) -> list[str]:
    """The command that reads its program from standard input, since nothing can be written to a read-only root."""
    if spec.posix_shell:
        return [*spec.posix_shell, "-s"]
    return [spec.interpreter, "-I", "-S", "-u", "-c", BOOT]


def make_input(spec: ProbeSpec, nonce: str) -> bytes:
    """What it reads."""
    if spec.posix_shell:
        told = {"NONCE": nonce, "ABOUT": spec.about, "PROGRAM": spec.program}
        head = "".join(f"{name}={shlex.quote(value)}\n" for name, value in told.items())
        return (head + read_script()).encode()
    return encode_input(render_payload(), spec.build_settings(nonce), spec.list_blobs())


@cache
def read_script() -> str:
    """The script for images without Python."""
    return files(PACKAGE).joinpath("probe.sh").read_text(encoding="utf-8")
