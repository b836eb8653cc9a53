"""Several layers read at once: by worker processes where each can open them for itself, else by threads."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Final

from layerscope.errors import SourceError, TransferError
from layerscope.image.layer import Layer, ResumedStream
from layerscope.layers.bare_threads import BareThreads, put_surely
from layerscope.layers.cache import LayerCache
from layerscope.layers.compression import load_codecs
from layerscope.layers.limits import MIB
from layerscope.layers.reading import Reading, ReadingStoppedError, hash_stored, read_layer
from layerscope.layers.recall import find_claimed, keep_blob, keep_scan, recall_scan
from layerscope.layers.scan import LayerScan, Proof
from layerscope.layers.worker import Advance, Worker, WorkerLostError, start_workers, stop_workers
from layerscope.progress import SilentProgress

DOMINANT_SHARE: Final = 0.5
"""A layer with more than this share of the bytes to be read is read in stages: the others end long before it does."""

WORTH_WORKERS: Final = 32 * MIB
"""Stored bytes below which processes do not pay: starting and ending two of them took 7 ms."""


@dataclass(frozen=True)
class LayerReader:
    """Reads one of `layers`, by its number, and keeps in the cache what that proved."""

    layers: Sequence[Layer]
    reading: Reading
    cache: LayerCache
    dominant: int | None = None
    """The layer to be read in stages, if there is one."""

    def read(self, number: int) -> LayerScan:
        """The layer's scan; raises SourceError where it cannot be opened."""
        try:
            return self._read(self.layers[number], staged=number == self.dominant)
        except TransferError as error:
            error.layer_name = self.layers[number].name
            raise

    def _read(self, layer: Layer, *, staged: bool) -> LayerScan:
        began_ns, stamp = time.time_ns(), layer.stamp
        scan = self._prove_claimed(layer)
        if scan is None:
            scan = self._read_anew(layer, staged=staged)
            keep_scan(scan, self.cache)
        else:
            keep_blob(scan, self.cache)
        if stamp is not None and stamp == layer.stamp and scan.damage is None and scan.blob is not None:
            self.cache.keep_stamp(stamp, scan.blob.digest, read_began_ns=began_ns)
        return scan

    def _read_anew(self, layer: Layer, *, staged: bool) -> LayerScan:
        """The scan of what is stored; damage is held against a layer only if all of it came from there now."""
        stream = layer.open()
        scan = read_layer(stream, layer.name, self.reading, staged=staged)
        if not isinstance(stream, ResumedStream) or not stream.resumed_at:
            return scan
        if scan.damage is None:
            return replace(scan, resumed_at=stream.resumed_at)
        stream.forget()
        return read_layer(layer.open(), layer.name, self.reading, staged=staged)

    def _prove_claimed(self, layer: Layer) -> LayerScan | None:
        """The scan of a blob that was read before, somewhere else: hashing it again is enough."""
        proven = find_claimed(layer, self.cache)
        if proven is None or hash_stored(layer.open(), layer.name, self.reading).digest != proven.blob.digest:
            return None
        return recall_scan(proven.diff_id, proven.blob, Proof.READ, self.cache)


def read_layers(layers: Sequence[Layer], reading: Reading, *, cache: LayerCache, jobs: int) -> list[LayerScan]:
    """The scan of each of these different layers, `jobs` read at a time, in the order in which they stand."""
    sizes = [layer.stored_size or 0 for layer in layers]
    large = (number for number, size in enumerate(sizes) if jobs > 1 and size > DOMINANT_SHARE * sum(sizes))
    reader = LayerReader(layers, reading, cache, next(large, None))
    count = min(jobs, len(layers))
    if count <= 1:
        return [_finish(reader, number, reader.read(number)) for number in range(len(layers))]
    if sum(sizes) >= WORTH_WORKERS and all(layer.suits_workers for layer in layers):
        return _read_in_workers(reader, count)
    return _read_in_threads(reader, count)


def _read_in_threads(reader: LayerReader, count: int) -> list[LayerScan]:
    return _map_parallel(lambda number: _finish(reader, number, reader.read(number)), reader, count, stop=lambda: None)


