"""A plan from end to end: the same from every layout, and from standard input."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.images import FORMATS

Run = Callable[..., Any]
ImageWriter = Callable[[str, str], Path]


def test_every_layout_gives_the_same_plan(ask: Run, fixture_image: ImageWriter) -> None:
    """What is to be done does not depend on where the image lies."""
    answers = [ask("fix", fixture_image("wasteful-build", layout), "-o", "json") for layout in FORMATS]
    assert {answer.code for answer in answers} == {1}
    assert len({json.dumps(json.loads(answer.out)["plan"]) for answer in answers}) == 1


def test_an_archive_that_passes_by_once_is_planned_for(ask: Run, fixture_image: ImageWriter) -> None:
    """In Markdown, named as what it is."""
    with fixture_image("demo", "oci-archive").open("rb") as archive:
        answer = ask("fix", "-", "-o", "markdown", stdin=archive)
    assert answer.code == 1
    assert answer.out.startswith("# Fixes for `standard input")
    assert "```dockerfile\nRUN apt-get update && apt-get install -y python3 curl && rm -rf" in answer.out
