"""ELF011: a library that is to be preloaded is not there."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.elf.loader_configuration import LoaderConfiguration
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.library_origins import find_package_commands
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list


class PreloadedLibraryMissing(Rule):
    """A library that is to be preloaded is not there.

    What it checks: Each name in the config's `LD_PRELOAD` and in /etc/ld.so.preload leads to a file, by the loader's
        own search where it is no path.
    Why it matters: Every program writes "ERROR: ld.so: object '…' from LD_PRELOAD cannot be preloaded: ignored" to its
        standard error, and runs without what was meant: another allocator, a fix, a tracer.
    Example: `ENV LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2` in a final stage that has no jemalloc, or on
        an ARM host, where the folder has another name.
    Remedy: Install the library in the final stage, or drop the variable. A name without folders is found on every
        architecture.
    Fix safety: Review: the program may run slower, or not at all, without the library.
    Blind spots: Preloads of the NVIDIA runtime and of orchestrators are not in the image. Names with `$LIB` in them
        are not judged. Nothing is said where a layer could not be read.
    References: ld.so(8), "LD_PRELOAD"; jemalloc wiki, "Getting started".
    """

    code: ClassVar[str] = "ELF011"
    covers: ClassVar[tuple[int, ...]] = (66,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (LoaderConfiguration, LayerProof, PythonEnvironment)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the variable, and one for the file."""
        configuration = facts.find(LoaderConfiguration)
        if configuration is None or has_unread_layers(facts):
            return
        missing: dict[str, list[str]] = {}
        for preload in configuration.preloads:
            if preload.path is None:
                missing.setdefault(preload.origin, []).append(preload.name)
        for origin, names in missing.items():
            is_variable = origin == "LD_PRELOAD"
            step = f" ({configuration.preload_step})" if is_variable and configuration.preload_step else ""
            verb = "is" if len(names) == 1 else "are"
            message = f"{origin}{step} names {tell_list(names)}, which {verb} not in the image: every program says so"
            commands = find_package_commands((name.rpartition("/")[2] for name in names), facts)
            drop = "Or drop LD_PRELOAD from ENV" if is_variable else f"Or take the line out of {origin}"
            fix = Fix(f"Bring {names[0]}, or do not preload it", (*commands, drop))
            yield self.finding(message, Evidence(path=None if is_variable else origin.strip("/")), fixes=(fix,))
