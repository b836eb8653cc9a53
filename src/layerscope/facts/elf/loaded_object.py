"""LoadedObject: one object in a replayed process, with what each of its needs led to."""

from dataclasses import dataclass, field

from msgspec import Struct

from layerscope.facts.elf.search_step import SearchStep
from layerscope.formats.elf_object import ElfObject


@dataclass(slots=True, eq=False)
class LoadedObject:
    """An object in the order of loading.

    `found` is the path it was opened by, links and all, which `$ORIGIN` is taken from; `path` is the real one. `loader`
    is the object whose need loaded it, and `step` how it was found.
    """

    path: str
    found: str
    elf: ElfObject
    loader: "LoadedObject | None"
    step: SearchStep
    edges: list["Edge"] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """The folder that `$ORIGIN` stands for."""
        return self.found.rpartition("/")[0] or "/"


class Edge(Struct, frozen=True, eq=False):
    """A need and what it led to.

    `target` is None where nothing was found, where the NVIDIA runtime brings the library, and where the file that was
    found cannot be loaded; `path` is that file's real path.
    """

    needed: str
    step: SearchStep
    target: LoadedObject | None = None
    path: str | None = None

    @property
    def is_unmet(self) -> bool:
        """Whether the loader gives up here."""
        return self.target is None and self.step is not SearchStep.INJECTED


def iter_closure(loaded: LoadedObject) -> list[LoadedObject]:
    """An object and all that its needs lead to, breadth first, which is the order in which symbols are looked up."""
    found, known = [loaded], {id(loaded)}
    for item in found:
        for edge in item.edges:
            if edge.target is not None and id(edge.target) not in known:
                known.add(id(edge.target))
                found.append(edge.target)
    return found
