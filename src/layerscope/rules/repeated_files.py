"""Repeated files that nobody copied: CUDA's libraries, and what packages of one environment ship alike."""

import re
from typing import Final

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.repeated_files import Copy, RepeatedFiles
from layerscope.rules.cuda_copies import iter_second_copies
from layerscope.rules.fix import Fix
from layerscope.rules.wording import tell_path, tell_size

_SITE: Final = re.compile(r".*?(?:site|dist)-packages/")


def list_repeated(facts: FactSet) -> list[RepeatedFiles]:
    """What each layer repeats beside CUDA's libraries."""
    return [left for fact in facts.of(RepeatedFiles) if (left := _leave_out_cuda(fact, facts)).files > 0]


def ships_with_packages(fact: RepeatedFiles) -> bool:
    """Whether the largest files repeat others of the same site directory: no Dockerfile changes what a wheel holds."""
    sites = [(_SITE.match(copy.path), _SITE.match(copy.first_path)) for copy in fact.largest]
    return bool(sites) and all(one is not None and two is not None and one[0] == two[0] for one, two in sites)


def suggest_links(fact: RepeatedFiles, copy: Copy) -> Fix:
    """Link instead of copying."""
    link = f"ln -sf {tell_path(copy.first_path)} {tell_path(copy.path)}"
    return Fix(
        f"Keep one copy of the {tell_size(fact.size)} that layer {fact.layer} repeats",
        (
            f"Put links in the place of the copies, in the step that makes them, of files or whole folders: RUN {link}",
            "Or copy once, to where the program looks for it; copy Hugging Face caches with their links (cp -a).",
        ),
    )


def _leave_out_cuda(fact: RepeatedFiles, facts: FactSet) -> RepeatedFiles:
    """The files less those of CUDA copies of which CUDA020 tells: that one of both should go, and not be linked."""
    roots = {f"{copy.root}/" for each in iter_second_copies(facts) for copy in (each.copy, each.kept)}
    inside = tuple(roots)
    pairs = [copy for copy in fact.largest if copy.path.startswith(inside) and copy.first_path.startswith(inside)]
    if not pairs:
        return fact
    told = [folder for folder in fact.folders if f"{folder.path}/".startswith(inside)]
    folders = tuple(folder for folder in fact.folders if folder not in told)
    return replace(
        fact,
        evidence=Evidence(layer=fact.layer, path=folders[0].path) if folders else fact.evidence,
        files=fact.files - sum(folder.files for folder in told),
        size=fact.size - sum(folder.size for folder in told),
        folders=folders,
        largest=tuple(copy for copy in fact.largest if not copy.path.startswith(inside)),
    )
