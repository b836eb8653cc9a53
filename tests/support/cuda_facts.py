"""Facts about CUDA for rules, where a tree would say no more."""

from layerscope.facts.cuda.compilers import BuildTools
from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.fact import Evidence

NO_TOOLS = BuildTools(Evidence(), (), (), "", has_variable_target=False)


def driver_file(
    path: str,
    kind: DriverFileKind = DriverFileKind.LIBRARY,
    *,
    search: str = "",
    size: int = 100,
    is_link: bool = False,
) -> DriverFile:
    """A file of layer 2."""
    name = path.rpartition("/")[2]
    return DriverFile(
        evidence=Evidence(2, path),
        kind=kind,
        name=name,
        version=name.partition(".so.")[2],
        size=size,
        search=search,
        is_link=is_link,
        target="",
        cuda="",
        branches=(),
        instruction="RUN apt-get install -y cuda",
    )
