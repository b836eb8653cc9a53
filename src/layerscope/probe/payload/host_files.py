"""Files of the kernel and of the image, read as far as they may be."""

import os
from typing import Dict, List, Optional

MOST = 1 << 20
"""Bytes of a file that are read."""


def read_text(path: str, limit: int = MOST) -> str:
    """The text of a file; nothing where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(limit).decode("utf-8", "replace")
    except OSError:
        return ""


def read_number(path: str) -> Optional[int]:
    """The number that a file holds; None for `max`, and where there is none."""
    text = read_text(path, 64).strip()
    return int(text) if text.lstrip("-").isdigit() else None


def read_fields(path: str) -> Dict[str, str]:
    """The fields of a file like /proc/self/status."""
    pairs = (line.partition(":") for line in read_text(path).splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def list_folder(path: str) -> List[str]:
    """The names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def list_mapped(pattern: str = ".so") -> List[str]:
    """The files mapped into this process whose path has that in it, in the order of their addresses."""
    found: List[str] = []
    for line in read_text("/proc/self/maps", 16 * MOST).splitlines():
        path = line.partition("/")[2]
        if path and pattern in path and "/" + path not in found:
            found.append("/" + path)
    return found
