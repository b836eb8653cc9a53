"""The search for the largest batch: halved until one fits, refined once, and what else may happen to an attempt."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerscope.probe.local_run import run_here
from layerscope.probe.observation import PASSED
from layerscope.probe.own_model_spec import ask_for_batch
from layerscope.probe.payload.batch import describe_attempt, fit_line, search_batch
from layerscope.probe.payload.stages import FailedStage
from layerscope.probe.spec import ProbeSpec, count_attempts
from layerscope.progress import SilentProgress
from support.torch_python import find_torch_python

BASE, EACH = 1000, 100

ROOM = 1200 << 20
"""Bytes of address space: PyTorch for the CPU takes half of them."""


def in_memory(total: int, tried: list[int]) -> Callable[[int], dict[str, Any]]:
    """Attempts with so much memory: a thousand bytes for the model and a hundred for each text."""

    def attempt(size: int) -> dict[str, Any]:
        tried.append(size)
        used = BASE + EACH * size
        if used > total:
            return {"batch": size, "outcome": "out-of-memory", "detail": "no more"}
        return {"batch": size, "outcome": "fits", "used": used, "total": total}

    return attempt


@pytest.mark.parametrize(
    ("total", "most", "sizes", "largest"),
    [
        (100_000, 8, [8, 1], 8),
        (1900, 64, [64, 32, 16, 8, 1, 12], 8),
        (2400, 64, [64, 32, 16, 8, 1, 12], 12),
        (3000, 64, [64, 32, 16, 1, 18], 18),
        (1150, 2, [2, 1], 1),
        (5000, 1, [1], 1),
    ],
)
def test_a_batch_is_halved_and_refined_once(total: int, most: int, sizes: list[int], largest: int) -> None:
    """Each size is an attempt, and the largest that was seen to fit is the result."""
    tried: list[int] = []
    sentence, values = search_batch(in_memory(total, tried), most)
    assert (tried, values["largest"]) == (sizes, largest)
    assert sentence.startswith(f"{largest} of {most} texts fit at once")
    assert len(tried) <= count_attempts(most)


def test_memory_is_reckoned_along_a_line() -> None:
    """For 95 and 90 per cent of it; where one point is all there is, nothing is reckoned."""
    _, values = search_batch(in_memory(11_000, []), 32)
    assert values["safe"] == {"0.95": 94, "0.9": 89}
    assert fit_line([{"batch": 1, "outcome": "fits", "used": 1100}]) is None


def test_not_one_text_fits() -> None:
    """Which is a failure, with every attempt."""
    with pytest.raises(FailedStage, match="not even one text fits") as failed:
        search_batch(in_memory(1000, []), 4)
    assert failed.value.kind == "out-of-memory"
    assert [each["batch"] for each in failed.value.values["attempts"]] == [4, 2, 1]


def test_an_attempt_that_fails_otherwise_ends_the_search() -> None:
    """It says nothing of memory."""
    with pytest.raises(FailedStage, match="a batch of 4: shapes") as failed:
        search_batch(lambda size: {"batch": size, "outcome": "error", "detail": "shapes"}, 4)
    assert failed.value.kind == "batch-error"


@pytest.mark.parametrize(
    ("ended", "code", "is_cut", "outcome"),
    [
        ({"status": "passed", "values": {"used": 1, "total": 2}}, 0, False, "fits"),
        ({"status": "failed", "kind": "out-of-memory", "detail": "CUDA out of memory"}, 0, False, "out-of-memory"),
        ({"status": "failed", "kind": "error"}, 0, False, "error"),
        ({}, -signal.SIGKILL, False, "out-of-memory"),
        ({}, -signal.SIGSEGV, False, "crash"),
        ({}, -signal.SIGKILL, True, "hang"),
    ],
)
def test_an_attempt_is_told_by_how_it_ends(ended: dict[str, Any], code: int, is_cut: bool, outcome: str) -> None:
    """One that the kernel killed was out of memory, and one that we killed was late."""
    assert describe_attempt(3, ended, code, is_cut=is_cut)["outcome"] == outcome


def test_a_batch_that_does_not_fit_is_halved_in_processes_of_their_own(tmp_path: Path) -> None:
    """With PyTorch, in so little address space that the largest cannot be had."""
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nulimit -v {ROOM >> 10}\nexec {find_torch_python()} "$@"\n')
    python.chmod(0o755)
    spec = ask_for_batch(ProbeSpec(str(python), ("torch",), device="cpu", roles=(), max_batch=4096))
    seen = run_here(spec, progress=SilentProgress())
    stage = seen.find("batch")
    assert stage is not None
    assert stage.status == PASSED, stage
    assert 1 < stage.values["largest"] < 4096
    assert stage.values["attempts"][0]["outcome"] == "out-of-memory"
