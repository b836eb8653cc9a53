"""A `.pth` file of a site directory: folders for the module path, and code to run when Python starts.

https://docs.python.org/3/library/site.html
"""

from typing import Final

from msgspec import Struct

LINES_LIMIT: Final = 5_000
"""Lines that are looked at; easy-install.pth of an old environment has some 100."""

PATH_LIMIT: Final = 4096
"""Characters of one path: PATH_MAX of Linux."""

IMPORT_LIMIT: Final = 300
"""Characters kept of a line that is run."""


class PthFile(Struct, frozen=True):
    """Folders as written, absolute or relative to the site directory, and the lines that Python runs."""

    paths: tuple[str, ...]
    imports: tuple[str, ...]


def parse_pth(content: bytes) -> PthFile:
    """The lines as the `site` module takes them: comments left out, `import` and a blank or tab is code."""
    paths, imports = [], []
    text = content.decode("utf-8-sig", "replace")
    for line in text.splitlines()[:LINES_LIMIT]:
        if line.startswith(("import ", "import\t")):
            imports.append(line.rstrip()[:IMPORT_LIMIT])
        elif line.strip() and not line.startswith("#") and len(line) <= PATH_LIMIT and "\0" not in line:
            paths.append(line.rstrip())
    return PthFile(tuple(paths), tuple(imports))
