"""What to name in .dockerignore, so that a COPY leaves out what is deleted later."""

from posixpath import normpath, relpath
from typing import Final

from layerscope.facts.layers.endings import EndedFiles
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_words

SHOWN: Final = 5
"""Lines that are proposed: more would be a list of files, not a rule."""


def propose_exclusion(copy: Instruction, step: EndedFiles) -> str:
    """The lines for .dockerignore; empty where it cannot be told where in the build context the files lie."""
    words = copy.words or find_words(copy.operands)
    source, *others = words
    is_told = len(others) == 1 and others[0].startswith("/") and not any(sign in "".join(words) for sign in "$*?[\"'<")
    if not is_told or any(flag.startswith("--from=") for flag in copy.flags):
        return ""
    source, place = source.strip("/"), normpath(others[0]).strip("/")
    inside = [folder.path for folder in step.folders if f"{folder.path}/".startswith(f"{place}/" if place else "")]
    paths = dict.fromkeys(normpath(f"{source or '.'}/{relpath(path, place or '.')}") for path in inside)
    if not paths or len(paths) > SHOWN or "." in paths:
        return ""
    return f"name in .dockerignore: {', '.join(paths)}"
