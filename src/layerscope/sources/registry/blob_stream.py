"""A blob as it comes: read once from front to back, and taken up again where the connection broke."""

import time
from typing import TYPE_CHECKING, Final

from layerscope.errors import OfflineError, TransferError
from layerscope.image.descriptor import Descriptor
from layerscope.progress import Progress, SilentProgress
from layerscope.sources.registry.failed_connection import ConnectionFailedError
from layerscope.sources.registry.refusal import PassingRefusalError
from layerscope.sources.registry.repository import Repository
from layerscope.sources.registry.retry_wait import wait_before_retry
from layerscope.sources.registry.transport import ATTEMPTS

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse


TRIES: Final = ATTEMPTS
"""Tries in a row that bring less than `WORTH_A_TRY`; `MAX_BREAKS` is for those that bring more."""

MAX_BREAKS: Final = 100
"""Broken connections of one blob."""
WORTH_A_TRY: Final = 1 << 20
"""Bytes that have to arrive before tries are counted anew."""
MAX_SKIPPED: Final = 4
"""Times that a blob's bytes are read over again where the registry has no ranges."""
STALL_SECONDS: Final = 180.0
"""The longest since the last of a blob's bytes came that another try begins."""
WINDOW_SECONDS: Final = 120.0
SLOWEST: Final = 1024
"""Bytes a second, over a window, below which a blob is given up."""


class BlobStream:
    """The bytes of a blob from `start` up to `stop`; no more than its descriptor says, and TransferError for fewer."""

    def __init__(
        self,
        client: Repository,
        descriptor: Descriptor,
        *,
        start: int = 0,
        stop: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Connect when the first bytes are read; without `stop`, the registry must not have more of them."""
        self._client = client
        self._watcher = progress or SilentProgress()
        self._descriptor = descriptor
        self._position = start
        self._stop = stop
        self._end = descriptor.size if stop is None else min(stop, descriptor.size)
        self._response: BaseHTTPResponse | None = None
        self._failures = self._breaks = self._progress = self._skipped = self._window = 0
        self._began = self._since = self._advanced = time.monotonic()

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and no bytes only at the end; raises TransferError."""
        while True:
            left = self._end - self._position
            try:
                if left <= 0 and (self._response is None or self._stop is not None):
                    return b""
                if self._response is None:
                    self._connect()
                chunk = self._read_some(min(size, left) if left else 1)
            except (ConnectionFailedError, PassingRefusalError) as error:
                self._give_up_or_wait(error)
                continue
            except OfflineError:
                raise
            except TransferError as error:
                raise self._tell_progress(error) from error
            if chunk and not left:
                raise self._excess()
            if chunk:
                self._advance(len(chunk))
                return chunk
            if not left:
                return b""
            broken = f"{self._task}: it ended after {self._position:,} of {self._descriptor.size:,} bytes"
            self._give_up_or_wait(ConnectionFailedError(broken))

    def close(self) -> None:
        """Close the connection, which has more to say; more than once does no harm."""
        if self._response is not None:
            self._response.close()
            self._response = None

    @property
    def _task(self) -> str:
        return f"reading the blob {self._descriptor.digest} of {self._client.where}"

    def _excess(self) -> TransferError:
        return TransferError(f"{self._task}: more than the {self._descriptor.size:,} bytes of its descriptor")

    def _connect(self) -> None:
        self._response, start = self._client.open_blob(self._descriptor.digest, self._position, self._stop)
        if start + (self._response.length_remaining or 0) > self._descriptor.size:
            raise self._excess()
        skip = self._position - start
        self._skipped += skip
        if self._skipped > MAX_SKIPPED * self._descriptor.size:
            raise TransferError(
                f"{self._task}: it breaks off again and again, now after {self._position:,} of "
                f"{self._descriptor.size:,} bytes, and is only sent from its start"
            )
        while skip:  # a registry without ranges sends all of it again
            chunk = self._read_some(min(skip, 1 << 20))
            if not chunk:
                raise ConnectionFailedError(f"{self._task}: it ended before byte {self._position:,}")
            skip -= len(chunk)

    def _read_some(self, size: int) -> bytes:
        import urllib3.exceptions

        assert self._response is not None, "connected"
        try:
            chunk: bytes = self._response.read1(size, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ConnectionFailedError(f"{self._task}: it broke off at byte {self._position:,}: {error}") from error
        return chunk

    def _advance(self, size: int) -> None:
        """Count bytes that arrived; a registry that sends hardly any is as one that sends none."""
        self._position += size
        self._progress += size
        if self._progress >= WORTH_A_TRY:
            self._failures = self._progress = 0
        now = self._advanced = time.monotonic()
        self._window += size
        if now - self._since > WINDOW_SECONDS:
            if self._window < SLOWEST * WINDOW_SECONDS:
                raise TransferError(
                    f"{self._task}: {self._window:,} bytes in {now - self._since:.0f} s, too slow to end"
                )
            self._since, self._window = now, 0

    def _give_up_or_wait(self, error: TransferError) -> None:
        self.close()
        self._failures += 1
        self._breaks += 1
        is_stalled = time.monotonic() - self._advanced > STALL_SECONDS
        if self._failures >= TRIES or self._breaks >= MAX_BREAKS or is_stalled:
            if self._breaks > 1:
                passed = time.monotonic() - self._began
                error.args = (f"{error} (tried {self._breaks} times in {passed:.0f} s)",)
            raise self._tell_progress(error)
        told = f"layer {self._descriptor.digest.short}: {self._tell_reason(error)}"
        wait_before_retry(
            self._failures - 1,
            getattr(error, "retry_after", None),
            tell=lambda seconds: self._watcher.wait(told, seconds),
        )

    def _tell_reason(self, error: TransferError) -> str:
        """Why the blob does not come, without what was being done."""
        text = str(error)
        for task in (self._task, f"asking {self._client.where} for the blob {self._descriptor.digest}"):
            text = text.removeprefix(f"{task}: ")
        return text

    def _tell_progress(self, error: TransferError) -> TransferError:
        """The error, and how much had come before it."""
        had = f"{self._position:,} of {self._descriptor.size:,} bytes"
        if had not in str(error):
            error.args = (f"{error}; {had} of it had come",)
        return error
