"""Where an instruction that only sets the config is put into the target stage."""

from typing import Final

from layerscope.fixes.dockerfile.edit import Span
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.scripts import join_comments

_LAST: Final = frozenset({"CMD", "ENTRYPOINT"})
_BUILDS: Final = frozenset({"ADD", "COPY", "RUN"})


def insert_instruction(matched: MatchedDockerfile, text: str) -> Span:
    """A line of its own in front of the first ENTRYPOINT or CMD behind which nothing of the stage is built.

    So no layer is built again, and no step of the build sees it. Where the stage has none such, it is the stage's last
    line; the file's last instruction may be continued by nothing.
    """
    dockerfile, stage = matched.dockerfile, matched.target.instructions
    built = max((each.number for each in stage if each.keyword in _BUILDS), default=0)
    start = next((each for each in stage if each.keyword in _LAST and each.number > built), None)
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
