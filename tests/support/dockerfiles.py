"""Dockerfiles beside the histories that builders wrote of them, and facts about their layers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import structs

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.folders import Folder
from layerscope.facts.layers.origins import Maker, Origin
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.dockerfile.matching import MatchedDockerfile, match_dockerfile
from layerscope.fixes.dockerfile.proposal import DockerfileProposal, propose_edits
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.image.config import HistoryEntry, ImageConfig, RuntimeConfig, parse_config
from layerscope.image.history import BuildStep, pair_history
from layerscope.rules.config_edit import ConfigEdit
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, Safety
from layerscope.rules.layer_edit import LayerEdit
from support.results import make_finding

HISTORIES: Final = Path(__file__).parents[2] / "fixtures/histories"
"""Dockerfiles, and what docker 26.1 with and without BuildKit wrote of them."""

SIZE: Final = 500_000_000
_WITHOUT_LAYER: Final = ("ENV", "ARG", "LABEL", "CMD", "ENTRYPOINT", "EXPOSE", "USER", "VOLUME", "SHELL", "HEALTHCHECK")


def make_steps(*created_by: str) -> tuple[BuildStep, ...]:
    """Steps as BuildKit writes them: the config's instructions make no layer."""
    entries = tuple(HistoryEntry(created_by=text, empty_layer=text.startswith(_WITHOUT_LAYER)) for text in created_by)
    config = ImageConfig("amd64", "linux", None, None, None, "", RuntimeConfig(), (), entries)
    return pair_history(config, sum(not entry.empty_layer for entry in entries))


def load_steps(name: str) -> tuple[BuildStep, ...]:
    """The steps of a real image, by its config."""
    config = parse_config((HISTORIES / f"{name}.json").read_bytes(), where=name)
    return pair_history(config, len(config.rootfs))


def load_dockerfile(name: str) -> bytes:
    """The Dockerfile that a history was made of."""
    return (HISTORIES / f"{name}.Dockerfile").read_bytes()


def match(dockerfile: str, *created_by: str, target: str = "", configured: tuple[str, ...] = ()) -> MatchedDockerfile:
    """A Dockerfile beside these steps, and the shell that the image's config names."""
    return match_dockerfile(parse_dockerfile(dockerfile.encode()), make_steps(*created_by), target, configured)


def propose(
    matched: MatchedDockerfile, facts: Sequence[Fact], *findings: Finding, tree: MergedTree | None = None
) -> DockerfileProposal:
    """What is edited for these findings of an image that holds this."""
    return propose_edits(findings, FactSet(facts), matched, tree=tree)


def ended_in(ending: str, layer: int, path: str, *origins: int) -> EndedFiles:
    """Files of some layers that a later one ends."""
    return EndedFiles(
        evidence=Evidence(layer=layer, path=path),
        ending=ending,
        layer=layer,
        instruction="",
        files=2,
        size=SIZE,
        origins=tuple(Origin(origin, 2, SIZE, "", Maker.STEP) for origin in origins),
        folders=tuple(Folder(origin, path, 2, SIZE) for origin in origins),
    )


def cache_in(layer: int, kind: str, path: str) -> PackageCache:
    """A package manager's cache in a layer."""
    return PackageCache(Evidence(layer=layer, path=path), kind, layer, path, 3, SIZE, "")


def found_in(code: str, *layers: int, steps: tuple[str, ...] = ("do it",)) -> Finding:
    """A finding about layers, or about the config where there is none, with a fix of these steps."""
    return make_finding(code, *((layer, None) for layer in layers), wasted=SIZE, fix="change it", steps=steps)


def wants(code: str, *edits: LayerEdit | ConfigEdit) -> Finding:
    """A finding about the config whose fix makes these edits."""
    return structs.replace(make_finding(code), fixes=(Fix("change it", ("do it",), Safety.SAFE, edits=edits),))
