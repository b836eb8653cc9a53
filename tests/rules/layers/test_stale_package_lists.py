"""LAY202 stale-package-lists: what it flags and what it lets pass."""

from datetime import UTC, datetime

from layerscope.facts.fact import Evidence
from layerscope.facts.system.apt import PackageInstallation, PackageLists
from layerscope.rules.layers.stale_package_lists import StalePackageLists
from layerscope.rules.severity import Confidence
from support.cases import flags, ignores


def lists(layer: int, day: int) -> PackageLists:
    """Lists fetched in March 2026."""
    fetched = datetime(2026, 3, day, tzinfo=UTC)
    return PackageLists(Evidence(layer, "var/lib/apt/lists"), layer, 4, None, fetched, "RUN apt-get update")


def installation(layer: int, day: int, *, touches_lists: bool = False) -> PackageInstallation:
    """Two packages installed in March 2026."""
    installed = datetime(2026, 3, day, tzinfo=UTC)
    return PackageInstallation(
        Evidence(layer, "var/lib/dpkg/info"), layer, 2, installed, touches_lists, "RUN apt-get install -y git"
    )


def test_flags_an_installation_from_old_lists() -> None:
    """The message says how old they were, and the fix joins both steps."""
    (finding,) = flags(StalePackageLists, lists(1, 1), installation(2, 21))
    assert finding.message == (
        "Layer 2 (RUN apt-get install -y git) installed 2 packages on 2026-03-21 with lists that "
        "layer 1 (RUN apt-get update) had fetched 20 days before"
    )
    assert finding.confidence is Confidence.LOW
    assert finding.fixes[0].steps[0] == ("RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*")


def test_ignores_lists_of_the_same_week() -> None:
    """Two steps of one build."""
    ignores(StalePackageLists, lists(1, 1), installation(2, 3))


def test_ignores_an_installation_that_fetched_its_own_lists() -> None:
    """Its layer touches the folder, even where it deleted the lists again."""
    ignores(StalePackageLists, lists(1, 1), installation(2, 21, touches_lists=True))


def test_ignores_lists_that_came_later() -> None:
    """Only lists below can have been used."""
    ignores(StalePackageLists, installation(1, 21), lists(2, 1))
