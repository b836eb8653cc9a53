"""One blob on its way into a registry: sent in chunks, and gone on with from where the registry says it stands.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
"""

from collections.abc import Callable
from typing import Final

from layerscope.errors import TransferError
from layerscope.sources.registry.connections import LateAnswerError
from layerscope.sources.registry.conversation import Conversation
from layerscope.sources.registry.failed_connection import ConnectionFailedError
from layerscope.sources.registry.outgoing_blob import OutgoingBlob
from layerscope.sources.registry.refusal import PassingRefusalError, expect, say
from layerscope.sources.registry.retry_wait import wait_before_retry
from layerscope.sources.registry.transport import ATTEMPTS, PASSING, Answer
from layerscope.sources.registry.upload_place import (
    add_digest,
    cancel_upload,
    check_published,
    count_stored,
    find_place,
)

CHUNK: Final = 8 << 20
"""Bytes of one request, unless the registry asks for more; they are at hand until it has answered."""
MAX_CHUNK: Final = 64 << 20
"""The most that a registry may ask for: S3 parts begin at 5 MiB, and real registries ask for some of those."""

TRIES: Final = ATTEMPTS
"""Tries in a row after which the registry has no more of the blob than before."""
MAX_BREAKS: Final = 100
"""Requests of one upload that may fail in all."""
MAX_RESTARTS: Final = 5
"""Times that an upload may be lost of which something had arrived."""
CLOSE_SECONDS: Final = 900.0
"""The longest until an upload is closed: a registry may read many gigabytes once more before it answers."""

_CREATED: Final = 201
_ACCEPTED: Final = 202
_NO_CONTENT: Final = 204
_UNKNOWN: Final = frozenset({404, 410})
_OUT_OF_STEP: Final = 416
_BYTES: Final = {"Content-Type": "application/octet-stream"}


class UploadBrokenError(TransferError):
    """A request of an upload did not go through: the upload goes on, or begins anew where it `is_lost`."""

    def __init__(self, message: str, *, is_lost: bool = False, retry_after: str | None = None) -> None:
        """Keep what is left of the upload, and when the registry says to come again."""
        super().__init__(message)
        self.is_lost = is_lost
        self.retry_after = retry_after


