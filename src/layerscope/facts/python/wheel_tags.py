"""Distributions whose wheels were made for another Python, machine or C library than their environment has."""

import re
from collections.abc import Iterator
from typing import Final

from packaging.tags import compatible_tags, cpython_tags

from layerscope.facts.collector import Collector
from layerscope.facts.context import FactContext
from layerscope.facts.fact import Fact
from layerscope.facts.gap import Gap
from layerscope.facts.python.distributions import Distribution, find_distributions
from layerscope.facts.python.environments import PythonEnvironment, find_environments
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.sites import DEBIAN_SITE

_PLATFORM: Final = re.compile(r"(linux|manylinux|musllinux)(?:1|2010|2014|_\d{1,3}_\d{1,3})?_(\w+)")
"""https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/"""

_FLAGGED_UNTIL: Final = (3, 7)
"""The last version whose ABI tag bears an `m`."""


class UnsuitableWheel(Fact, frozen=True):
    """A distribution none of whose tags its environment accepts.

    `reason` is what the best of them fails by: `version`, `implementation` or `threading` of the Python, `platform`
    (machine or operating system), or `libc`.
    """

    environment: str
    site: str
    name: str
    version: str
    tag: str
    reason: str
    layer: int
    instruction: str


class WheelTagCollector(Collector):
    """Judges the tags of every distribution that has some."""

    name = "python.wheel-tags"
    extractors = (PythonMetadataExtractor(),)

    def collect(self, context: FactContext) -> Iterator[Fact | Gap]:
        """Yield one fact an unsuitable distribution; Debian's own serve all of its Pythons and are left out."""
        environments = {each.place: each for each in context.shared(find_environments) if each.kind != "orphaned"}
        pairs = {place: list_pairs(each) for place, each in environments.items()}
        for item in context.shared(find_distributions):
            environment = environments.get(item.environment)
            if environment is not None and item.site != DEBIAN_SITE and item.tags:
                reason = _judge(environment, pairs[environment.place], item)
                if reason:
                    yield UnsuitableWheel(
                        evidence=item.evidence,
                        environment=environment.place,
                        site=item.site,
                        name=item.name,
                        version=item.version,
                        tag=item.tags[0],
                        reason=reason,
                        layer=item.layer,
                        instruction=item.instruction,
                    )


def list_pairs(environment: PythonEnvironment, *, free_threaded: bool | None = None) -> frozenset[tuple[str, str]]:
    """The pairs of Python and ABI tag that an environment accepts."""
    major, minor = (int(part) for part in environment.series.split("."))
    version, name = (major, minor), f"{major}{minor}"
    threaded = environment.is_free_threaded if free_threaded is None else free_threaded
    if environment.implementation == "pypy":
        tags = list(compatible_tags(version, interpreter=f"pp{name}", platforms=["any"]))
        return frozenset({(tag.interpreter, tag.abi) for tag in tags} | {(f"pp{name}", f"pypy{name}_pp73")})
    flags = "m" if version <= _FLAGGED_UNTIL else "t" if threaded else ""
    tags = list(cpython_tags(version, abis=[f"cp{name}{flags}"], platforms=["any"]))
    tags += compatible_tags(version, interpreter=f"cp{name}", platforms=["any"])
    return frozenset((tag.interpreter, tag.abi) for tag in tags)


def _judge(environment: PythonEnvironment, pairs: frozenset[tuple[str, str]], item: Distribution) -> str:
    """Why no tag of a distribution is accepted; empty where one is."""
    split = [tag.split("-") for tag in item.tags if tag.count("-") == 2]  # noqa: PLR2004 - Python, ABI, platform
    fitting = [platform for python, abi, platform in split if (python, abi) in pairs]
    if fitting or not split:
        reasons = [_judge_platform(environment, platform) for platform in fitting]
        return "" if not reasons or "" in reasons else "libc" if "libc" in reasons else "platform"
    others = list_pairs(environment, free_threaded=not environment.is_free_threaded)
    if any((python, abi) in others for python, abi, _ in split):
        return "threading"
    ours = "pp" if environment.implementation == "pypy" else "cp"
    return "version" if any(python.startswith((ours, "py")) for python, _, _ in split) else "implementation"


def _judge_platform(environment: PythonEnvironment, platform: str) -> str:
    """What a platform tag asks for that the environment is not; the C library's version is left to its symbols."""
    if platform == "any":
        return ""
    found = _PLATFORM.fullmatch(platform)
    if found is None or (found[2] != environment.machine and environment.machine != "i686"):
        return "platform"
    wanted = {"manylinux": "glibc", "musllinux": "musl"}.get(found[1], "")
    return "libc" if wanted and environment.libc and wanted != environment.libc else ""