def _read_in_workers(reader: LayerReader, count: int) -> list[LayerScan]:
    """Read the layers in processes; each is asked by a thread of its own, which tells its progress."""

    def serve(number: int, advance: Advance) -> tuple[LayerScan, tuple[str, ...]]:
        reading = replace(reader.reading, progress=_WorkerProgress(advance))
        return replace(reader, reading=reading).read(number), reader.cache.notes

    load_codecs()
    with ExitStack() as stack:
        try:
            workers = stack.enter_context(start_workers(serve, count))
        except OSError:  # no further process may be had: slower, and as good
            return _read_in_threads(reader, count)
        idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            idle.put(worker)

        def read(number: int) -> LayerScan:
            worker = idle.get()
            try:
                scan = _ask(worker, reader, number)
            finally:
                idle.put(worker)
            return _finish(reader, number, scan)

        return _map_parallel(read, reader, count, stop=lambda: stop_workers(workers))


def _ask(worker: Worker, reader: LayerReader, number: int) -> LayerScan:
    name, progress = reader.layers[number].name, reader.reading.progress
    if reader.reading.stopped.is_set():
        raise ReadingStoppedError
    try:
        scan, notes = worker.ask(number, lambda amount: progress.advance(name, amount))
    except WorkerLostError as error:
        if reader.reading.stopped.is_set():
            raise ReadingStoppedError from error
        raise SourceError(f"reading {name}: {error}; if memory is short, --jobs 1 needs least") from error
    reader.cache.add_notes(notes)
    assert isinstance(scan, LayerScan), "a worker answers with what it was made for"
    return scan


def _finish(reader: LayerReader, number: int, scan: LayerScan) -> LayerScan:
    layer = reader.layers[number]
    if layer.stamp is None and (scan.damage is not None or scan.diff_id != layer.diff_id):
        reader.cache.forget_layer(layer.diff_id)  # else the next audit would take the engine's word for it
    reader.reading.progress.finish(layer.name)
    return scan


_Told = tuple[int, LayerScan | BaseException]
"""A layer's number, and what came of reading it."""


def _map_parallel(
    read: Callable[[int], LayerScan], reader: LayerReader, count: int, *, stop: Callable[[], None]
) -> list[LayerScan]:
    """Apply `read` to every layer's number; whatever goes wrong once, every thread has ended before this does.

    The main thread waits in C for what the others put, and shares no lock of Python's with them: a second Ctrl-C that
    strikes it while it holds one, as that of a Future, would leave them waiting for it for ever.
    """
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[_Told | None] = SimpleQueue()
    for number in range(len(reader.layers)):
        waiting.put(number)

    def work() -> None:
        try:
            while (number := _take(waiting)) is not None:
                try:
                    done.put((number, read(number)))
                except BaseException as error:  # noqa: BLE001 -- whoever waits for the layer raises it
                    done.put((number, error))
        except MemoryError:  # then nothing is told of a layer
            pass
        finally:
            put_surely(done, None)

    threads = BareThreads(work)
    try:
        if started := threads.start(count):
            scans = list(_collect(done, [layer.name for layer in reader.layers], started))
        else:  # the host allows no thread
            scans = [read(number) for number in range(len(reader.layers))]
    except BaseException:
        reader.reading.stopped.set()
        stop()
        while _take(waiting) is not None:
            pass
        threads.join()
        raise
    threads.join()
    return scans


def _take(waiting: "SimpleQueue[int]") -> int | None:
    with suppress(Empty):
        return waiting.get_nowait()
    return None


def _collect(done: "SimpleQueue[_Told | None]", names: Sequence[str], threads: int) -> Iterator[LayerScan]:
    """What was read, in the order of the layers; of several that failed, the lowest is told.

    Each thread ends with None: who waited for more than they tell would wait for ever.
    """
    found: dict[int, LayerScan | BaseException] = {}
    for number, name in enumerate(names):
        while number not in found:
            if (told := done.get()) is not None:
                found[told[0]] = told[1]
            elif (threads := threads - 1) == 0:
                raise SourceError(f"reading {name}: nothing came of it; if memory is short, --jobs 1 needs least")
        result = found.pop(number)
        if isinstance(result, BaseException):
            raise result
        yield result


class _WorkerProgress(SilentProgress):
    """Passes on what a worker has done; the rest its parent knows."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance

    def advance(self, key: str, amount: int) -> None:  # noqa: ARG002 -- the parent knows which layer it asked for
        self._advance(amount)
