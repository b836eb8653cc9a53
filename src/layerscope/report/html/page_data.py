"""What the page's script works on, as JSON that nothing in it can break out of."""

from typing import Final

import msgspec

from layerscope.audit.result import AuditResult
from layerscope.diff.packages import list_packages
from layerscope.report.escape import escape_line, shorten
from layerscope.report.html.markup import Markup
from layerscope.report.html.size_tree import build_size_tree
from layerscope.report.instruction import tell_instruction

SHOWN_PACKAGES: Final = 20_000
"""Packages that can be searched for; no image of use has as many."""
NAME_LIMIT: Final = 200
"""Characters of a package's name, of its versions and of its place."""

_BREAKING: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What could end the element or open a comment in it; JSON has these signs in its strings only."""


def write_data(result: AuditResult) -> Markup:
    """The sizes of all paths, the layers and the packages; every text is safe to show."""
    tree = build_size_tree(result)
    packages = sorted(list_packages(result.facts).items())
    document = {
        "layers": [tell_instruction(layer.step) for layer in result.layers],
        "folders": tree.folders,
        "files": tree.files,
        "others": tree.others,
        "leftOut": tree.left_out,
        "packages": [
            (str(key.kind), *map(_tell, (key.name, ", ".join(versions), key.place)))
            for key, versions in packages[:SHOWN_PACKAGES]
        ],
    }
    return write_json(document)


def write_json(document: object) -> Markup:
    """A document that nothing in it can break out of."""
    return Markup(msgspec.json.encode(document).decode().translate(_BREAKING))


def _tell(text: str) -> str:
    return shorten(escape_line(text), NAME_LIMIT, ellipsis="…")
