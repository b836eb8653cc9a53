"""Findings lie in the lines of a Dockerfile that are to blame."""

import pytest

from layerscope.report.instruction_lines import InstructionLines, LineRange
from layerscope.rules.finding import Finding
from support.dockerfiles import match
from support.results import make_finding

DOCKERFILE = """FROM debian:12 AS base
RUN apt-get update && \\
    apt-get install -y git

FROM base
COPY . /app
ENV API_TOKEN=x LD_LIBRARY_PATH=/opt/lib
LABEL team=ml
USER app
"""
STEPS = (
    "RUN /bin/sh -c bootstrap # buildkit",
    "RUN /bin/sh -c apt-get update &&     apt-get install -y git # buildkit",
    "COPY . /app # buildkit",
    "ENV API_TOKEN=x LD_LIBRARY_PATH=/opt/lib",
    "LABEL team=ml",
    "USER app",
)


def find(finding: Finding) -> LineRange | None:
    """The lines of a finding."""
    return InstructionLines("Dockerfile", match(DOCKERFILE, *STEPS)).find_lines(finding)


@pytest.mark.parametrize(
    ("finding", "first", "last"),
    [
        (make_finding("LAY104", (1, "var/lib/apt/lists")), 2, 3),
        (make_finding("CONF011", (2, "app/.netrc")), 6, 6),
        (make_finding("LAY204", (0, "etc/link")), 1, 1),
        (make_finding("LAY103", (0, None), (2, "app")), 6, 6),
        (make_finding("CONF002", message="The environment variable API_TOKEN holds a token"), 7, 7),
        (make_finding("ELF006", message="LD_LIBRARY_PATH names /opt/lib, which is not there"), 7, 7),
        (make_finding("CONF002", message="The label team holds a token"), 8, 8),
        (make_finding("CONF008", rule="unknown-user", message="There is no user app"), 9, 9),
        (make_finding("CONF009", rule="missing-health-check", message="There is none"), 5, 5),
    ],
)
def test_a_finding_lies_at_what_made_it(finding: Finding, first: int, last: int) -> None:
    """A layer at its instruction, the base's at the first FROM, a setting where it is made, the rest at the stage."""
    lines = find(finding)
    assert lines is not None
    assert (lines.first, lines.last) == (first, last)


def test_the_columns_end_where_the_last_line_ends() -> None:
    """So that all of an instruction is marked."""
    assert find(make_finding("LAY104", (1, None))) == LineRange(2, 3, len("    apt-get install -y git") + 1)


def test_a_layer_that_no_line_made_has_none() -> None:
    """Above the lowest instruction, the base image is not to blame."""
    matched = match("FROM a\nRUN one\nRUN three\n", "RUN one", "RUN two", "RUN three")
    assert InstructionLines("Dockerfile", matched).find_lines(make_finding("LAY104", (1, "x"))) is None
