"""PROBE042 needed-privilege: what it flags and what it lets pass."""

from layerscope.facts.probe import needed_privilege
from layerscope.rules.probe.needed_privilege import NeededPrivilege
from support.cases import flags, ignores
from support.probe_facts import WHOLE, broken


def test_flags_a_stage_that_needs_more_rights() -> None:
    """With what it needs, what it said without, and how to allow it if that has to be."""
    fact = needed_privilege.NeededPrivilege(
        WHOLE,
        "imports",
        ("to run as root", "a HOME that can be written to"),
        ("--user 0", "--env HOME=/tmp"),
        "OSError",
    )
    (finding,) = flags(NeededPrivilege, fact)
    assert finding.message == (
        "Stage imports breaks in a locked-down container and passes with an engine's default rights: the image needs "
        "to run as root and a HOME that can be written to; without it: OSError"
    )
    assert finding.fixes[1].title == "Run it with what it needs: --user 0, --env HOME=/tmp"


def test_tells_a_python_that_does_not_start() -> None:
    """No stage is left then."""
    (finding,) = flags(NeededPrivilege, needed_privilege.NeededPrivilege(WHOLE, "", ("to run as root",)))
    assert finding.message.startswith("The image's Python breaks")


def test_ignores_a_stage_that_breaks_with_all_rights() -> None:
    """It is broken for another reason."""
    ignores(NeededPrivilege, broken())
