"""LD_LIBRARY_PATH in messages and cures; shared by the rules that find fault with it."""

from collections.abc import Iterable
from typing import Final

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.elf.loader_configuration import LoaderConfiguration, SearchFolder
from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.shadowed_libraries import ShadowedLibrary
from layerscope.facts.elf.undefined_symbols import UndefinedSymbols
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.wording import quote_instruction

LIBRARY_PATH_NEEDS: Final[tuple[type[Fact], ...]] = (
    LoaderConfiguration,
    ShadowedLibrary,
    UndefinedSymbols,
    UnmetSymbolVersion,
    DriverFile,
)
"""What a rule needs that proposes the variable's value."""

VARIABLE: Final = "LD_LIBRARY_PATH"

_MOUNTED: Final = ("/usr/local/nvidia/lib", "/usr/local/nvidia/lib64", "/usr/lib/wsl", "/run/", "/mnt/", "/host/")
"""Folders that a runtime mounts: NVIDIA's images name the first two for their first runtime."""

_DELETE: Final = "nothing is left of it: delete the line"

_VARIANTS: Final = "/glibc-hwcaps/"
"""glibc looks below a folder for variants of its libraries: they are the folder's."""


def take_out(folder: str, facts: FactSet) -> Fix:
    """The fix for a folder (from the root) that should not be searched, with what is left of the variable."""
    title = f"Take {folder} out of LD_LIBRARY_PATH"
    if facts.find(LoaderConfiguration) is None:
        return Fix(title, (f"ENV LD_LIBRARY_PATH=…   without {folder}",), kind=FixKind.CONFIG_EDIT)
    return Fix(
        title,
        (propose_library_path(facts), f"Or set {folder} for the one program that needs it."),
        kind=FixKind.CONFIG_EDIT,
        edits=edit_library_path(facts),
    )


def propose_library_path(facts: FactSet) -> str:
    """The one line that every cure of the variable gives: no part of it is empty, relative, dead or blamed.

    Whoever follows one finding must not put back what another one takes out.
    """
    configuration = facts.find(LoaderConfiguration)
    line = set_library_path(_list_good(facts))
    is_set = configuration is None or configuration.library_path_step
    return line if is_set else line.replace(_DELETE, "nothing is left of it: empty it in the last stage")


def edit_library_path(facts: FactSet) -> tuple[SetVariable, ...]:
    """The same in the config alone."""
    return (SetVariable(VARIABLE, join_folders(_list_good(facts)) or None),)


def _list_good(facts: FactSet) -> list[SearchFolder]:
    """The folders of the variable that nothing is said against; some may be dead."""
    configuration = facts.find(LoaderConfiguration)
    blamed = find_blamed_folders(facts)
    return [
        folder
        for folder in (configuration.library_path if configuration is not None else ())
        if folder.text.startswith(("/", "$"))
        and blamed.isdisjoint({folder.text.strip("/"), (folder.path or folder.text).strip("/")})
    ]


def find_blamed_folders(facts: FactSet) -> frozenset[str]:
    """The folders that findings want out of the variable, without slashes at their ends."""
    lacking = [fact for fact in facts.of(UnmetSymbolVersion) if not fact.versions[-1].startswith("GLIBC_")]
    found = {_folder_of(fact.provider.path) for fact in lacking if fact.step is SearchStep.LIBRARY_PATH}
    told = find_told_libraries(facts)
    for shadow in facts.of(ShadowedLibrary):
        if not shadow.is_same or shadow.winner.path in told:
            found |= {shadow.folder.partition(_VARIANTS)[0].strip("/"), _folder_of(shadow.winner.path)}
    found.update(
        _folder_of(file.evidence.path or "")
        for file in facts.of(DriverFile)
        if file.kind in {DriverFileKind.STUB, DriverFileKind.COMPAT} and file.search == "LD_LIBRARY_PATH"
    )
    return frozenset(found)


def find_told_libraries(facts: FactSet) -> frozenset[str]:
    """The libraries of which ELF002 and ELF004 tell what fails with them."""
    found = {fact.provider.path for fact in facts.of(UnmetSymbolVersion)}
    if not has_unread_layers(facts):
        found.update(library.path for fact in facts.of(UndefinedSymbols) for library in fact.libraries)
    return frozenset(found)


def set_library_path(folders: Iterable[SearchFolder]) -> str:
    """The instruction that leaves these folders, less what is empty or dead, or what to do where none is left."""
    kept = join_folders(folders)
    return f"ENV LD_LIBRARY_PATH={kept}" if kept else f"ENV LD_LIBRARY_PATH=   ({_DELETE})"


def join_folders(folders: Iterable[SearchFolder]) -> str:
    """The value of the variable that leaves these folders, less what is empty or dead."""
    return ":".join(dict.fromkeys(folder.text for folder in folders if folder.text and not is_dead(folder)))


def tell_library_path(configuration: LoaderConfiguration | None) -> str:
    """The variable, with the step that set it; one that the config alone sets has none."""
    if configuration is None or not configuration.library_path:
        return "LD_LIBRARY_PATH"
    step = configuration.library_path_step
    return f"LD_LIBRARY_PATH ({quote_instruction(step) or 'set in the config; no step of the history sets it'})"


def is_dead(folder: SearchFolder) -> bool:
    """Whether nothing is there, and nothing is mounted there as a rule."""
    return folder.path is None and bool(folder.text) and not f"{folder.text.rstrip('/')}/".startswith(_MOUNTED)


def _folder_of(path: str) -> str:
    """The folder that a library was found by."""
    return path.rpartition("/")[0].partition(_VARIANTS)[0]
