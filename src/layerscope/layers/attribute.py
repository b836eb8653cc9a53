"""Extended attributes: which of them Linux sets on an entry when root asks for it, and what runtimes do about others.

Rules: setxattr, xattr_permission and xattr_resolve_name in Linux' fs/xattr.c; cap_convert_nscap in its
security/commoncap.c; posix_acl_from_xattr in its fs/posix_acl.c. Runtimes were tried: Docker 20.10 and 26.1 and
podman 4.3 on overlayfs, and Docker 26.1 with the containerd image store.
"""

from typing import Final

from layerscope.layers import anomaly
from layerscope.layers.entry import WHITEOUTS, EntryType
from layerscope.layers.limits import MAX_XATTR, NAME_MAX
from layerscope.layers.path import decode_name

_USER: Final = b"user."
_TRUSTED: Final = b"trusted."
_SPACES: Final = (_USER, _TRUSTED, b"security.")
"""Namespaces in which Linux file systems take any name."""
_SYSTEM: Final = frozenset({b"system.posix_acl_access", b"system.posix_acl_default"})
"""The names of the fourth namespace that the file systems of containers have: access lists."""
_CAPABILITY: Final = b"security.capability"
_CAPABILITY_SIZES: Final = {2: 20, 3: 24}
"""Bytes of a program's capabilities, by the revision of their form: magic, two pairs of masks, the owner's root."""
_EFFECTIVE: Final = 1
"""The flag that the magic may have beside its revision."""
_NO_OWNER: Final = b"\xff" * 4
_USERS: Final = frozenset({EntryType.FILE, EntryType.HARDLINK, EntryType.DIRECTORY})
"""What may have attributes of users: no symlink, device or pipe."""


def find_refusal(name: bytes, value: bytes, kind: EntryType) -> tuple[str, str] | None:
    """The kind of anomaly and what there is to say, where runtimes cannot give an entry this attribute.

    None is made of a whiteout, so that it may have any.
    """
    if kind in WHITEOUTS:
        return None
    if name.startswith(_USER) and kind not in _USERS:
        # Docker and containerd leave it out, and podman what has no value
        return (anomaly.SKIPPED_ATTRIBUTE, f"{_show(name)}, which podman refuses") if value else None
    if refusal := _tell_skipped(name, value):
        return anomaly.SKIPPED_ATTRIBUTE, f"{_show(name)}, which {refusal}"
    detail = _tell_unsettable(name, value)
    if detail and not value:
        return anomaly.SKIPPED_ATTRIBUTE, f"{detail}, which Docker 26 and containerd refuse"
    return (anomaly.UNSETTABLE_ATTRIBUTE, detail) if detail else None


def _show(name: bytes) -> str:
    return decode_name(name)[:NAME_MAX]


def _tell_skipped(name: bytes, value: bytes) -> str:
    """Which runtimes refuse an attribute that others leave out, as a clause; empty where none does.

    One without a value is no attribute to podman and to Docker 20.10, which ask Go's archive/tar for attributes.
    """
    if name.startswith(_TRUSTED) and _tell_unsettable(name, value):
        return "Docker and podman refuse" if value else "Docker 26 refuses"
    is_foreign = name and not name.startswith(_SPACES) and name not in _SYSTEM
    return "Docker 26 refuses" if is_foreign and len(name) <= NAME_MAX and len(value) <= MAX_XATTR else ""


def _tell_unsettable(name: bytes, value: bytes) -> str:
    """Why Linux refuses to set an attribute whose name it knows; empty where it sets it."""
    if not name:
        return "without a name"
    if len(value) > MAX_XATTR or len(name) > NAME_MAX:
        return f"a name of {len(name):,} bytes with a value of {len(value):,}"
    if name in _SPACES:
        return f"named {name.decode()}, which is a namespace alone"
    if name == _CAPABILITY and value and not _is_capability(value):
        return f"{name.decode()} of {len(value):,} bytes, which are no capabilities"
    if name in _SYSTEM and value and len(value) % 8 != 4:  # noqa: PLR2004 - a version of 4 bytes, entries of 8
        return f"{name.decode()} of {len(value):,} bytes, which are no access list"
    return ""


def _is_capability(value: bytes) -> bool:
    magic = int.from_bytes(value[:4], "little") & ~_EFFECTIVE
    revision, rest = divmod(magic, 1 << 24)
    return not rest and _CAPABILITY_SIZES.get(revision) == len(value) and value[20:] != _NO_OWNER
