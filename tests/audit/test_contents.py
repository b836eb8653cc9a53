"""One process or two: what an image's contents amount to is the same."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.audit import contents
from layerscope.audit.contents import collect_contents
from layerscope.audit.options import AuditOptions
from layerscope.audit.read_image import cache_fingerprint, read_image
from layerscope.facts.context import FactContext
from layerscope.facts.image_facts import ImageFacts
from layerscope.layers.cache import LayerCache
from layerscope.progress import SilentProgress
from layerscope.sources.select import select_source
from support.images import FIXTURES, load_fixture, write_oci_layout

IMAGES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())

Collect = Callable[..., ImageFacts]


@pytest.fixture
def collect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collect:
    """Collects a bundled image's contents anew, as a large image's."""
    monkeypatch.setattr(contents, "WORTH_A_WORKER", range(1 << 20))

    def run(name: str, *, jobs: int) -> ImageFacts:
        layout = tmp_path / name
        if not layout.exists():
            write_oci_layout(load_fixture(name), layout)
        cache = LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint())
        options = AuditOptions(cache, jobs=1)
        read = read_image(select_source(f"oci-dir:{layout}"), options=options, progress=SilentProgress())
        return collect_contents(FactContext(read.image, read.scans, read.steps, 0), SilentProgress(), jobs=jobs)

    return run


def tell(known: ImageFacts) -> tuple[object, ...]:
    """All that is known, in its order."""
    return known.weight, repr(list(known.facts)), known.gaps


@pytest.mark.parametrize("name", IMAGES)
def test_two_processes_find_what_one_does(name: str, collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weight, facts and gaps, in the same order; and there was a second process."""
    alone = tell(collect(name, jobs=1))
    forks: list[None] = []
    fork = os.fork

    def count() -> int:
        forks.append(None)
        return fork()

    monkeypatch.setattr(os, "fork", count)
    assert tell(collect(name, jobs=2)) == alone
    assert len(forks) == 1


def test_without_a_second_process_it_takes_longer(collect: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else: where the host allows none, and where it is killed, as when memory is short."""
    alone = tell(collect("demo", jobs=1))

    def refuse() -> int:
        raise OSError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", refuse)
        assert tell(collect("demo", jobs=2)) == alone
    parent, weigh = os.getpid(), contents._weigh

    def die(context: FactContext) -> ImageFacts:
        if os.getpid() != parent:
            os.kill(os.getpid(), 9)
        return weigh(context)

    monkeypatch.setattr(contents, "_weigh", die)
    assert tell(collect("demo", jobs=2)) == alone
