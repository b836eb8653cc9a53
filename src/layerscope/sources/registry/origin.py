"""Origin: scheme, host and port of an address, read by the same parser that connects."""

import re
from dataclasses import dataclass
from typing import Final

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


def show_url(url: str) -> str:
    """An address without what may be a credential in it."""
    return re.sub(r"//[^/?#]*@", "//", url.partition("?")[0])[:300]
