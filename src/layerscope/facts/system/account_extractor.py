"""What the layer pass keeps of the account files."""

from dataclasses import dataclass, field

from layerscope.formats.passwd import parse_group, parse_passwd
from layerscope.layers.extractor import Wants


@dataclass(frozen=True)
class AccountFileExtractor:
    """Keeps names and numbers of the account files, never a password field."""

    name: str = "accounts"
    version: int = 1
    wants: Wants = field(default=Wants(names=frozenset({"passwd", "group"}), limit=65536))
    """By base name, since /etc/passwd may be a link to the file."""

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The file again, its passwords and comments left out; None for files that merely have the same name."""
        del size, mode
        if path.endswith("passwd"):
            lines = [f"{u.name}:x:{u.uid}:{u.gid}::{u.home}:{u.shell}" for u in parse_passwd(content)]
        else:
            lines = [f"{g.name}:x:{g.gid}:{','.join(g.members)}" for g in parse_group(content)]
        return "\n".join(lines).encode("utf-8", "surrogateescape") if lines else None
