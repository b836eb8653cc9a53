"""What tests of `layerscope fix IMAGE --apply --layers` begin with: its words, and snapshots of what it tells."""

import os
import re
from pathlib import Path
from typing import Final

from layerscope import __version__
from support.results import check_snapshot

MAKE: Final = ("--apply", "--layers", "--to")

_SNAPSHOTS: Final = Path(__file__).parents[1] / "cli" / "commands" / "snapshots"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def compare_applied(name: str, text: str) -> None:
    """Compare an output with its snapshot, whatever digests and version it has."""
    text = _DIGEST.sub("sha256:…", text).replace(f'"{__version__}"', '"VERSION"')
    check_snapshot(_SNAPSHOTS / name, text, is_update=os.environ.get("LAYERSCOPE_SNAPSHOTS") == "write")
