"""What a JavaScript file loads before anything else: its top-level `require` calls and `import` declarations.

No JavaScript is parsed: statements at the first column are taken, which is where top-level code stands in files that
people write. Calls inside functions and `try` blocks, which may never run or may fail on purpose, are indented.
"""

import re
from typing import Final

SIZE_LIMIT: Final = 262_144
"""Bytes that are looked at; larger files are bundles, which bring what they need."""

IMPORTS_LIMIT: Final = 500
"""Names that are kept."""

_LINE_LIMIT: Final = 1000
"""Characters of a statement; longer lines are minified."""

_REQUIRE: Final = re.compile(
    r"(?:(?:const|let|var) [\w$ {},:]{1,500}= ?|\} ?= ?|[\w$.]{1,100} ?= ?)?"
    r"require\( ?(?:'([^'\"`$\\]{1,214})'|\"([^'\"`$\\]{1,214})\") ?\)"
)
_IMPORT: Final = re.compile(
    r"(?:import (?:[\w$ {},*]{1,500} from ?)?|\} ?from ?|export [\w$ {},*]{1,500} from ?)"
    r"(?:'([^'\"`$\\]{1,1024})'|\"([^'\"`$\\]{1,1024})\")"
)
"""Both are matched against lines whose blanks are single, so that no two repetitions can share them."""


def parse_imports(content: bytes) -> tuple[str, ...]:
    """The names as written, each once, in their order; none of a file beyond the limit."""
    if len(content) > SIZE_LIMIT:
        return ()
    found: dict[str, None] = {}
    is_comment = False
    for line in content.decode("utf-8", "replace").split("\n"):
        if is_comment or line.startswith("/*"):
            is_comment = "*/" not in line
            continue
        if not line or line[0].isspace():
            continue
        statement = " ".join(line[:_LINE_LIMIT].split())
        match = _REQUIRE.match(statement) or _IMPORT.match(statement)
        if match is not None and len(found) < IMPORTS_LIMIT:
            found[match[1] or match[2]] = None
    return tuple(found)
