"""CodeDigest: a name for the code that concludes something, so that nothing older is taken for its own."""

import hashlib
import os
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
        for folder, folders, names in os.walk(root / package):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                path = Path(folder, name)
                if path.suffix == ".pyc" or not path.is_file():
                    continue
                content = path.read_bytes()
                total.update(f"{os.path.relpath(folder, root)}/{name}\0".encode() + hashlib.sha256(content).digest())
    return total.hexdigest()
