"""The payload under every Python of this host: an image may bring any of them."""

import shutil
from pathlib import Path

import pytest

from layerscope.probe.local_run import run_here
from layerscope.probe.observation import FAILED
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress

SERIES = tuple(f"3.{minor}" for minor in range(6, 16))


def find_pythons() -> dict[str, str]:
    """Of each series a program below pyenv's folder, whose programs in the path may be refused, or one in the path."""
    found = {}
    for series in SERIES:
        versions = sorted(Path.home().glob(f".pyenv/versions/{series}.*/bin/python{series}"))
        program = next(map(str, versions), None) or shutil.which(f"python{series}")
        if program is not None:
            found[series] = program
    return found


PYTHONS = find_pythons()


@pytest.mark.parametrize("series", sorted(PYTHONS))
def test_payload_runs_under_each_python(series: str) -> None:
    """It comes to its end, and no stage breaks for want of something newer."""
    seen = run_here(ProbeSpec(PYTHONS[series]), progress=SilentProgress())
    assert seen.is_complete
    assert seen.python.startswith(f"{series}.")
    assert [stage.name for stage in seen.stages if stage.status == FAILED] == []
    assert seen.broken is None
