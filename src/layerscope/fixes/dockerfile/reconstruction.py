"""A Dockerfile made of an image's history, for images whose own is not at hand."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from layerscope.errors import FormatError
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.formats.secret_text import redact_text
from layerscope.image.history import BuildStep

_STORED: Final = re.compile(r"(?:COPY|ADD)(?: --\S+)* (?:file|dir|multi):")
_PAIR: Final = re.compile(r" (?=[\w./-]+=)")
_LONGEST: Final = 16384
"""Characters of an instruction that is written; a longer one is told as such."""

_SHOWN: Final = 200
"""Characters of a step that are shown where it can be no instruction."""


def reconstruct_dockerfile(steps: Iterable[BuildStep], reference: str, *, base: str = "", base_layers: int = 0) -> str:
    """The instructions of the steps above the base image's layers, without credentials; what can be none is a comment.

    What the base image sets behind its last layer is set again: it cannot be told from what the image sets first.
    Without a known base image, all steps, from nothing.
    """
    told = tuple(steps)
    below = [step.position for step in told if base and step.layer is not None and step.layer < base_layers]
    own = [step for step in told if step.position > max(below, default=-1)]
    head = (
        f"Reconstructed by layerscope from the history of {_flatten(reference)}: it is not the file that was built.",
        "A history does not tell stages, comments, mounts, and where copied files come from.",
    )
    lines = [*(f"# {line}" for line in head), f"FROM {base or 'scratch'}"]
    lines += [line for step in own for line in _write_step(step)]
    return "\n".join(lines) + "\n"


def _write_step(step: BuildStep) -> Iterator[str]:
    text = redact_text(step.instruction)
    keyword, _, operands = text.partition(" ")
    if keyword in {"ENV", "LABEL"}:
        text = f"{keyword} {' '.join(map(_quote_pair, _PAIR.split(operands)))}"
    elif keyword == "SHELL" and operands.startswith("[") and '"' not in operands:
        text = f"SHELL {json.dumps(operands.strip('[]').split())}"
    elif keyword == "RUN" and "\n" in operands:
        text = f"RUN <<END_OF_STEP\n{operands}\nEND_OF_STEP"
    if len(text) > _LONGEST or _STORED.match(text) or not _is_instruction(text):
        what = "made it" if step.layer is None else f"made layer {step.layer}"
        yield f"# no instruction is known that {what}: {_flatten(text)}"
    else:
        yield text


def _quote_pair(pair: str) -> str:
    """A name and its value, which the history has without quotes."""
    name, _, value = pair.partition("=")
    return f"{name}={json.dumps(value, ensure_ascii=False)}" if re.search(r"[\s\"'\\]", value) else pair


def _is_instruction(text: str) -> bool:
    """Whether it is one that prints, and a builder would read it as one and what follows as others."""
    if not text.replace("\n", "").replace("\t", "").isprintable():
        return False
    try:
        dockerfile = parse_dockerfile(f"FROM scratch\n{text}\nUSER end\n".encode())
    except (FormatError, UnicodeEncodeError):
        return False
    return [each.keyword == "FROM" for each in dockerfile.instructions] == [True, False, False]


def _flatten(text: str) -> str:
    """One line, what does not print written out: nothing of it moves a cursor or ends the comment."""
    line = " ".join(text.split())[:_SHOWN]
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)
