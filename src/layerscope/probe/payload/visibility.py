"""Stage `visibility`: whether what a program of the image prints is seen when the program ends badly.

A process of its own prints a marker to standard output, to standard error and through `logging`, and ends without
flushing anything, as a process does that is killed. It runs with the image's own environment.
"""

import os
import sys
from typing import Dict

MARKERS = ("stdout", "stderr", "logging")


def print_markers(nonce: str) -> None:
    """Print the markers and be gone."""
    import logging

    logging.basicConfig(level=logging.INFO)
    sys.stdout.write(make_marker(nonce, "stdout") + "\n")
    sys.stderr.write(make_marker(nonce, "stderr") + "\n")
    logging.getLogger("layerscope").info(make_marker(nonce, "logging"))
    os._exit(0)


def make_marker(nonce: str, name: str) -> str:
    """What is printed to one of the three."""
    return f"layerscope-{name}-{nonce}"


def find_markers(nonce: str, stdout: str, stderr: str) -> Dict[str, bool]:
    """Which of the markers arrived."""
    seen = {"stdout": stdout, "stderr": stderr, "logging": stdout + stderr}
    return {name: make_marker(nonce, name) in seen[name] for name in MARKERS}
