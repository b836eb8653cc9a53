"""What is worth saying of a server whose log nobody sees: where it is, or what holds it back."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from layerscope.probe.payload.server_log import is_database, is_log_place

_PLAIN: Final = re.compile(r"[\w./+@-]{1,200}")
"""A path that a shell takes as it stands."""

_FADING: Final = ("/tmp/", "/run/", "/var/run/", "/dev/shm/")  # noqa: S108 -- in an image
"""Folders that are empty at each start where they are mounted in memory, as the probe's own recipe does with /tmp."""


def list_log_remarks(values: Mapping[str, Any]) -> Iterator[str]:
    """Out of what stage `request-log` told: a log in a file, or one that is held back altogether."""
    files = [str(each) for each in values.get("log_files") or ()]
    settings = [str(each) for each in values.get("log_settings") or ()]
    is_silent = bool(values.get("silent"))
    if files and (is_silent or values.get("is_in_file")):
        is_text = bool(values.get("is_in_file") or values.get("is_text"))
        yield _tell_file(files[0], is_silent=is_silent, is_text=is_text)
    elif is_silent and settings:
        also = "; its output goes to /dev/null as well" if values.get("is_discarded") else ""
        yield f"the server prints nothing: {', '.join(settings)} holds its log back: leave that out, or set info{also}"
    elif is_silent and values.get("is_discarded"):
        yield "the server prints nothing: its output goes to /dev/null; start it without that redirection"
    elif is_silent:
        yield "the server prints nothing: set its log level, so that a failure can be seen"


def _tell_file(path: str, *, is_silent: bool, is_text: bool) -> str:
    """The cure is a link only for what is a log by its name and its text, stays in the image, and is safe to copy.

    A link in the place of any other file might lose what its program keeps there, be it empty as yet.
    """
    what = "prints nothing and writes its log" if is_silent else "writes what it tells of requests"
    is_kept = is_database(path) or path.startswith(_FADING)
    is_linked = is_text and is_log_place(path) and not is_kept and _PLAIN.fullmatch(path)
    link = f", or link the file in the image: RUN ln -sf /dev/stdout {path}" if is_linked else ""
    return f"the server {what} to {path}, where no engine looks: let its program log to standard output{link}"
