"""SYS104 unresolved-require: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.node_entry import MissingImport, NodeEntry
from layerscope.rules.system.unresolved_require import UnresolvedRequire
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF

ENTRY = NodeEntry(
    evidence=Evidence(1, "app/server.js"),
    path="app/server.js",
    layer=1,
    imports=3,
    missing=(MissingImport("express", None, ""), MissingImport("./lib/database", 2, "RUN rm -rf lib")),
)


def test_flags_packages_and_files_that_are_not_there() -> None:
    """Each with what brings it."""
    (finding,) = flags(UnresolvedRequire, PROOF, ENTRY)
    assert finding.message == (
        "The entry script /app/server.js loads what is not in the image: express and "
        "./lib/database (removed by layer 2 (RUN rm -rf lib))"
    )
    steps = finding.fixes[0].steps
    assert "npm ci" in steps[1]
    assert "./lib/database" in steps[2]


def test_ignores_scripts_that_find_everything() -> None:
    """And images that were not read whole."""
    ignores(UnresolvedRequire, PROOF, replace(ENTRY, missing=()))
    ignores(UnresolvedRequire, DAMAGED, ENTRY)
