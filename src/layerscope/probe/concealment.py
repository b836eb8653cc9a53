"""What a probe tells without credentials: the last step before a report.

Struck out are a server's key, the secrets of the environment, and whatever has the form of a credential. The payload
leaves some of it out; a server may spell a key in escapes, an image may print what it was given.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from layerscope.formats.secret_log import strike_secrets
from layerscope.formats.secret_text import REDACTED, find_secrets, find_value_secret, join_matches
from layerscope.probe.observation import (
    BLOCKED,
    CRASHED,
    FAILED,
    HUNG,
    NOT_REACHED,
    PASSED,
    SKIPPED,
    STAGES,
    Observation,
)

SHOWN: Final = "(key)"

SHORTEST: Final = 8
"""Characters of a secret that is struck out wherever it stands; a shorter one may be a common word."""

SHORTEST_LINE: Final = 24
"""Characters of a line of a secret that has several, as a private key has."""

MOST_SECRETS: Final = 1000
"""Secrets of an environment that are looked for; whoever has more is no person."""

_WORDS: Final = frozenset({*STAGES, PASSED, FAILED, SKIPPED, BLOCKED, HUNG, CRASHED, NOT_REACHED, "start"})
"""What the project itself names: none of it is anybody's secret."""

_LOG_NAME: Final = re.compile(r"[a-z]{1,20} std(?:out|err)")
_OMISSION: Final = re.compile(r"( \[\.\.\.\] |\n\([\d,]{1,20} bytes left out before the end\)\n)")
_CUT: Final = "\u2026. \n"

Strike = Callable[[str], str]


class Secrets(Struct, frozen=True):
    """Texts that are never shown."""

    values: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Secrets({len(self.values)})"


NO_SECRETS: Final = Secrets()


def find_env_secrets(pairs: Iterable[tuple[str, str]], words: Sequence[str] = ()) -> Secrets:
    """The credentials in variables, told by name or form, and in the words of a command."""
    command = " ".join(words)
    found = [command[match.start : match.end].strip("\"'") for match in find_secrets(command)]
    for name, value in pairs:
        told = (find_value_secret(name, value), *find_secrets(value))
        spans = join_matches(value, (match for match in told if match is not None))
        found += [value[start:end] for start, end in spans]
    spelt = dict.fromkeys(spelling for value in found for spelling in _spell_secret(value))
    return Secrets(tuple(sorted(spelt, key=len, reverse=True)[:MOST_SECRETS]))


def _spell_secret(value: str) -> Iterator[str]:
    """The secret as it may be printed: whole, by its lines, and in the escapes of JSON, Python and addresses."""
    plain = value.strip()
    if len(plain) >= SHORTEST:
        yield from (plain, json.dumps(plain)[1:-1], repr(plain)[1:-1], quote(plain, safe=""))
    lines = plain.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST_LINE)


def conceal(seen: Observation, key: str, secrets: Secrets) -> Observation:
    """The observation without that key, those secrets, and anything that has the form of a credential."""
    pattern = re.compile("".join(map(_spell, key)), re.IGNORECASE) if key else None

    def strike(text: str) -> str:
        if text in _WORDS or _LOG_NAME.fullmatch(text):
            return text
        if pattern is not None:
            text = pattern.sub(SHOWN, text)
        for value in secrets.values:
            text = text.replace(value, REDACTED)
        return strike_secrets("".join(_strike_cut(each, secrets.values) for each in _OMISSION.split(text)))

    told = msgspec.to_builtins(seen)
    told["strays"] = ["\n".join(seen.strays)] if seen.strays else []  # a key has several lines
    struck = _strike(told, strike)
    struck["strays"] = [line for text in struck["strays"] for line in text.split("\n")]
    return msgspec.convert(struck, Observation)


def _strike_cut(text: str, values: Iterable[str]) -> str:
    """The text without a part of a secret at its beginning or end, where a message was shortened."""
    for value in values:
        stop = text.find(value[-SHORTEST:], 0, len(value)) + SHORTEST
        if stop >= SHORTEST and value.endswith(text[:stop]):
            text = f"{REDACTED}{text[stop:]}"
        end = text.rstrip(_CUT)
        start = end.rfind(value[:SHORTEST], max(0, len(end) - len(value)))
        if start >= 0 and value.startswith(end[start:]):
            text = f"{text[:start]}{REDACTED}{text[len(end) :]}"
    return text


def _spell(letter: str) -> str:
    code = ord(letter)
    return rf"(?:{re.escape(letter)}|\\u{code:04x}|\\x{code:02x}|%{code:02x}|&\#0*{code};|&\#x0*{code:x};)"


def _strike(value: Any, strike: Strike) -> Any:
    if isinstance(value, str):
        return strike(value)
    if isinstance(value, dict):
        return {_strike(name, strike): _strike(each, strike) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strike(each, strike) for each in value]
    return value
