"""The tags of a repository: what a person may have meant whose tag is not there.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from heapq import nlargest
from itertools import islice
from typing import Final

import msgspec

from layerscope.errors import ReferenceSyntaxError, TransferError
from layerscope.image.reference import parse_tag
from layerscope.sources.registry.client import RegistryClient

MAX_PAGES: Final = 4
MAX_TAGS: Final = 10_000
"""Pages asked for and tags looked at; a repository that is pushed to by every build has some thousands."""
MOST_COMPARED: Final = 200
"""Tags, those that begin most alike, of which it is worked out how much they resemble the wanted one."""
SHOWN: Final = 8


_MADE: Final = re.compile(r"sha(?:256|512)-[0-9a-f]{32}")


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


def suggest_tags(client: RegistryClient, wanted: str) -> str:
    """Words on which tags there are, those most like the wanted one first; none where the registry does not say."""
    tags: dict[str, None] = {}
    with suppress(TransferError):  # who asked has an answer already, and this only explains it
        for listed in islice(_iter_tags(client), MAX_TAGS):
            tags[listed] = None
    if not tags:
        return ""
    likely = nlargest(MOST_COMPARED, tags, key=lambda tag: _count_alike(tag, wanted))
    close = get_close_matches(wanted, likely, n=SHOWN, cutoff=0.5)
    shown = [*close, *(tag for tag in sorted(tags) if tag not in close)][:SHOWN]
    more = f" and {len(tags) - SHOWN:,} more" if len(tags) > SHOWN else ""
    return f"; its tags are {', '.join(shown)}{more}"


def _count_alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _iter_tags(client: RegistryClient) -> Iterator[str]:
    """The tags in the registry's order, without what is none; raises TransferError."""
    for page in islice(client.read_tags(), MAX_PAGES):
        try:
            listed = msgspec.json.decode(page, type=_Tags).tags or []
        except msgspec.MsgspecError:
            return
        yield from filter(_is_tag, listed)


def _is_tag(text: str) -> bool:
    """Whether a text is a tag that a person may have meant: those that tools make from digests are not."""
    try:
        return not _MADE.match(parse_tag(text))
    except ReferenceSyntaxError:
        return False
