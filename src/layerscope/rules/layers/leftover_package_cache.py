"""LAY104: a package manager's cache was left in the image."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.folders import Folder
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.finding import Finding
from layerscope.rules.fix import FixPlace
from layerscope.rules.layer_fixes import drop_caches
from layerscope.rules.package_cache_cures import suggest_cure, tell_reader
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.waste import judge_waste
from layerscope.rules.wording import begin, locate_folders, tell_count, tell_layer, tell_list, tell_path, tell_size

NAMES = {
    "apt-lists": "apt's package lists",
    "apt-archives": "apt's package cache",
    "apk": "apk's cache",
    "dnf": "dnf's cache",
    "pip": "pip's cache",
    "uv": "uv's cache",
    "poetry": "Poetry's cache",
    "conda": "conda's package folder",
    "npm": "npm's cache",
    "yarn": "Yarn's cache",
    "pnpm": "pnpm's store",
    "cargo": "Cargo's registry",
    "go": "Go's module and build cache",
    "gradle": "Gradle's cache",
    "ccache": "a compiler cache",
}


class LeftoverPackageCache(Rule):
    r"""A package manager's cache was left in the image.

    What it checks: Visible files where apt, apk, dnf, pip, uv, Poetry, conda, npm, Yarn, pnpm, Cargo, Go, Gradle
        and ccache keep downloads, package lists and build results, added up for each of them.
    Why it matters: Nothing reads them in a container, and everyone pulls them. pip's cache of a CUDA build of torch
        is 2.5 GB. Old package lists also make a later `apt-get install` ask for versions that are gone.
    Example: Two caches in one step:

            RUN apt-get update && apt-get install -y curl && pip install torch

    Remedy: Clean up in the same step, or keep the cache outside of the image with a cache mount:

            RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/* \
             && pip install --no-cache-dir torch

    Fix safety: Safe for system packages, pip, uv, conda and npm: a cache is made again when it is needed. Review
        for compiled languages, where an image may build at start, and wherever the container is seen to read the
        cache: it starts uvx, `uv run` (but with --no-sync, which takes a program from the environment as it is) or npx,
        has a loader of Yarn's Plug'n'Play (.pnp.cjs), or a command, a variable, a script's first line or a link leads
        there; or what it starts, an entry script or a program of Python among that, names the cache's folder, installs
        with apt or apk without fetching an index before, or has a package manager do without the network. `layerscope
        fix --apply --layers` leaves the safe ones out of the layers themselves.
    Blind spots: Caches at places set by environment or configuration are not found. What a container starts is read as
        far as its scripts have names or places of those that images start, and are no longer than 16 KB. Files that a
        later step deletes are LAY101's. Files of conda's package folder that environments share by hard link are not
        counted: deleting them frees nothing. Model caches (Hugging Face, torch hub) are no package caches.
    References: Dockerfile best practices, "apt-get"; hadolint DL3009, DL3019, DL3032, DL3042, DL3060; Dockerfile
        reference, "RUN --mount=type=cache".
    """

    code: ClassVar[str] = "LAY104"
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (PackageCache, ImageWeight)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a package manager."""
        kinds: dict[str, list[PackageCache]] = {}
        for cache in facts.of(PackageCache):
            kinds.setdefault(cache.kind, []).append(cache)
        for kind, caches in sorted(kinds.items()):
            caches.sort(key=lambda cache: (-cache.size, cache.layer, cache.path))
            size, files = sum(cache.size for cache in caches), sum(cache.files for cache in caches)
            makers = dict.fromkeys(tell_layer(cache.layer, cache.instruction) for cache in caches)
            paths = dict.fromkeys(tell_path(cache.path) for cache in caches)
            reader = next((cache.reader for cache in caches if cache.reader), "")
            message = (
                f"{begin(tell_list(makers, shown=2))} left {NAMES[kind]} in {tell_list(paths)}: "
                f"{tell_count(files, 'file')}, {tell_size(size)}{tell_reader(reader)}"
            )
            cure = suggest_cure(kind, caches[0].instruction, reader)
            yield self.finding(
                message,
                *locate_folders(Folder(cache.layer, cache.path, cache.files, cache.size) for cache in caches),
                severity=judge_waste(size, facts),
                confidence=Confidence.LOW if reader else None,
                fixes=(cure, drop_caches(caches, cure.safety)),
                wasted=size,
            )
