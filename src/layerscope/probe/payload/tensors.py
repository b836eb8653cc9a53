"""safetensors, read without the package of that name: eight bytes of length, JSON, and the tensors one after another.

https://github.com/huggingface/safetensors#format
"""

import json
import struct
from typing import Any, Dict, Tuple

MAX_HEADER = 1 << 20

Tensor = Tuple[str, Tuple[int, ...], bytes]
"""Type, shape and bytes."""


def read_tensors(content: bytes) -> Tuple[Dict[str, Tensor], Dict[str, str]]:
    """Every tensor by name, and the metadata; raises ValueError for anything else."""
    if len(content) < 8:
        raise ValueError(f"{len(content)} bytes are no safetensors")
    size = struct.unpack("<Q", content[:8])[0]
    if size > MAX_HEADER or 8 + size > len(content):
        raise ValueError(f"a header of {size} bytes in a file of {len(content)}")
    header = json.loads(content[8 : 8 + size].decode("utf-8"))
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, row in header.items():
        start, stop = row["data_offsets"]
        if not 0 <= start <= stop <= len(content) - 8 - size:
            raise ValueError(f"{name} reaches to byte {stop} of {len(content) - 8 - size}")
        tensors[name] = (row["dtype"], tuple(row["shape"]), content[8 + size + start : 8 + size + stop])
    return tensors, metadata


def to_torch(torch: Any, tensor: Tensor) -> Any:
    """The tensor as PyTorch's, in its own memory."""
    kind, shape, content = tensor
    kinds = {"F16": torch.float16, "F32": torch.float32, "BF16": torch.bfloat16, "I64": torch.int64}
    return torch.frombuffer(bytearray(content), dtype=kinds[kind]).reshape(shape)
