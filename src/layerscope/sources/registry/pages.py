"""A list that a registry sends in pages, each of which leads to the next one.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers, RFC 8288 (Web Linking)
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urljoin

from layerscope.errors import TransferError
from layerscope.sources.registry.origin import Origin, show_url
from layerscope.sources.registry.refusal import expect
from layerscope.sources.registry.transport import Answer

MAX_PAGES: Final = 64
"""Pages of one list; registries send fifty entries and more at once."""
PAGES_SECONDS: Final = 120.0
"""The longest that further pages are asked for."""
MAX_HEADER: Final = 8192
"""Characters of a Link header that are looked at."""

_OK: Final = 200
_LINK: Final = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT: Final = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\s*(?:[;,]|$))', re.IGNORECASE)


def iter_pages(first: Answer, place: str, ask: Callable[[str], Answer], *, task: str) -> Iterator[bytes]:
    """Yield the bodies of a first page and of all that follow it; raises TransferError where one leads astray.

    A page is asked for only where the list itself was: any other place would choose whom we talk to.
    """
    home, answer, seen, began = Origin.of(place, task=task), first, {place}, time.monotonic()
    while True:
        expect(answer, _OK, task)
        yield answer.body
        link = find_next(answer.headers.get("link", ""))
        if link is None:
            return
        place = _resolve(place, link, task)
        if Origin.of(place, task=f"{task}: a further page") != home:
            raise TransferError(f"{task}: a further page is at {show_url(place)}, expected one of the same registry")
        if place in seen:
            raise TransferError(f"{task}: its pages lead in a circle, to {show_url(place)} again")
        if len(seen) >= MAX_PAGES or time.monotonic() - began > PAGES_SECONDS:
            raise TransferError(f"{task}: still more after {len(seen)} pages; limit {MAX_PAGES}, {PAGES_SECONDS:.0f} s")
        seen.add(place)
        answer = ask(place)


def find_next(header: str) -> str | None:
    """Return the address that a Link header gives the next page, as it is written; None where there is none."""
    for address, parameters in _LINK.findall(header[:MAX_HEADER]):
        if _NEXT.search(parameters):
            return str(address)
    return None


def _resolve(place: str, link: str, task: str) -> str:
    try:
        return urljoin(place, link)
    except ValueError as error:
        raise TransferError(f"{task}: a further page at {show_url(link)!r}, expected an address") from error
