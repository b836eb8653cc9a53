"""PTX as text: which ISA version it is written in, and for which virtual architecture.

https://docs.nvidia.com/cuda/parallel-thread-execution/#directives-version; both directives stand at the beginning.
"""

import re
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.device_code import CodeKind, DeviceTarget

HEAD_LIMIT: Final = 4096
"""Bytes in which both directives must be; compilers write a comment of some 300 bytes before them."""

_VERSION: Final = re.compile(rb"^[ \t]*\.version[ \t]+(\d{1,2})\.(\d{1,2})\b", re.MULTILINE)
_TARGET: Final = re.compile(rb"^[ \t]*\.target[ \t]+sm_(\d{2,3})([af]?)\b", re.MULTILINE)


def parse_ptx(content: bytes) -> DeviceTarget:
    """What the PTX is for; raises FormatError where its head does not say."""
    head = content[:HEAD_LIMIT]
    version, target = _VERSION.search(head), _TARGET.search(head)
    if version is None or target is None:
        missing = ".version" if version is None else ".target"
        raise FormatError(f"reading PTX: no {missing} in its first {HEAD_LIMIT:,} bytes")
    isa = (int(version[1]), int(version[2]))
    return DeviceTarget(CodeKind.PTX, int(target[1]), target[2].decode(), isa)
