"""CodeDigest: a name for the code that concludes something, so that nothing older is taken for its own."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import layerscope

_PACKAGES: Final = ("facts", "filesystem", "formats", "image", "layers", "policies")
"""What has a say in the facts of an image."""


@cache
def digest_code() -> str:
    """The SHA-256 over the source and the tables of all packages that take part."""
    root, total = Path(layerscope.__file__).parent, hashlib.sha256(layerscope.__version__.encode())
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                total.update(f"{path.relative_to(root)}\0".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
