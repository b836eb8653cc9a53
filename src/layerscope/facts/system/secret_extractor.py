"""What the layer pass keeps of files that hold credentials: kinds and counts, never a value."""

import re
from dataclasses import dataclass, field
from typing import Final

from layerscope.facts.system.commands import base_name
from layerscope.facts.system.credential_files import ASSIGNMENT_FILES, CREDENTIAL_FILES, SHADOW, find_credentials
from layerscope.formats.token_forms import find_tokens
from layerscope.layers.extractor import Wants

CONTENT_LIMIT: Final = 65536
"""Bytes of a file that are searched: credentials lie in small files."""

_CONFIGURATION: Final = frozenset(
    {".env", ".tfvars", ".pem", ".key", ".cfg", ".conf", ".ini", ".toml", ".yaml", ".yml", ".properties", ".sh",
     ".local", ".production", ".netrc", ".npmrc", ".kubeconfig"}
)  # fmt: skip
"""Suffixes of small text files in which people write credentials; source code and data are too many to search."""

_KEY_MAGICS: Final = frozenset({b"-----BEGIN RSA", b"-----BEGIN EC", b"-----BEGIN DSA", b"-----BEGIN OPENSSH",
                                b"-----BEGIN PRIVATE", b"-----BEGIN ENCRYPTED", b"-----BEGIN PGP PRIVATE"})  # fmt: skip
_NAMES: Final = frozenset({name for row in CREDENTIAL_FILES for name in row.names} | ASSIGNMENT_FILES)

_HINTS: Final = re.compile(
    rb"PRIVATE KEY|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hooks\.slack|hf_|sk-|AIza|GOCSPX-|nvapi-|"
    rb"pypi-AgE|npm_|dckr_pat_|k_live_|hvs\.|AccountKey="
)
"""Some form of token begins like this; nine files in ten have none of it and are done."""


@dataclass(frozen=True)
class SecretExtractor:
    """Keeps [kind, count] of each credential in files known by name, in keys, and in small configuration files."""

    name: str = "secrets"
    version: int = 2
    wants: Wants = field(
        default=Wants(
            paths=frozenset({SHADOW}),
            names=_NAMES,
            suffixes=_CONFIGURATION,
            magics=_KEY_MAGICS,
            limit=CONTENT_LIMIT,
        )
    )

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """Rows of kind and count, sorted by kind, or None."""
        del size, mode
        name = base_name(path)
        counts: dict[str, int] = {}
        if _HINTS.search(content):
            for match in find_tokens(content.decode("latin-1")):
                kind = _describe(match.kind, name, content)
                counts[kind] = counts.get(kind, 0) + 1
        if path == SHADOW or name in _NAMES or ".env" in name or name.endswith(".tfvars"):
            for kind, count in find_credentials(path, name, content.decode("latin-1")):
                counts.setdefault(kind, count)
        return [[kind, count] for kind, count in sorted(counts.items())] or None


def _describe(kind: str, name: str, content: bytes) -> str:
    """The kind of credential, a private key by what it is for."""
    if kind != "private key":
        return kind
    if name.startswith("ssh_host_"):
        return "SSH host key"
    if b"BEGIN OPENSSH" in content or name.startswith("id_"):
        return "SSH private key"
    return "encrypted private key" if b"ENCRYPTED" in content else "private key"
