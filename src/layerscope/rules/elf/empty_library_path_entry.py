"""ELF007: LD_LIBRARY_PATH makes programs load libraries from the folder they start in."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.library_path import LIBRARY_PATH_NEEDS, edit_library_path, propose_library_path, tell_library_path
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_count, tell_list


class EmptyLibraryPathEntry(Rule):
    """LD_LIBRARY_PATH makes programs load libraries from the folder they start in.

    What it checks: No part of the config's `LD_LIBRARY_PATH` is empty (a colon at the start, at the end, or two in a
        row) or a relative path. musl passes over empty parts.
    Why it matters: glibc takes an empty part for the working directory. Whatever lies there under the name of a
        library is loaded into every program: a file of the application, one that was uploaded, one in a volume.
    Example: `ENV LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH`, where the base image does not set the variable.
    Remedy: `ENV LD_LIBRARY_PATH=/opt/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`, which adds no colon to nothing.
    Fix safety: Safe where no library lies in the working directory.
    Blind spots: The working directory is the config's; `docker run --workdir` sets another. Variables set by scripts
        are not seen.
    References: ld.so(8), "LD_LIBRARY_PATH"; Dockerfile reference, "Environment replacement".
    """

    code: ClassVar[str] = "ELF007"
    covers: ClassVar[tuple[int, ...]] = (69,)
    severity: ClassVar[Severity] = Severity.LOW
    has_one: ClassVar[bool] = True
    needs: ClassVar[tuple[type[Fact], ...]] = (*LIBRARY_PATH_NEEDS, LayerProof)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        configuration = facts.find(LoaderConfiguration)
        if configuration is None:
            return
        is_musl = configuration.kind == "musl"
        odd = [
            folder
            for folder in configuration.library_path
            if not folder.text.startswith(("/", "$")) and not (is_musl and not folder.text)
        ]
        if not odd:
            return
        kinds = tell_list(
            dict.fromkeys(f"the relative path {each.text}" if each.text else "an empty part" for each in odd)
        )
        objects = sum({each.path: each.objects for each in odd}.values())
        held = f", where {tell_count(objects, 'library lies', 'libraries lie')} now" if objects else ""
        message = (
            f"{tell_library_path(configuration)} has {kinds}, so that every program looks for its libraries in the "
            f"folder it starts in ({configuration.working_directory}) as well{held}"
        )
        fix = Fix(
            "Set only absolute folders",
            (
                propose_library_path(facts),
                "Where the base may set it: ENV LD_LIBRARY_PATH=/opt/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}",
            ),
            kind=FixKind.CONFIG_EDIT,
            edits=edit_library_path(facts),
        )
        severity = Severity.MEDIUM if objects else self.severity
        yield self.finding(message, Evidence(), severity=severity, fixes=(fix,))
