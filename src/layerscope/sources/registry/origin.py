"""Origin: scheme, host and port of an address, read by the same parser that connects."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from layerscope.errors import TransferError

_ODD: Final = re.compile(r"[\\\s\x00-\x1f\x7f]|[^\x00-\x7f]")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an address leads, its host in lower case and without brackets."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str, *, task: str) -> "Origin":
        """The origin of an address; raises TransferError for what is no plain http or https address."""
        import urllib3.exceptions
        import urllib3.util

        wrong = TransferError(f"{task}: {show_url(url)!r}, expected an http or https address")
        if _ODD.search(url):
            raise wrong
        try:
            parts = urllib3.util.parse_url(url)
        except urllib3.exceptions.LocationParseError as error:
            raise wrong from error
        if parts.scheme not in _PORTS or not parts.host or parts.auth is not None:
            raise wrong
        return cls(parts.scheme, parts.host.lower().strip("[]"), parts.port or _PORTS[parts.scheme])


def follow_place(url: str, place: str, *, task: str, what: str) -> str:
    """Where the address leads that the server at `url` names in a Location; raises TransferError from TLS to plain."""
    try:
        led = urljoin(url, place).partition("#")[0]
    except ValueError as error:
        raise TransferError(f"{task}: {what} to {show_url(place)!r}, expected an address") from error
    here, there = Origin.of(url, task=task), Origin.of(led, task=f"{task}: {what}")
    if (here.scheme, there.scheme) == ("https", "http"):
        raise TransferError(f"{task}: {what} from TLS to plain HTTP, at {show_url(led)}")
    return led


def show_url(url: str) -> str:
    """An address without what may be a credential in it."""
    return re.sub(r"//[^/?#]*@", "//", url.partition("?")[0])[:300]
