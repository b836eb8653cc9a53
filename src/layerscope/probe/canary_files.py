"""The canary model's files: weights, and what they are known to give; `canary/train.py` made them."""

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct

PACKAGE: Final = "layerscope.probe.canary"
MODEL: Final = "model.safetensors"
GOLDEN: Final = "golden.json"
LOGITS: Final = "logits.f32"


class Golden(Struct, frozen=True):
    """What is expected: `tokens` after `prompt`, and logits of that `shape` for `text`; tokens are bytes."""

    prompt: list[int]
    tokens: list[int]
    text: list[int]
    shape: list[int]


MODEL_FILES: Final = (MODEL, "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
"""What makes a folder of Hugging Face's."""


@cache
def read_file(name: str) -> bytes:
    """One of the model's files."""
    return files(PACKAGE).joinpath(name).read_bytes()


@cache
def read_model() -> bytes:
    """The weights, as safetensors."""
    return files(PACKAGE).joinpath(MODEL).read_bytes()


@cache
def read_golden() -> Golden:
    """What is expected."""
    return msgspec.json.decode(files(PACKAGE).joinpath(GOLDEN).read_bytes(), type=Golden)


@cache
def read_logits() -> bytes:
    """The logits of the known text, as little-endian floats of 32 bits."""
    return files(PACKAGE).joinpath(LOGITS).read_bytes()
