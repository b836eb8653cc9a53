"""A server's key, struck out of everything that a probe tells: the last step before a report.

The payload leaves it out where it can; a server may spell it in escapes, or bring it in pieces.
"""

import re
from typing import Any

import msgspec

from layerscope.probe.observation import Observation

SHOWN = "(key)"


def conceal_key(seen: Observation, key: str) -> Observation:
    """The observation without the key, in whatever escapes of JSON, of addresses or of HTML it is spelt."""
    if not key:
        return seen
    pattern = re.compile("".join(map(_spell, key)), re.IGNORECASE)
    return msgspec.convert(_strike(msgspec.to_builtins(seen), pattern), Observation)


def _spell(letter: str) -> str:
    code = ord(letter)
    return rf"(?:{re.escape(letter)}|\\u{code:04x}|\\x{code:02x}|%{code:02x}|&\#0*{code};|&\#x0*{code:x};)"


def _strike(value: Any, pattern: "re.Pattern[str]") -> Any:
    if isinstance(value, str):
        return pattern.sub(SHOWN, value)
    if isinstance(value, dict):
        return {_strike(name, pattern): _strike(each, pattern) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strike(each, pattern) for each in value]
    return value
