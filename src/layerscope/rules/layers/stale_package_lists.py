"""LAY202: packages were installed with package lists that were fetched long before."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.system.apt import PackageInstallation, PackageLists
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import begin, quote_instruction, tell_count, tell_layer

STALE: Final = timedelta(days=7)
"""Security archives change daily; after a week some listed version is usually gone from them."""


class StalePackageLists(Rule):
    """Packages were installed with package lists that were fetched long before.

    What it checks: Layers that install Debian packages without touching apt's lists, above a layer that brought
        lists a week or more before.
    Why it matters: `apt-get update` in a step of its own is cached and not run again. The next installation then
        takes versions from an old list: without security updates, or "404 Not Found" once the archive has dropped
        them.
    Example: The first line came from the cache of March, the second ran in June:

            RUN apt-get update
            RUN apt-get install -y libgomp1

    Remedy: Fetch and install in one step:

            RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*

    Fix safety: Review: the newer lists bring newer versions.
    Blind spots: Confidence is low. Times are those of files, which reproducible builds set to one value. Lists that
        were fetched and deleted within the installing step are recognised by the folder's own entry only. Other
        package managers are not looked at.
    References: Dockerfile best practices, "apt-get"; hadolint DL3009.
    """

    code: ClassVar[str] = "LAY202"
    covers: ClassVar[tuple[int, ...]] = (57,)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (PackageLists, PackageInstallation)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.REBUILD,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding an installation."""
        for installation in facts.of(PackageInstallation):
            below = [lists for lists in facts.of(PackageLists) if lists.layer < installation.layer]
            if installation.touches_lists or installation.installed is None or not below:
                continue
            lists = below[-1]
            if lists.fetched is None or installation.installed - lists.fetched < STALE:
                continue
            age = (installation.installed - lists.fetched).days
            message = (
                f"{begin(tell_layer(installation.layer, installation.instruction))} installed "
                f"{tell_count(installation.packages, 'package')} on {installation.installed:%Y-%m-%d} with lists "
                f"that {tell_layer(lists.layer, lists.instruction)} had fetched {tell_count(age, 'day')} before"
            )
            evidence = (Evidence(layer=installation.layer), lists.evidence)
            yield self.finding(message, *evidence, fixes=(_suggest(installation),))


def _suggest(installation: PackageInstallation) -> Fix:
    """Update where packages are installed."""
    step = quote_instruction(installation.instruction.removeprefix("RUN ").strip()) or "apt-get install -y …"
    return Fix(
        "Fetch package lists in the step that installs",
        (
            f"RUN apt-get update && {step} && rm -rf /var/lib/apt/lists/*",
            "Rebuild once without the cached lists: docker build --no-cache-filter STAGE -t IMAGE .",
        ),
    )
