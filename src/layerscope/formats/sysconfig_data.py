"""`_sysconfigdata*.py`: how a Python was built, as its own `sysconfig` module tells it.

The file is one dictionary, printed by `pprint` with a key a line. It is read as text: nothing of it is run.
"""

import re
from typing import Final

from msgspec import Struct

CONTENT_LIMIT: Final = 1 << 20
"""Bytes that are looked at; real files have 40,000 to 90,000."""

_WANTED: Final = re.compile(
    r"^(?:build_time_vars = \{)?[ {]*'(SOABI|EXT_SUFFIX|MULTIARCH|VERSION|Py_GIL_DISABLED)':[ ]*"
    r"('[^'\\\n]{0,200}'|-?\d{1,9})[ ]*[,}]",
    re.MULTILINE,
)


class SysconfigData(Struct, frozen=True):
    """The variables that decide which extension modules load; texts are empty where the file does not say."""

    version: str = ""
    """`3.11`."""
    soabi: str = ""
    """`cpython-311-x86_64-linux-gnu`."""
    extension_suffix: str = ""
    """`.cpython-311-x86_64-linux-gnu.so`."""
    multiarch: str = ""
    """`x86_64-linux-gnu`."""
    is_free_threaded: bool = False
    """Whether it was built without the global interpreter lock."""


def parse_sysconfig_data(content: bytes) -> SysconfigData:
    """The variables, each the last of its name."""
    text = content[:CONTENT_LIMIT].decode("utf-8", "replace")
    values: dict[str, str] = dict(_WANTED.findall(text))
    return SysconfigData(
        version=_read_text(values, "VERSION"),
        soabi=_read_text(values, "SOABI"),
        extension_suffix=_read_text(values, "EXT_SUFFIX"),
        multiarch=_read_text(values, "MULTIARCH"),
        is_free_threaded=values.get("Py_GIL_DISABLED") == "1",
    )


def _read_text(values: dict[str, str], name: str) -> str:
    """A variable that is a text, without its quotes."""
    value = values.get(name, "")
    return value[1:-1] if value.startswith("'") else ""
