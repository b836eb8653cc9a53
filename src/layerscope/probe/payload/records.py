"""Records: what the payload says, one line of JSON each, over a descriptor to which nothing else writes."""

import json
import os
import re
import time
from typing import Any, Dict

MAX_RECORD = 48 * 1024
"""Bytes of a record; what is longer is said to be so, without its values."""

MAX_TEXT = 2000
"""Characters of a text inside a record: an error message, a name, a path."""


ESCAPE = re.compile(r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\u(d[89a-f][0-9a-f]{2})|\\.")
"""What stands after a backslash in JSON; the group is a half of a character without the other."""


class Recorder:
    """Writes records to a descriptor, whole ones only."""

    def __init__(self, descriptor: int) -> None:
        """Write to that descriptor."""
        self._descriptor = descriptor

    def write(self, record: str, **values: Any) -> None:
        """Write a record of that kind."""
        line = encode_record(record, values)
        while line:
            line = line[os.write(self._descriptor, line) :]


def encode_record(record: str, values: Dict[str, Any]) -> bytes:
    """A record as a line of ASCII, with the time at which it was made, in seconds of the monotonic clock."""
    whole = dict(values, record=record, at=round(time.monotonic(), 4))
    line = clean_json(json.dumps(whole, default=str, sort_keys=True)).encode("ascii", "backslashreplace")
    if len(line) > MAX_RECORD:
        told = {"record": record, "at": whole["at"], "cut": len(line)}
        for key in ("stage", "status", "seconds"):
            if key in values:
                told[key] = values[key]
        line = json.dumps(told, sort_keys=True).encode("ascii")
    return line + b"\n"


def clean_json(text: str) -> str:
    """JSON in ASCII without halves of characters, which Python keeps in its texts and other readers refuse."""
    return ESCAPE.sub(lambda match: "\\ufffd" if match.group(1) else match.group(0), text)


def shorten(text: Any, limit: int = MAX_TEXT) -> str:
    """The text, its middle left out where it is too long."""
    whole = str(text)
    if len(whole) <= limit:
        return whole
    half = limit // 2 - 10
    return whole[:half] + " [...] " + whole[-half:]
