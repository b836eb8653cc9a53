"""Dynamic string tokens: `$ORIGIN`, `$LIB` and `$PLATFORM` in search paths and needed names, ld.so(8)."""

import re
from typing import Final

from msgspec import Struct

_TOKEN: Final = re.compile(r"\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))")


class Tokens(Struct, frozen=True):
    """What `$LIB` and `$PLATFORM` stand for; `$ORIGIN` differs with each object."""

    lib: str
    platform: str

    def expand(self, text: str, origin: str) -> str:
        """The text with its tokens replaced; what glibc does not know as a token stays as it is."""
        if "$" not in text:
            return text
        values = {"ORIGIN": origin, "LIB": self.lib, "PLATFORM": self.platform}
        return _TOKEN.sub(lambda match: values[match[1] or match[2]], text)
