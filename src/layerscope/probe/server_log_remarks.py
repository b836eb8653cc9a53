"""What is worth saying of a server whose log nobody sees: where it is, or what holds it back."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[\w./+@-]{1,200}")
"""A path that a shell takes as it stands."""


def list_log_remarks(values: Mapping[str, Any]) -> Iterator[str]:
    """Out of what stage `request-log` told: a log in a file, or one that is held back altogether."""
    files = [str(each) for each in values.get("log_files") or ()]
    settings = [str(each) for each in values.get("log_settings") or ()]
    is_silent = bool(values.get("silent"))
    if files and (is_silent or values.get("is_in_file")):
        yield _tell_file(files[0], is_silent=is_silent)
    elif is_silent and values.get("is_discarded"):
        yield "the server prints nothing: its output goes to /dev/null; start it without that redirection"
    elif is_silent and settings:
        yield f"the server prints nothing: {', '.join(settings)} holds its log back: leave that out, or set info"
    elif is_silent:
        yield "the server prints nothing: set its log level, so that a failure can be seen"


def _tell_file(path: str, *, is_silent: bool) -> str:
    """The cure is a link only where that is safe to copy."""
    what = "prints nothing and writes its log" if is_silent else "writes what it tells of requests"
    link = f", or link the file in the image: RUN ln -sf /dev/stdout {path}" if _PLAIN.fullmatch(path) else ""
    return f"the server {what} to {path}, where no engine looks: let it log to its standard output{link}"
