"""SYS101 unmet-npm-dependency: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.node import NpmConflict
from layerscope.rules.severity import Severity
from layerscope.rules.system.unmet_npm_dependency import UnmetNpmDependency
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROOF

INVALID = NpmConflict(
    evidence=Evidence(2, "app/node_modules/b/package.json"),
    kind="invalid",
    by="b",
    by_version="3.0.0",
    folder="app/node_modules/b",
    layer=2,
    name="c",
    required="~1.1.0",
    found="1.2.0",
    found_folder="app/node_modules/c",
    is_application=False,
)
MISSING = replace(
    INVALID, kind="missing", by="demo", by_version="1.0.0", name="a", required="^2", found="", is_application=True
)


def test_flags_who_requires_what_and_what_is_found() -> None:
    """The application's own requirements come first; what is found in another version can be pinned."""
    (finding,) = flags(UnmetNpmDependency, PROOF, INVALID, MISSING)
    assert finding.message == (
        "2 requirements of npm packages are not met: demo 1.0.0 requires a ^2, found nothing; "
        "b 3.0.0 requires c ~1.1.0, found 1.2.0 in /app/node_modules/c"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.fixes[0].steps[-1] == 'If it comes back, pin in package.json: "overrides": {"c": "~1.1.0"}'


def test_tells_peers_and_the_lock_file_apart() -> None:
    """Peers weigh less: who installs decides about them."""
    locked, peers = flags(
        UnmetNpmDependency,
        PROOF,
        replace(INVALID, kind="peer-invalid"),
        replace(INVALID, kind="unlocked", required="1.1.9"),
    )
    assert locked.message == (
        "1 npm package is not what the lock file says: c 1.1.9 is locked, found 1.2.0 in /app/node_modules/c"
    )
    assert (locked.severity, peers.severity) == (Severity.MEDIUM, Severity.LOW)


def test_names_the_first_of_many() -> None:
    """The rest is counted."""
    (finding,) = flags(UnmetNpmDependency, PROOF, *(replace(INVALID, name=f"c{number}") for number in range(9)))
    assert finding.message.startswith("9 requirements")
    assert finding.message.endswith("; and 4 more")


def test_ignores_an_image_that_was_not_read_whole() -> None:
    """What is missing may lie in the layer that could not be read; and where all is met, nothing is told."""
    ignores(UnmetNpmDependency, DAMAGED, MISSING)
    ignores(UnmetNpmDependency, PROOF)
