"""A page put together from its template, its style and its scripts, with the policy that holds it to them.

The Content-Security-Policy lets nothing be fetched and nothing run but the page's own script and style, which it names
by their hashes: https://www.w3.org/TR/CSP3/#csp-hash-source
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from typing import Final

from layerscope import __version__
from layerscope.report.html.markup import Markup, write_line

_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


def fill_page(template: str, scripts: Sequence[str], **parts: Markup) -> str:
    """A template with its parts in place, each put in once and not looked through again."""
    script, style = Markup("\n".join(map(_read, scripts))), Markup(_read("page.css"))
    content = {
        **parts,
        "script": script,
        "style": style,
        "policy": _write_policy(script, style),
        "version": write_line(__version__),
    }
    return _PLACE.sub(lambda match: content[match[1]], _read(template))


def read_part(name: str) -> Markup:
    """A piece of a page that is the same in each."""
    return Markup(_read(name))


def _write_policy(script: str, style: str) -> Markup:
    return Markup(
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return files("layerscope.report.html").joinpath(name).read_text(encoding="utf-8")
