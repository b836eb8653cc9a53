"""What transformers prints of weights that do not fit, whose exception says no more than to look at that report."""

import re
from typing import Any, List

_LIBRARY = "transformers"
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_SIZE = r"torch\.Size\((\[[0-9, ]*\])\)"
_MISMATCHES = (
    re.compile(r"([\w.{},-]+)[ |]+MISMATCH[ |]+[^\n]*?ckpt: *" + _SIZE + " vs model: *" + _SIZE),
    re.compile(r"size mismatch for ([\w.]+): [^\n]*?" + _SIZE + r"[^\n]*?" + _SIZE),
)
"""A row of the report, from transformers 5 on, and a line of the exception before; the checkpoint's shape is first."""

MAX_REPORT = 64000
SHOWN_SHAPES = 3


class LoadReport:
    """Keeps what transformers logs while it is entered."""

    def __init__(self) -> None:
        """Nothing has been said yet."""
        import logging

        self.text = ""
        self._logger = logging.getLogger(_LIBRARY)
        self._handler = logging.Handler(logging.WARNING)
        self._handler.emit = self._keep  # type: ignore[method-assign]

    def _keep(self, record: Any) -> None:
        """Keep one message, as far as there is room."""
        if len(self.text) < MAX_REPORT:
            self.text += record.getMessage()[:MAX_REPORT] + "\n"

    def __enter__(self) -> "LoadReport":  # noqa: PYI034 -- Python 3.6 has no Self
        """Listen to the library's logger, whatever else does."""
        self._logger.addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._logger.removeHandler(self._handler)


def tell_shapes(text: str) -> str:
    """The tensors of another shape that an exception or a report names, in a sentence; empty where it names none."""
    plain = _COLOUR.sub("", text)
    found: List[str] = []
    for pattern in _MISMATCHES:
        for name, stored, wanted in pattern.findall(plain):
            told = f"{name} is {stored} in the files and {wanted} by config.json"
            if told not in found:
                found.append(told)
    more = f" and {len(found) - SHOWN_SHAPES} more" if len(found) > SHOWN_SHAPES else ""
    return ", ".join(found[:SHOWN_SHAPES]) + more
