"""Layers given out to threads: none is at work when an error is passed on, and an interruption ends all of it."""

import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from layerscope.errors import SourceError
from layerscope.image.digest import Digest
from layerscope.layers import bare_threads, parallel
from layerscope.layers.cache import LayerCache
from layerscope.layers.reading import Reading, ReadingStoppedError
from layerscope.layers.scan import LayerScan
from support.memory_layer import MemoryLayer


@pytest.fixture
def reader(tmp_path: Path) -> parallel.LayerReader:
    """Reads five layers, if it is asked to."""
    layers = [MemoryLayer(f"layer{number}", b"", Digest.of(b"")) for number in range(5)]
    return parallel.LayerReader(layers, Reading(), LayerCache(tmp_path / "cache", fingerprint="x"))


class Tally:
    """Reads layers slowly, notes which were begun, and how many are being read."""

    def __init__(self, reader: parallel.LayerReader, failing: int, error: type[BaseException]) -> None:
        """The layer `failing` ends in that error, the others in being stopped."""
        self._stopped = reader.reading.stopped
        self._failing, self._error = failing, error
        self.begun: list[int] = []
        self.ended: list[int] = []

    def read(self, number: int) -> LayerScan:
        """Read a layer."""
        self.begun.append(number)
        try:
            if number == self._failing:
                raise self._error
            self._stopped.wait(60)
            time.sleep(0.05)
            raise ReadingStoppedError
        finally:
            self.ended.append(number)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_nobody_is_at_work_when_an_error_is_passed_on(reader: parallel.LayerReader, error: type[BaseException]) -> None:
    """Those that were are stopped and waited for, and no further layer is begun."""
    tally = Tally(reader, 0, error)
    with pytest.raises(error):
        parallel._map_parallel(tally.read, reader, 2, stop=lambda: None)
    assert reader.reading.stopped.is_set()
    assert sorted(tally.ended) == sorted(tally.begun)
    assert len(tally.begun) <= 3  # the second thread stands in layer 1, the first has perhaps begun the next


def test_a_second_interruption_waits_for_nothing(reader: parallel.LayerReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """It strikes while the readers are being stopped: one that does not end meanwhile holds nobody."""
    released, ended = threading.Event(), threading.Event()

    def read(_number: int) -> LayerScan:
        released.wait(60)
        ended.set()
        raise ReadingStoppedError

    def interrupt(*_: object) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel, "_collect", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parallel._map_parallel(read, reader, 2, stop=interrupt)
    assert not ended.is_set()
    released.set()


def refuse(*_: object) -> int:
    """No thread may be started."""
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_without_threads_an_error_ends_the_reading_at_once(
    reader: parallel.LayerReader, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Layers are read one after the other, and none after that which failed."""
    monkeypatch.setattr(bare_threads, "start_new_thread", refuse)
    tally = Tally(reader, 0, error)
    with pytest.raises(error):
        parallel._map_parallel(tally.read, reader, 2, stop=lambda: None)
    assert tally.begun == [0]


def test_a_host_that_allows_no_thread_is_no_hindrance(
    reader: parallel.LayerReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scans come in the order of the layers."""
    monkeypatch.setattr(bare_threads, "start_new_thread", refuse)
    scans: list[Any] = [f"scan {number}" for number in range(5)]
    assert parallel._map_parallel(lambda number: scans[number], reader, 2, stop=lambda: None) == scans


class FullQueue(SimpleQueue[Any]):
    """Has no memory for what was read of layer 3."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep it, unless it is that."""
        if isinstance(item, tuple) and item[0] == 3:
            raise MemoryError
        super().put(item)


def test_a_layer_of_which_nothing_is_told_is_not_waited_for(
    reader: parallel.LayerReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory may run out while its scan is handed over."""
    monkeypatch.setattr(parallel, "SimpleQueue", FullQueue)
    scans: list[Any] = [f"scan {number}" for number in range(5)]
    with pytest.raises(SourceError, match=r"reading layer3: nothing came of it.*--jobs 1"):
        parallel._map_parallel(lambda number: scans[number], reader, 2, stop=lambda: None)
