"""Where an upload is: the address that a registry gives it, and what it says has arrived there.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
"""

import re
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from layerscope.errors import TransferError
from layerscope.image.digest import Digest
from layerscope.sources.registry.conversation import Conversation
from layerscope.sources.registry.origin import Origin, follow_place
from layerscope.sources.registry.transport import Answer

_RANGE: Final = re.compile(r"(?:bytes=)?0-([0-9]{1,15})")
"""Quay writes the unit, as an older specification had it; the present one has none."""


def find_place(answer: Answer, home: Origin, *, task: str) -> str | None:
    """The address that an answer gives an upload, or None; raises TransferError for one that may not be used.

    Another host may be named, and is not told who we are. It may not name the registry in turn: what we may do there
    is not for it to use.
    """
    place = answer.headers.get("location")
    if not place:
        return None
    url = follow_place(answer.url, place, task=task, what="an upload")
    if answer.origin != home and Origin.of(url, task=task) == home:
        raise TransferError(f"{task}: {answer.origin.host} leads an upload back to {home.host}, expected its own")
    return url


def add_digest(place: str, digest: Digest) -> str:
    """The address by which an upload is closed."""
    return f"{place}{'&' if '?' in place else '?'}digest={quote(str(digest), safe='')}"


def count_stored(answer: Answer, sent: int, *, task: str) -> int | None:
    """How many bytes an answer says have arrived, of those that were sent; None where it does not say.

    `0-0` is said of one byte and of none, and by registries that never tell: it says something only if one was sent.
    """
    told = answer.headers.get("range", "").strip()
    if not told:
        return None
    match = _RANGE.fullmatch(told)
    if match is None:
        raise TransferError(f"{task}: it says that it has {told[:80]!r}, expected a range from 0")
    count = int(match[1]) + 1
    if count > max(sent, 1):
        raise TransferError(f"{task}: it says that it has {count:,} bytes, and {sent:,} were sent")
    return count if count > 1 or sent == 1 else None


def cancel_upload(conversation: Conversation, place: str, *, task: str) -> None:
    """Tell the registry to forget an upload; one that is not told forgets it after a while, too."""
    with suppress(TransferError):
        conversation.ask("DELETE", place, {}, task, attempts=1)


def check_published(answer: Answer, digest: Digest, *, task: str) -> None:
    """Raise TransferError where a registry calls what it was given by another digest."""
    told = answer.headers.get("docker-content-digest", "").strip()
    if told and told != str(digest):
        raise TransferError(f"{task}: it has it as {told[:160]!r}, expected {digest}")
