"""How people and drivers write a GPU's model, reduced to one spelling.

`nvidia-smi` says "NVIDIA H100 80GB HBM3", "Tesla V100-SXM2-16GB", "NVIDIA RTX PRO 6000 Blackwell Server Edition" and
"NVIDIA GeForce RTX 4090 Laptop GPU"; people say "h100-sxm5-80gb" and "rtx4090". All parts of one model that are left
out here have the same compute capability.
"""

import re
from typing import Final

_PARTS: Final = re.compile(r"[A-Z0-9]+")
_LEFT_OUT: Final = re.compile(
    r"NVIDIA|GEFORCE|TESLA|BLACKWELL|GENERATION|SERVER|WORKSTATION|EDITION|MAX|Q|LAPTOP|GPU|SUPER|D"
    r"|PCIE|NVL\d*|SXM\d?|HBM\d?E?|\d+GB?|MIG"
)
_CAPABILITY: Final = re.compile(r"(?:SM|COMPUTE|CC)?[ _-]?(?:(\d{1,2})\.(\d)|(\d{2,3}))[AF]?", re.IGNORECASE)

_DIGIT: Final = 10


def normalise_model(text: str) -> str:
    """The model without maker, form, memory and separators, in capitals: `H100`, `RTX4090`, `RTX6000ADA`."""
    return "".join(part for part in _PARTS.findall(text.upper()) if not _LEFT_OUT.fullmatch(part))


def parse_capability(text: str) -> int | None:
    """A compute capability, written `9.0`, `sm_90`, `compute_90` or `90`, as 90; None for anything else."""
    match = _CAPABILITY.fullmatch(text.strip())
    if match is None:
        return None
    return int(match[3]) if match[3] else int(match[1]) * _DIGIT + int(match[2])


def tell_capability(capability: int) -> str:
    """`9.0` for 90, `12.1` for 121."""
    return f"{capability // _DIGIT}.{capability % _DIGIT}"
