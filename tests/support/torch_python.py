"""A Python with PyTorch and transformers, which tests that load models need; it is named by the environment."""

import os
from pathlib import Path
from typing import Final

import pytest

VARIABLE: Final = "LAYERSCOPE_TORCH_PYTHON"


def find_torch_python() -> str:
    """Its path; the test is skipped where none is named."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        pytest.skip(f"{VARIABLE} names no Python with torch and transformers")
    assert Path(path).exists(), f"{VARIABLE}={path} is not there"
    return path
