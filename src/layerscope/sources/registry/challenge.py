"""What a server asks for before it answers: the schemes and parameters of WWW-Authenticate.

https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 8192
"""Characters of one header that are looked at."""

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER: Final = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}[^\s,]*))\s*(?:,|$)')
_SCHEME: Final = re.compile(rf"\s*({_WORD})(?=\s|,|$)(?!\s*=)")
_TOKEN68: Final = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*\s*(?:,|$)")
"""What some schemes have in place of parameters (RFC 9110, 11.2)."""
_ESCAPE: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to be let in: its scheme, in lower case, and its parameters, their names in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Return the challenges of all such headers, in order; what cannot be read ends its header."""
    found: list[Challenge] = []
    for header in headers:
        text, position = header[:MAX_LENGTH], 0
        while match := _SCHEME.match(text, position):
            position = match.end()
            parameters: dict[str, str] = {}
            while parameter := _PARAMETER.match(text, position):
                quoted, plain = parameter[2], parameter[3]
                parameters[parameter[1].lower()] = plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
                position = parameter.end()
            if not parameters and (token := _TOKEN68.match(text, position)):
                position = token.end()
            found.append(Challenge(match[1].lower(), parameters))
            while position < len(text) and text[position] in ", \t":
                position += 1
    return tuple(found)
