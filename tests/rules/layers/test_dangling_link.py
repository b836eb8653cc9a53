"""LAY204 dangling-link: what it flags and what it lets pass."""

import pytest

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.links import DanglingLink as Link
from layerscope.facts.layers.links import DanglingLinks
from layerscope.rules.layers.dangling_link import DanglingLink
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED


def links(kind: str, instruction: str, *, removed_by: int | None = None) -> DanglingLinks:
    """One link of layer 2."""
    link = Link("opt/venv/bin/python", "/usr/local/bin/python3.12", removed_by)
    return DanglingLinks(Evidence(2, link.path), 2, instruction, kind, 1, (link,))


def test_flags_a_virtual_environment_without_its_python() -> None:
    """A link that a copy brought and a program follows is the worst case."""
    (finding,) = flags(DanglingLink, links("program", "COPY /opt/venv /opt/venv"))
    assert finding.message == (
        "1 program link of layer 2 (COPY /opt/venv /opt/venv) leads to nothing: /opt/venv/bin/python points to "
        "/usr/local/bin/python3.12, which no layer ever had"
    )
    assert finding.severity is Severity.HIGH


def test_names_the_layer_that_removed_the_target() -> None:
    """Then the fix is to keep it."""
    (finding,) = flags(DanglingLink, links("library", "RUN make install", removed_by=5))
    assert finding.message.endswith("which layer 5 removed")
    assert finding.severity is Severity.MEDIUM
    assert finding.fixes[0].title == "Keep /usr/local/bin/python3.12, or remove the link with it"


def test_other_links_are_a_minor_matter() -> None:
    """Nothing may ever follow them."""
    (finding,) = flags(DanglingLink, links("other", "COPY . /app"))
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize("kind", ["documentation", "boot", "alternative"])
def test_ignores_what_distributions_leave_behind(kind: str) -> None:
    """Stripped images are full of links to stripped pages."""
    ignores(DanglingLink, links(kind, "ADD rootfs.tar /"))


def test_ignores_links_where_a_layer_could_not_be_read() -> None:
    """The target may lie in it."""
    ignores(DanglingLink, DAMAGED, links("program", "COPY /opt/venv /opt/venv"))


def test_a_loop_is_told_as_one() -> None:
    """Its target is there: it is the link itself."""
    link = Link("opt/loop", "loop", None, is_loop=True)
    (finding,) = flags(DanglingLink, DanglingLinks(Evidence(2, link.path), 2, "COPY . /", "other", 1, (link,)))
    assert finding.message.endswith("which leads back to it or through more links than the kernel follows")
