"""What a path of the merged tree says to the finders of frameworks."""

from dataclasses import dataclass

from layerscope.facts.context import FactContext
from layerscope.facts.cuda.framework import Distribution
from layerscope.facts.cuda.sites import Installed, Site
from layerscope.facts.cuda.text_extractor import CudaTextExtractor
from layerscope.facts.fact import Evidence


@dataclass(frozen=True)
class Seen:
    """A path with its layer, and the instruction that made it."""

    evidence: Evidence
    instruction: str


def see(context: FactContext, *paths: str) -> Seen:
    """The first of these paths that exists."""
    for path in paths:
        node = context.tree.resolve(path)
        if node is not None:
            return Seen(Evidence(node.layer, path), context.instruction(node.layer))
    return Seen(Evidence(None, paths[0]), "")


def read_values(context: FactContext, path: str) -> dict[str, str]:
    """What the extractor kept of a text; empty where it kept nothing."""
    values = context.find_extract(CudaTextExtractor.name, path)
    return {str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else {}


def list_names(context: FactContext, folder: str, *beginnings: str) -> tuple[str, ...]:
    """The names in a directory that begin so, links followed, sorted."""
    node = context.tree.resolve(folder)
    if node is None:
        return ()
    names = (path.rpartition("/")[2] for path in context.tree.children(node.path))
    return tuple(name for name in names if name.startswith(beginnings))


def tell_distributions(site: Site, *names: str) -> tuple[Distribution, ...]:
    """Those of these distributions that a site has."""
    return tuple(Distribution(each.name, each.version) for each in site.distributions if each.name in names)


def tell(installed: Installed) -> tuple[Distribution, ...]:
    """One distribution."""
    return (Distribution(installed.name, installed.version),)
