"""PROBE042 needed-privilege: what it flags and what it lets pass."""

from layerscope.facts.probe import needed_privilege
from layerscope.rules.probe.needed_privilege import NeededPrivilege
from support.cases import flags, ignores
from support.probe_facts import WHOLE, broken


def test_flags_a_stage_that_needs_more_rights() -> None:
    """With what it needs, and why."""
    fact = needed_privilege.NeededPrivilege(WHOLE, "imports", ("a writable root", "root"), "it writes to /opt/cache")
    (finding,) = flags(NeededPrivilege, fact)
    assert finding.message == (
        "Stage imports breaks in a locked-down container and not with a writable root and root: it writes to /opt/cache"
    )


def test_ignores_a_stage_that_breaks_with_all_rights() -> None:
    """It is broken for another reason."""
    ignores(NeededPrivilege, broken())