class BlobUpload:
    """Sends one blob, and closes its upload only once the bytes that were sent are those of its descriptor."""

    def __init__(
        self, conversation: Conversation, begin: str, blob: OutgoingBlob, is_there: Callable[[], bool], *, task: str
    ) -> None:
        """Ask nothing yet: `begin` is where uploads are opened, `is_there` asks whether the blob has been published."""
        self._conversation = conversation
        self._begin_at = begin
        self._blob = blob
        self._is_there = is_there
        self._task = task
        self._place: str | None = None
        self._chunk = CHUNK
        self._stored = self._sent = self._best = 0
        self._failures = self._breaks = self._restarts = 0
        self._is_in_doubt = self._is_closing = self._is_done = False

    def run(self) -> None:
        """Send it; raises TransferError and DigestMismatchError, after which nothing is published."""
        try:
            with self._conversation.concealing():
                while not self._is_done:
                    try:
                        self._step()
                    except UploadBrokenError as error:
                        self._give_up_or_wait(error)
        except Exception:
            self._cancel()
            raise
        finally:
            self._blob.close()

    def _step(self) -> None:
        if self._is_closing:  # no answer came to that, or a poor one: it may have been done all the same
            self._is_closing = False
            self._is_done = self._is_there()
        elif self._place is None:
            self._begin()
        elif self._is_in_doubt:
            self._ask_where_it_stands(self._place)
        elif self._stored < self._blob.size:
            self._send_chunk(self._place)
        else:
            self._close(self._place)

    def _begin(self) -> None:
        answer = self._ask("POST", self._begin_at, {}, _ACCEPTED)
        place = find_place(answer, self._conversation.home, task=self._task)
        if place is None:
            raise TransferError(f"{self._task}: it does not say where to, expected a Location")
        self._place, self._stored, self._sent, self._is_in_doubt = place, 0, 0, False
        self._chunk = _choose_chunk(answer.headers.get("oci-chunk-min-length", ""), self._blob.size, self._task)

    def _send_chunk(self, place: str) -> None:
        chunk = self._blob.take(self._stored, self._chunk)
        end = self._stored + len(chunk)
        self._sent = max(self._sent, end)
        headers = {**_BYTES, "Content-Range": f"{self._stored}-{end - 1}"}
        answer = self._ask("PATCH", place, headers, _ACCEPTED, body=chunk)
        told = "range" in answer.headers
        self._move(answer)
        if told and count_stored(answer, end, task=self._task) not in (None, end):
            raise UploadBrokenError(f"{self._task}: it says that not all of {end:,} bytes arrived")
        self._stored = end
        if end > self._best:
            self._best, self._failures = end, 0

    def _ask_where_it_stands(self, place: str) -> None:
        try:
            answer = self._ask("GET", place, {}, _NO_CONTENT)
        except UploadBrokenError as error:
            if not error.is_lost:
                raise
            self._lose(error)
            return
        self._move(answer)
        stored = count_stored(answer, self._sent, task=self._task) if self._sent else 0
        if stored is None:
            self._lose(TransferError(f"{self._task}: the registry does not say how much has arrived"))
            return
        if stored < self._stored:
            self._count_loss(TransferError(f"{self._task}: the registry lost what had arrived after byte {stored:,}"))
        self._stored, self._is_in_doubt = stored, False

    def _close(self, place: str) -> None:
        self._blob.check()
        self._is_closing = True
        answer = self._ask("PUT", add_digest(place, self._blob.digest), _BYTES, _CREATED, patience=CLOSE_SECONDS)
        check_published(answer, self._blob.digest, task=self._task)
        self._is_done = True

    def _ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        expected: int,
        *,
        body: memoryview | None = None,
        patience: float | None = None,
    ) -> Answer:
        """One try: what is sent again depends on what became of it."""
        try:
            answer = self._conversation.ask(method, url, headers, self._task, body=body, attempts=1, patience=patience)
            expect(answer, expected, self._task) if self._place is None else self._judge(method, answer, expected)
        except (ConnectionFailedError, LateAnswerError, PassingRefusalError) as error:
            raise UploadBrokenError(str(error), retry_after=getattr(error, "retry_after", None)) from error
        return answer

    def _judge(self, method: str, answer: Answer, expected: int) -> None:
        """Raise what the answer of an open upload means for it."""
        is_refusal = 400 <= answer.status < 500 and answer.status not in PASSING  # noqa: PLR2004 - refusals
        if answer.status in _UNKNOWN or (method == "GET" and is_refusal):
            raise UploadBrokenError(f"{self._task}: the upload is gone{say(answer)}", is_lost=True)
        if answer.status == _OUT_OF_STEP:
            raise UploadBrokenError(f"{self._task}: the registry expects other bytes{say(answer)}")
        expect(answer, expected, self._task)

    def _move(self, answer: Answer) -> None:
        self._place = find_place(answer, self._conversation.home, task=self._task) or self._place

    def _give_up_or_wait(self, error: UploadBrokenError) -> None:
        self._failures += 1
        self._breaks += 1
        if self._failures >= TRIES or self._breaks >= MAX_BREAKS:
            raise error
        self._is_in_doubt = True
        if error.is_lost:
            self._lose(error)
        wait_before_retry(self._failures - 1, error.retry_after)

    def _lose(self, error: TransferError) -> None:
        """The next step begins anew."""
        self._count_loss(error)
        self._cancel()

    def _count_loss(self, error: TransferError) -> None:
        """What arrived and was lost is sent again, but not for ever."""
        self._restarts += self._stored > 0
        self._stored = 0
        if self._restarts > MAX_RESTARTS:
            raise TransferError(f"{error}, {self._restarts} times") from error

    def _cancel(self) -> None:
        if self._place is not None:
            cancel_upload(self._conversation, self._place, task=self._task)
            self._place = None


def _choose_chunk(asked: str, size: int, task: str) -> int:
    """How many bytes to send at once: ours, or more where the registry asks for that."""
    if not asked:
        return CHUNK
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 16):  # noqa: PLR2004 - digits
        raise TransferError(f"{task}: it asks for chunks of {asked[:40]!r}, expected a number of bytes")
    if min(int(asked), size) > MAX_CHUNK:
        raise TransferError(f"{task}: it asks for chunks of {int(asked):,} bytes, limit {MAX_CHUNK:,}")
    return min(max(CHUNK, int(asked)), MAX_CHUNK)
