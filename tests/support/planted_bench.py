"""A bench for images with a planted fault: they are built, probed as people do, and what is said is held against it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from layerscope.cli import exit_codes
from support.live_engines import LiveEngine
from support.live_probe import Probed, probe_tidily
from support.planted_images import TORCH, build_planted, hold, import_plain, import_torch
from support.tar_writer import TarMember


@dataclass(frozen=True)
class Bench:
    """An engine with the bases, and where what was read of them is kept."""

    engine: LiveEngine
    cache: Path
    scratch: Path

    def probe(
        self, base: str, name: str, *files: TarMember, changes: Sequence[str] = (), options: Sequence[str] = ()
    ) -> Probed:
        """An image built and probed; the probe leaves nothing."""
        tag = build_planted(self.engine, base, name, *files, changes=changes)
        scratch = self.scratch / name
        scratch.mkdir()
        return probe_tidily(self.engine, tag, self.cache, scratch, *options)


def prepare_plain(engine: LiveEngine, shared: Path, scratch: Path) -> Bench:
    """A bench with a Python; `shared` is a folder of all workers of a test run."""
    with hold(shared / "plain.lock"):
        import_plain(engine)
    return Bench(engine, shared / "cache", scratch)


def prepare_torch(engine: LiveEngine, shared: Path, scratch: Path, python: str) -> Bench:
    """A bench with PyTorch, whose layer has been read."""
    with hold(shared / "torch.lock"):
        import_torch(engine, python)
        if not (shared / "read").exists():
            command = [sys.executable, "-m", "layerscope", "layers", f"docker:{TORCH}", "-o", "json"]
            environment = {**os.environ, **engine.environment}
            command += ["--cache-dir", str(shared / "cache")]
            subprocess.run(command, check=True, capture_output=True, env=environment)
            (shared / "read").touch()
    return Bench(engine, shared / "cache", scratch)


def assert_sound(probed: Probed) -> None:
    """It generates, and neither a finding nor a remark is made of it."""
    code, document, talk = probed
    assert code == exit_codes.CLEAN, (document, talk)
    verdict = document["probe"]["verdict"]
    assert (verdict["outcome"], verdict["root"], verdict["reason"]) == ("generated", "", "")
    assert (verdict["remarks"], document["findings"], document["probe"]["warnings"]) == ([], [], [])


@dataclass(frozen=True)
class Expected:
    """What is to be said of a fault."""

    root: str
    kind: str
    outcome: str
    cure: str = ""


def assert_broken(probed: Probed, expected: Expected, follow: Sequence[str]) -> None:
    """That stage broke first, and those that follow are its consequences."""
    code, document, talk = probed
    assert code == exit_codes.FINDINGS, (document, talk)
    probe, verdict = document["probe"], document["probe"]["verdict"]
    assert Expected(verdict["root"], verdict["kind"], verdict["outcome"], expected.cure) == expected, verdict
    assert set(verdict["consequences"]) == set(follow)
    broken = [each for each in probe["stages"] if each["status"] in {"failed", "hung", "crashed"}]
    assert broken[0]["name"] == expected.root
    assert {each["kind"] for each in broken} == {broken[0]["kind"]}, "another fault than the one that was planted"
    assert any(expected.cure in each for each in verdict["cures"]), verdict["cures"]
    told = [each for each in document["findings"] if each["code"].startswith("PROBE")]
    assert len(told) == 1, told
    assert any(words.casefold() in told[0]["message"].casefold() for words in (verdict["title"], "the image needs"))
