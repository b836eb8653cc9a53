"""Requirements of the installed distributions: which are met, which are missing, which have another version."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import Distribution, find_distributions
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.markers import applies, describe_environment, parse_requirement
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.record_extractor import RecordExtractor

EXTRAS_LIMIT: Final = 2_000
"""Pairs of a distribution and an extra of it that are followed in one environment."""


class Unmet(Struct, frozen=True):
    """One requirement as written, without its marker; `found` is the version that is there, empty where none is."""

    key: str
    text: str
    specifier: str
    """The versions that are asked for: `<2,>=1.26`; empty where any will do."""
    found: str
    extra: str
    """The extra of the requirer that asks for it, because another distribution wants that extra."""
    stand_in: str
    """A distribution that holds the same package under another name, with its version."""
    found_place: Evidence | None = None
    """The dist-info of the version that is there."""
    found_by: str = ""
    """The build step that put it there."""


class Requirements(Fact, frozen=True):
    """The requirements of one distribution that count in its environment: how many are met, and the others."""

    environment: str
    key: str
    name: str
    version: str
    layer: int
    instruction: str
    met: int
    unmet: tuple[Unmet, ...]
    is_compiled: bool = False
    """Whether the distribution holds machine code, as its wheel's tags tell."""
    is_of_system: bool = False
    """Whether the operating system's package manager installed it, which answers for it in its own way."""


class RequirementCollector(Collector):
    """Judges every requirement in every environment, as `pip check` does, extras included."""

    name = "python.requirements"
    extractors = (PythonMetadataExtractor(), RecordExtractor())

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact for each distribution that requires anything."""
        distributions = context.shared(find_distributions)
        for environment in context.shared(find_environments):
            if environment.kind != "orphaned":
                yield from _Judge(context, environment, distributions).judge()


class _Judge:
    """One environment's distributions, by name."""

    def __init__(self, context: FactContext, environment: PythonEnvironment, all_: tuple[Distribution, ...]) -> None:
        """Find out what the environment sees: the first of each name on its module path."""
        self._environment = environment
        self._twins = context.policies.python_twins
        by_site: dict[str, list[Distribution]] = {}
        for distribution in all_:
            by_site.setdefault(distribution.site, []).append(distribution)
        self._own = [item for site in environment.sites for item in by_site.get(site, ()) if item.has_metadata]
        self._seen: dict[str, Distribution] = {}
        for site in (*environment.sites, *environment.borrowed):
            for item in by_site.get(site, ()):
                if item.has_metadata:
                    self._seen.setdefault(item.key, item)
        self._extras: dict[str, list[str]] = {}

    def judge(self) -> Iterator[Requirements]:
        """The facts, in the order of the module path."""
        met: dict[str, int] = {}
        unmet: dict[str, list[Unmet]] = {}
        pending = [(item, "") for item in self._own if self._seen[item.key] is item]
        followed = {(item.key, "") for item, _ in pending}
        for item, extra in pending:  # grows while it is gone through
            for requirement in self._list_requirements(item, extra):
                target = self._seen.get(canonicalize_name(requirement.name))
                if target is not None and _accepts(requirement, target.version):
                    met[item.key] = met.get(item.key, 0) + 1
                else:
                    unmet.setdefault(item.key, []).append(self._describe(requirement, target, extra))
                for wanted in sorted(requirement.extras) if target is not None else ():
                    pair = (target.key, canonicalize_name(wanted)) if target is not None else ("", "")
                    if target is not None and pair not in followed and len(followed) < EXTRAS_LIMIT + len(self._seen):
                        followed.add(pair)
                        pending.append((target, wanted))
        for key in dict.fromkeys(item.key for item, _ in pending):
            if key in met or key in unmet:
                yield self._conclude(self._seen[key], met.get(key, 0), tuple(unmet.get(key, ())))

    def _list_requirements(self, item: Distribution, extra: str) -> Iterator[Requirement]:
        """The requirements of a distribution that count; with an extra, only those that it adds."""
        plain = describe_environment(self._environment)
        with_extra = describe_environment(self._environment, extra)
        for text in item.requires:
            requirement = parse_requirement(text)
            if requirement is None or not applies(requirement.marker, with_extra):
                continue
            if not extra or not applies(requirement.marker, plain):
                yield requirement

    def _describe(self, requirement: Requirement, target: Distribution | None, extra: str) -> Unmet:
        """One that is not met."""
        key = canonicalize_name(requirement.name)
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        twins = () if target is not None else self._twins.find_twins(key)
        stand_in = next((self._seen[twin] for twin in twins if twin in self._seen), None)
        return Unmet(
            key=key,
            text=f"{requirement.name}{extras}{requirement.specifier}",
            specifier=str(requirement.specifier),
            found=target.version if target is not None else "",
            extra=extra,
            stand_in=f"{stand_in.name} {stand_in.version}" if stand_in is not None else "",
            found_place=target.evidence if target is not None else None,
            found_by=target.instruction if target is not None else "",
        )

    def _conclude(self, item: Distribution, met: int, unmet: tuple[Unmet, ...]) -> Requirements:
        """The fact of one distribution."""
        return Requirements(
            evidence=Evidence(layer=item.layer, path=item.evidence.path),
            environment=self._environment.place,
            key=item.key,
            name=item.name,
            version=item.version,
            layer=item.layer,
            instruction=item.instruction,
            met=met,
            unmet=unmet,
            is_compiled=bool(item.tags) and not any(tag.endswith("-any") for tag in item.tags),
            is_of_system=item.is_of_system,
        )


def _accepts(requirement: Requirement, version: str) -> bool:
    """Whether a version is one that is asked for; pre-releases count, and one that is none is not blamed."""
    if requirement.url is not None:
        return True
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
