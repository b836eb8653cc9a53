"""The payload's input as text that travels: in a heredoc, in a compose file, in a ConfigMap; and how it is unpacked."""

import base64
import zlib
from typing import Final

from layerscope.probe.payload.child import BOOT
from layerscope.probe.payload_text import render_payload
from layerscope.probe.protocol import encode_input
from layerscope.probe.spec import ProbeSpec

MARK: Final = "x-layerscope-payload"
"""The key in a compose file below which the payload stands."""

LINE: Final = 120

_UNPACK: Final = f"""\
import base64, io, os, sys, zlib
place = sys.argv[1] if len(sys.argv) > 1 else ""
if os.path.isdir(place):
    names = sorted(name for name in os.listdir(place) if name.startswith("payload"))
    packed = b"".join(open(os.path.join(place, name), "rb").read() for name in names)
elif place:
    packed = base64.b64decode(open(place, "rb").read().partition(b"\\n{MARK}: |\\n")[2])
else:
    packed = base64.b64decode(sys.stdin.buffer.read())
sys.stdin = io.TextIOWrapper(io.BytesIO(zlib.decompress(packed)))
"""
"""Makes a standard input of what came as text, or lies in files; Python 3.6 reads it."""


PACKED_BOOT: Final = f"exec({_UNPACK + BOOT!r})"
"""What the Python in the image is started with: one line, so that it can stand in any document."""


def pack_input(spec: ProbeSpec, nonce: str) -> bytes:
    """The payload, its settings and blobs, compressed."""
    return zlib.compress(encode_input(render_payload(), spec.build_settings(nonce), spec.list_blobs()), 9)


def fold_text(packed: bytes) -> str:
    """The same as lines of base64."""
    text = base64.b64encode(packed).decode("ascii")
    return "\n".join(text[start : start + LINE] for start in range(0, len(text), LINE))
