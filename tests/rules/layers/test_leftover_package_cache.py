"""LAY104 leftover-package-cache: what it flags and what it lets pass."""

import pytest
from msgspec import structs

from layerscope.facts.fact import Evidence
from layerscope.facts.layers.package_caches import KINDS, PackageCache
from layerscope.rules.fix import Safety
from layerscope.rules.layers.leftover_package_cache import LeftoverPackageCache
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.sample_facts import MB, ended, weight


def cache(kind: str, layer: int, path: str, size: int) -> PackageCache:
    """One cache of one layer."""
    return PackageCache(Evidence(layer, path), kind, layer, path, 3, size, f"RUN install-{layer}")


def test_flags_package_lists_and_names_the_step_that_left_them() -> None:
    """The fix is the line that belongs at the step's end."""
    (finding,) = flags(LeftoverPackageCache, cache("apt-lists", 1, "var/lib/apt/lists", 40 * MB), weight(1000 * MB))
    assert finding.message == (
        "Layer 1 (RUN install-1) left apt's package lists in /var/lib/apt/lists: 3 files, 40.0 MB"
    )
    assert finding.fixes[0].steps[0] == "In `RUN install-1`: && rm -rf /var/lib/apt/lists/*"
    assert finding.fixes[0].safety is Safety.SAFE
    assert finding.severity is Severity.LOW


def test_tells_all_caches_of_one_package_manager_together() -> None:
    """The largest comes first, and their bytes are added up."""
    caches = (cache("pip", 2, "root/.cache/pip", 3 * MB), cache("pip", 5, "home/app/.cache/pip", 900 * MB))
    (finding,) = flags(LeftoverPackageCache, *caches, weight(1000 * MB))
    assert [(place.layer, place.path) for place in finding.locations] == [
        (5, "home/app/.cache/pip"),
        (2, "root/.cache/pip"),
    ]
    assert finding.wasted == 903 * MB


@pytest.mark.parametrize("kind", KINDS)
def test_has_a_cure_for_every_kind_of_cache(kind: str) -> None:
    """Each package manager has its own words."""
    (finding,) = flags(LeftoverPackageCache, cache(kind, 1, "cache", 2 * MB))
    assert len(finding.fixes[0].steps) == 2


def test_a_cache_that_the_container_may_read_is_somebodys_to_judge() -> None:
    """Neither fix is made unread, and the message says what reads it."""
    found = structs.replace(cache("yarn", 1, "root/.yarn/berry/cache", 40 * MB), reader="/app/.pnp.cjs")
    (finding,) = flags(LeftoverPackageCache, found, weight(1000 * MB))
    assert finding.message.endswith("40.0 MB; /app/.pnp.cjs may need what is in it")
    assert [fix.safety for fix in finding.fixes] == [Safety.REVIEW, Safety.REVIEW]
    assert finding.confidence is Confidence.LOW


def test_suggests_the_cleanup_of_the_program_that_the_step_calls() -> None:
    """UBI minimal has no dnf."""
    found = structs.replace(cache("dnf", 1, "var/cache/yum", 40 * MB), instruction="RUN microdnf install -y x")
    (finding,) = flags(LeftoverPackageCache, found, weight(1000 * MB))
    assert finding.fixes[0].steps[0] == (
        "In `RUN microdnf install -y x`: && microdnf clean all && rm -rf /var/cache/dnf /var/cache/yum"
    )


def test_ignores_an_image_without_caches() -> None:
    """A cache that a later step deletes is LAY101's."""
    ignores(LeftoverPackageCache, ended("removed", 40 * MB), weight(1000 * MB))
