"""ImageDiff: two audited images compared, and what is left out of the comparison."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from layerscope.audit.result import AuditResult
from layerscope.diff.change import ValueChange
from layerscope.diff.config import iter_config_changes
from layerscope.diff.container_traces import drop_container_traces
from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.diff.digest_cause import DigestAnswer, find_digest_causes
from layerscope.diff.finding_changes import FindingChanges, compare_image_findings
from layerscope.diff.gpus import GpuChange, iter_gpu_changes
from layerscope.diff.history import StepChange, iter_step_changes
from layerscope.diff.layers import LayerPair, count_shared, pair_layers
from layerscope.diff.linking import LinkChange, iter_link_changes
from layerscope.diff.noise import Noise, drop_file_noise, drop_value_noise, find_file_noise
from layerscope.diff.packages import PackageChange, iter_package_changes, list_packages
from layerscope.diff.risk import Grounds, Risk
from layerscope.diff.risks import list_risks
from layerscope.diff.sizes import SizeChange, sum_growth
from layerscope.diff.traits import iter_trait_changes, list_traits
from layerscope.diff.trees import FileChange, iter_file_changes
from layerscope.filesystem.globs import Glob
from layerscope.filesystem.merge import merge_pair
from layerscope.filesystem.path_match import PathMatch, match_trees
from layerscope.filesystem.tree import MergedTree
from layerscope.image.history import BuildStep
from layerscope.rules.finding import Finding

PARTS: Final = ("config", "history", "layers", "files", "packages", "traits", "gpus", "findings")
"""What can be compared alone."""

WASTE_CODES: Final = "LAY1"
"""How the codes of findings begin that are about bytes which a better build would not ship."""

_WITHOUT_CONTENTS: Final = {"layers", "_trees", "_all_files", "_all_config"}
"""What is worked out once, whatever differs inside of files."""

Parts = frozenset[str]


@dataclass(frozen=True)
class Scope:
    """What counts as a difference: the parts that are asked for, without these classes of noise and these paths."""

    parts: Parts = frozenset(PARTS)
    ignored: frozenset[Noise] = frozenset()
    ignored_paths: tuple[Glob, ...] = ()
    only_paths: tuple[Glob, ...] = ()

    def counts(self, path: str) -> bool:
        """Whether a path is looked at."""
        if any(glob.matches(path) for glob in self.ignored_paths):
            return False
        return not self.only_paths or any(glob.matches(path) for glob in self.only_paths)


@dataclass(frozen=True)
class ImageDiff:
    """Two audits, and in what the second differs from the first as far as `scope` goes; made when asked for."""

    before: AuditResult
    after: AuditResult
    scope: Scope = field(default_factory=Scope)
    contents: Mapping[str, ContentDiff] = field(default_factory=dict)
    """What differs inside of files, by their paths, where that was asked for."""

    def look_into(self, contents: Mapping[str, ContentDiff]) -> "ImageDiff":
        """The same comparison with what differs inside of files; all paths are not compared once more for that."""
        other = replace(self, contents=contents)
        vars(other).update({name: vars(self)[name] for name in _WITHOUT_CONTENTS & vars(self).keys()})
        return other

    @cached_property
    def layers(self) -> tuple[LayerPair, ...]:
        """Every layer of both."""
        return pair_layers(self.before.image.config.rootfs, self.after.image.config.rootfs)

    @cached_property
    def config(self) -> tuple[ValueChange, ...]:
        """The keys of the config that differ."""
        return tuple(drop_value_noise(iter(self._all_config), self.scope.ignored)) if self._compares("config") else ()

    @cached_property
    def history(self) -> tuple[StepChange, ...]:
        """The build steps that differ."""
        if not self._compares("history"):
            return ()
        one, other = (_list_steps(result) for result in (self.before, self.after))
        return tuple(iter_step_changes(one, other, self.scope.ignored))

    @cached_property
    def files(self) -> tuple[FileChange, ...]:
        """The paths that differ."""
        if not self._compares("files"):
            return ()
        counted = (change for change in self._all_files if self.scope.counts(change.path))
        quiet = {path for path, content in self.contents.items() if content.is_noise}
        return tuple(drop_file_noise(counted, self.scope.ignored, quiet=quiet))

    @cached_property
    def linking(self) -> tuple[LinkChange, ...]:
        """The executables and libraries among them that link otherwise."""
        return tuple(iter_link_changes(self.files, self.before.find_object, self.after.find_object))

    @cached_property
    def left_out(self) -> dict[Noise, int]:
        """How many paths are left out as noise, by its class."""
        counts: dict[Noise, int] = {}
        kept = {change.path for change in self.files}
        for change in self._all_files if self._compares("files") else ():
            if change.path not in kept and self.scope.counts(change.path):
                noise = find_file_noise(change.path)
                noise = noise if noise in self.scope.ignored else Noise.TIMES
                counts[noise] = counts.get(noise, 0) + 1
        return counts

    @cached_property
    def packages(self) -> tuple[PackageChange, ...]:
        """The packages that differ."""
        if not self._compares("packages"):
            return ()
        return tuple(iter_package_changes(list_packages(self.before.facts), list_packages(self.after.facts)))

    @cached_property
    def traits(self) -> tuple[ValueChange, ...]:
        """What characterises the images, where it differs."""
        if not self._compares("traits"):
            return ()
        return tuple(iter_trait_changes(list_traits(self.before.facts), list_traits(self.after.facts)))

    @property
    def same_traits(self) -> tuple[str, ...]:
        """The names of what characterises both images alike."""
        changed = {change.name for change in self.traits}
        return tuple(name for name in list_traits(self.after.facts) if name not in changed)

    @cached_property
    def gpus(self) -> tuple[GpuChange, ...]:
        """The GPUs on which the images fare differently."""
        return tuple(iter_gpu_changes(self.before.facts, self.after.facts)) if self._compares("gpus") else ()

    @cached_property
    def findings(self) -> FindingChanges:
        """What is wrong with the second image alone, with the first alone, and with both."""
        if not self._compares("findings"):
            return FindingChanges()
        found = ([each for each in result.findings if self._tells(each)] for result in (self.before, self.after))
        return compare_image_findings(*found)

    @cached_property
    def sizes(self) -> tuple[SizeChange, ...]:
        """What brought or took the bytes that a container sees."""
        return sum_growth(self.files)

    @cached_property
    def risks(self) -> tuple[Risk, ...]:
        """What to know first."""
        return list_risks(
            Grounds(
                traits=self.traits,
                gpus=self.gpus,
                packages=self.packages,
                config=self.config,
                files=self.files,
                findings=self.findings.new,
                graver=self.findings.graver,
                before=self.before.facts,
                after=self.after.facts,
                compares_files=self._compares("files"),
                linking=self.linking,
            )
        )

    @cached_property
    def digest_causes(self) -> tuple[DigestAnswer, ...]:
        """Why the digest is another one; noise counts. None of a container, which has no digest."""
        if self._has_container:
            return ()
        indexes = (self.before.indexes, self.after.indexes)
        return find_digest_causes(
            self.before.image, self.after.image, indexes=indexes, config=self._all_config, files=self._all_files
        )

    @property
    def is_same(self) -> bool:
        """Whether nothing that counts differs."""
        parts: tuple[Collection[object], ...] = (
            self.config, self.history, self.files, self.packages, self.traits, self.gpus, self.findings.new,
            self.findings.fixed, self.findings.lesser,
        )  # fmt: skip
        return not any(parts) and not (self._layers_count and self._has_other_layers)

    @property
    def is_whole(self) -> bool:
        """Whether both images could be read to their ends, so that nothing is told as gone which was only not read."""
        return all(result.is_whole and result.is_intact for result in (self.before, self.after))

    @cached_property
    def matches_paths(self) -> bool:
        """Whether paths that are to be compared alone are in either image."""
        wanted = self.scope.only_paths
        return not wanted or any(self.path_matches[glob] is not PathMatch.NOTHING for glob in wanted)

    @cached_property
    def path_matches(self) -> dict[Glob, PathMatch]:
        """What each glob matches in either image."""
        globs = (*self.scope.only_paths, *self.scope.ignored_paths)
        return {glob: match_trees(glob, self._trees) for glob in globs}

    @cached_property
    def has_all_files(self) -> bool:
        """Whether every file that differs is among those that are told, none left out as noise or by its path."""
        scope = self.scope
        return self._compares("files") and not (self.left_out or scope.ignored_paths or scope.only_paths)

    @cached_property
    def growth(self) -> int:
        """Bytes that a container sees more of in what is compared: in the whole of it where no file is left out."""
        if self.has_all_files:
            return self.after.weight.visible - self.before.weight.visible
        return sum(change.growth for change in self.files)

    @property
    def _layers_count(self) -> bool:
        """Whether layers that differ are a difference by themselves: asked for alone, or where nothing is left out."""
        scope = self.scope
        if scope.parts == {"layers"}:
            return True
        return self._compares("layers") and not (scope.ignored or scope.ignored_paths or scope.only_paths)

    @property
    def _has_other_layers(self) -> bool:
        """Whether layers came, went or moved, but for what a container wrote, which its files tell."""
        own = len(_list_own_layers(self.before)) + len(_list_own_layers(self.after))
        return count_shared(self.layers) < len(self.layers) - own

    @property
    def _has_container(self) -> bool:
        return any(result.image.container is not None for result in (self.before, self.after))

    def _tells(self, finding: Finding) -> bool:
        """Whether a finding is about what is compared: a container's files are no layer that could be built better."""
        return not (self._has_container and finding.code.startswith(WASTE_CODES))

    @cached_property
    def _all_config(self) -> tuple[ValueChange, ...]:
        return tuple(iter_config_changes(self.before.image.config, self.after.image.config))

    @cached_property
    def _all_files(self) -> tuple[FileChange, ...]:
        changes = iter_file_changes(*self._trees, shared=count_shared(self.layers))
        for result in (self.before, self.after):
            if result.image.container is not None:
                changes = drop_container_traces(changes, result.image.container)
        return tuple(changes)

    @cached_property
    def _trees(self) -> tuple[MergedTree, MergedTree]:
        """What containers see of both."""
        return merge_pair(self.before.indexes, self.after.indexes)

    def _compares(self, part: str) -> bool:
        return part in self.scope.parts


def _list_own_layers(result: AuditResult) -> range:
    """The layers that a container wrote."""
    count = len(result.layers)
    container = result.image.container
    return range(count - container.own_layers if container is not None else count, count)


def _list_steps(result: AuditResult) -> list[BuildStep]:
    """The steps of the build, without what stands for a container's own files."""
    own = _list_own_layers(result)
    return [step for step in result.steps if step.layer not in own]
