"""Extended attributes: which of them Linux sets on a file when root asks for it.

Rules: setxattr and xattr_resolve_name in Linux' fs/xattr.c; cap_convert_nscap in security/commoncap.c.
"""

from typing import Final

from layerscope.layers.limits import MAX_XATTR, NAME_MAX

_SPACES: Final = (b"user.", b"trusted.", b"security.")
"""Namespaces in which Linux file systems take any name."""
_SYSTEM: Final = frozenset({b"system.posix_acl_access", b"system.posix_acl_default"})
"""The names of the fourth namespace that the file systems of containers have."""
_CAPABILITY: Final = b"security.capability"
_CAPABILITY_SIZES: Final = {2: 20, 3: 24}
"""Bytes of a program's capabilities, by the revision of their form: magic, two pairs of masks, the owner's root."""
_EFFECTIVE: Final = 1
"""The flag that the magic may have beside its revision."""
_NO_OWNER: Final = b"\xff" * 4


def tell_unsettable(name: bytes, value: bytes) -> str:
    """Why Linux refuses to set an attribute, whatever the file; empty where it sets it or does not know its name."""
    if not name:
        return "without a name"
    if len(value) > MAX_XATTR or len(name) > NAME_MAX:
        return f"a name of {len(name):,} bytes with a value of {len(value):,}"
    if name in _SPACES:
        return f"named {name.decode()}, which is a namespace alone"
    if name == _CAPABILITY and value and not _is_capability(value):
        return f"{name.decode()} of {len(value):,} bytes, which are no capabilities"
    return ""


def is_foreign(name: bytes) -> bool:
    """Whether an attribute has a name for which Linux file systems have no place."""
    return not name.startswith(_SPACES) and name not in _SYSTEM


def _is_capability(value: bytes) -> bool:
    magic = int.from_bytes(value[:4], "little") & ~_EFFECTIVE
    revision, rest = divmod(magic, 1 << 24)
    return not rest and _CAPABILITY_SIZES.get(revision) == len(value) and value[20:] != _NO_OWNER
