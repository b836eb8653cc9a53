"""PROBE005 failing-import: what it flags and what it lets pass."""

from layerscope.rules.probe.failing_import import FailingImport
from support.cases import flags, ignores
from support.probe_facts import CONFIRMED, broken


def test_flags_failing_import() -> None:
    """The finding in the image's files is named, and lies at the same place."""
    (finding,) = flags(
        FailingImport,
        broken(
            "imports",
            kind="import-error",
            title="stage imports fails",
            reason="torch: ImportError: libx.so",
            confirmed=(CONFIRMED,),
            consequences=(),
        ),
    )
    assert (
        finding.message == "Stage imports fails: torch: ImportError: libx.so; the probe confirms ELF001 missing-library"
    )
    assert [(place.layer, place.path) for place in finding.locations] == [(2, "opt/app/lib.so")]
    assert finding.fixes


def test_ignores_its_neighbour() -> None:
    """A stage that fails after the imports is another rule's."""
    ignores(FailingImport, broken("weights"))
