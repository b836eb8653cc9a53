"""Snapshots: whole outputs kept in files beside the tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.results import check_snapshot

Snapshot = Callable[[str, str], None]


@pytest.fixture
def snapshot() -> Snapshot:
    """Compares a text with the snapshot of that name; `make snapshots` writes it instead."""
    folder = Path(__file__).parent / "snapshots"
    is_update = os.environ.get("LAYERSCOPE_SNAPSHOTS") == "write"
    return lambda name, text: check_snapshot(folder / name, text, is_update=is_update)
