"""The tags of a repository: what a person may have meant whose tag is not there.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
"""

from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from typing import Final

import msgspec

from layerscope.errors import ReferenceSyntaxError, TransferError
from layerscope.image.reference import parse_tag
from layerscope.sources.registry.client import RegistryClient

MAX_PAGES: Final = 4
MAX_TAGS: Final = 10_000
"""Pages asked for and tags looked at; a repository that is pushed to by every build has some thousands."""
SHOWN: Final = 8


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
    close = get_close_matches(wanted, tags, n=SHOWN, cutoff=0.5)
    shown = [*close, *(tag for tag in tags if tag not in close)][:SHOWN]
    more = f" and {len(tags) - SHOWN:,} more" if len(tags) > SHOWN else ""
    return f"; its tags are {', '.join(shown)}{more}"


def _iter_tags(client: RegistryClient) -> Iterator[str]:
    """The tags in the registry's order, without what is none; raises TransferError."""
    for page in islice(client.read_tags(), MAX_PAGES):
        try:
            listed = msgspec.json.decode(page, type=_Tags).tags or []
        except msgspec.MsgspecError:
            return
        yield from filter(_is_tag, listed)


def _is_tag(text: str) -> bool:
    try:
        parse_tag(text)
    except ReferenceSyntaxError:
        return False
    return True
