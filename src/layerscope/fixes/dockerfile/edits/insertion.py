"""Where an instruction that only sets the config is put into the target stage."""

from typing import Final

from layerscope.fixes.dockerfile.edit import Span
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.scripts import join_comments

_LAST: Final = frozenset({"CMD", "ENTRYPOINT"})


def insert_instruction(matched: MatchedDockerfile, text: str) -> Span:
    """A line of its own in front of the stage's first ENTRYPOINT or CMD, so that no layer below is built again.

    Where the stage has none, it is the stage's last line; the file's last instruction may be continued by nothing.
    """
    dockerfile, stage = matched.dockerfile, matched.target.instructions
    start = next((each for each in stage if each.keyword in _LAST), None)
    if start is not None:
        place = dockerfile.find_line(start.line.first)
        return Span(place, place, text + dockerfile.line_end)
    last = stage[-1]
    place, end = dockerfile.find_line(last.end), dockerfile.line_end
    if last.is_continued:
        comments = join_comments(dockerfile, last.stop, place)
        return Span(last.stop, place, f"{end}{comments}{text}{end}")
    has_end = place < len(dockerfile.text) or dockerfile.text.endswith("\n")
    return Span(place, place, text + end if has_end else end + text)
