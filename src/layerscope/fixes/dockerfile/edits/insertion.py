"""Where an instruction that only sets the config is put into the target stage."""

from typing import Final

from layerscope.fixes.dockerfile.edit import Span
from layerscope.fixes.dockerfile.matching import MatchedDockerfile

_LAST: Final = frozenset({"CMD", "ENTRYPOINT"})


def insert_instruction(matched: MatchedDockerfile, text: str) -> Span:
    """A line of its own in front of the stage's first ENTRYPOINT or CMD, so that no layer below is built again.

    Where the stage has none, it is the stage's last line.
    """
    dockerfile, stage = matched.dockerfile, matched.target.instructions
    start = next((each for each in stage if each.keyword in _LAST), None)
    if start is not None:
        place = dockerfile.find_line(start.line.first)
        return Span(place, place, text + dockerfile.line_end)
    place = dockerfile.find_line(stage[-1].end)
    has_end = place < len(dockerfile.text) or dockerfile.text.endswith("\n")
    return Span(place, place, text + dockerfile.line_end if has_end else dockerfile.line_end + text)
