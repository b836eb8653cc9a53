"""Names of tar members: made canonical, and whiteouts told from files.

Whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""

import re

from layerscope.layers import anomaly
from layerscope.layers.entry import EntryType
from layerscope.layers.limits import NAME_MAX, PATH_MAX

WHITEOUT_PREFIX = ".wh."
OPAQUE_NAME = ".wh..wh..opq"
METADATA_PREFIX = ".wh..wh."
"""Names of AUFS bookkeeping: runtimes leave them out, all but the opaque whiteout."""

ROOTED = -1
"""How a name starts that begins with a slash; others begin with so many `..`."""

_SHOWN_CLIMBS = 4

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def decode_name(raw: bytes) -> str:
    """The name as text; bytes that are not UTF-8 become lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def normalise_path(name: str) -> tuple[str | None, list[str]]:
    """The canonical path of a member's name and the anomalies of the name; no path where there is no name.

    Runtimes strip leading slashes and clean the name lexically as they join it to the root, which is its own parent:
    Docker and podman unpack in a chroot, containerd resolves the name inside the root.
    """
    anomalies = []
    if not name:
        return None, [anomaly.EMPTY_NAME]
    if name.startswith("/"):
        anomalies.append(anomaly.ABSOLUTE_NAME)
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            anomalies.append(anomaly.PARENT_REFERENCE if parts else anomaly.ESCAPING_NAME)
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    if anomaly.ESCAPING_NAME in anomalies:
        anomalies = [kind for kind in anomalies if kind != anomaly.PARENT_REFERENCE]
    return "/".join(parts), sorted(set(anomalies) | set(_spelling_anomalies(name, parts)))


def find_start(name: bytes) -> int:
    """How a member's name starts as Go's path.Clean leaves it: `ROOTED`, or with how many `..` before the path."""
    if name.startswith(b"/"):
        return ROOTED
    if b".." not in name:
        return 0
    climbs = depth = 0
    for part in name.split(b"/"):
        if part == b"..":
            climbs, depth = (climbs, depth - 1) if depth else (climbs + 1, 0)
        elif part not in {b"", b"."}:
            depth += 1
    return climbs


def spell_name(path: str, start: int) -> str:
    """A name as Go's path.Clean leaves it, from the canonical path and how it starts; of many `..` a few are shown."""
    if start == ROOTED:
        return f"/{path}"
    climbs = [".."] * min(start, _SHOWN_CLIMBS) + ["…"] * (start > _SHOWN_CLIMBS)
    return "/".join([*climbs, *([path] if path else [])]) or "."


def split_whiteout(path: str) -> tuple[EntryType, str] | None:
    """The whiteout that a canonical path spells and the path it acts on; None for anything else.

    AUFS bookkeeping is a whiteout of a name that is one itself, as overlay2 has it. Raises ValueError for a whiteout
    that names nothing (`.wh.`, `.wh..`, `.wh...`).
    """
    parent, slash, base = path.rpartition("/")
    if not base.startswith(WHITEOUT_PREFIX):
        return None
    if base == OPAQUE_NAME:
        return EntryType.OPAQUE, parent
    target = base[len(WHITEOUT_PREFIX) :]
    if target in {"", ".", ".."}:
        raise ValueError(base)
    return EntryType.WHITEOUT, parent + slash + target


def is_bookkeeping(path: str) -> bool:
    """Whether a canonical path is bookkeeping of AUFS."""
    base = path.rpartition("/")[2]
    return base.startswith(METADATA_PREFIX) and base != OPAQUE_NAME


def _spelling_anomalies(name: str, parts: list[str]) -> list[str]:
    found = []
    raw = name.encode("utf-8", "surrogateescape")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        found.append(anomaly.NON_UTF8_NAME)
    if _CONTROL.search(name):
        found.append(anomaly.CONTROL_CHARACTER_NAME)
    longest = max((len(part.encode("utf-8", "surrogateescape")) for part in parts), default=0)
    if len(raw) >= PATH_MAX or longest > NAME_MAX:
        found.append(anomaly.OVERLONG_NAME)
    return found
