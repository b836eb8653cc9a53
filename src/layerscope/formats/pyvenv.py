"""The `pyvenv.cfg` of a virtual environment: which Python it stands on.

https://docs.python.org/3/library/venv.html and the `site` module, which reads it.
"""

from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 1_000
"""Lines that are looked at; real files have some ten."""

TEXT_LIMIT: Final = 1_000
"""Characters of one value."""


class PyVenv(Struct, frozen=True):
    """`home` is the folder of the Python that made it; `version` is empty where the file does not say."""

    home: str
    version: str
    sees_system: bool
    """Whether the site directories of that Python are on the path too (include-system-site-packages)."""


def parse_pyvenv(content: bytes) -> PyVenv:
    """The settings; lines that are none are left out."""
    values: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines()[:LINES_LIMIT]:
        name, equals, value = line.partition("=")
        if equals:
            values[name.strip().lower()] = value.strip()[:TEXT_LIMIT]
    return PyVenv(
        home=values.get("home", ""),
        version=values.get("version") or values.get("version_info", ""),
        sees_system=values.get("include-system-site-packages", "").lower() == "true",
    )
