"""A file of SARIF 2.1.0 with one run, within what GitHub's code scanning takes.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

import gzip
from collections.abc import Callable, Sequence
from typing import Final

from layerscope import __version__
from layerscope.report.escape import escape_line
from layerscope.report.json_text import encode_json
from layerscope.report.sarif.results import write_message
from layerscope.report.sarif.rules import Document

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

RESULTS_LIMIT: Final = 25_000
"""Results of one run; GitHub refuses a file with more, and shows the 5,000 worst:
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit
"""

PACKED_LIMIT: Final = 10_000_000
"""Bytes of the file as gzip, which is how GitHub takes it; it refuses more than 10 MB:
https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/file-too-large
"""


def write_log(build_run: Callable[[int], Document]) -> str:
    """The file with the run that is built of so many results at most: fewer where all would be too much."""
    limit = RESULTS_LIMIT
    while True:
        text = encode_json(wrap_run(build_run(limit)))
        if not limit or len(text) <= PACKED_LIMIT or len(gzip.compress(text.encode(), mtime=0)) <= PACKED_LIMIT:
            return text
        limit //= 2


def wrap_run(run: Document) -> Document:
    """The whole file as a value."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def build_driver(rules: Sequence[Document]) -> Document:
    """Which tool it was, and what it looks for."""
    return {"name": "layerscope", "version": __version__, "semanticVersion": __version__, "rules": list(rules)}


def build_notification(text: str, level: str) -> Document:
    """What is to be told of the run itself."""
    return {"level": level, "message": {"text": write_message(escape_line(text))}}
