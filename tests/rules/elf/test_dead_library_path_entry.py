"""ELF006 dead-library-path-entry: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.elf.loader_configuration import SearchFolder
from layerscope.rules.elf.dead_library_path_entry import DeadLibraryPathEntry
from support.cases import flags, ignores
from support.elf_facts import CONFIGURATION
from support.sample_facts import DAMAGED

DEAD = replace(
    CONFIGURATION,
    library_path=(
        SearchFolder("/opt/lib", "opt/lib", 1),
        SearchFolder("/usr/local/cuda-11.8/lib64", None),
        SearchFolder("/srv/lib", None, removed_by=4),
    ),
)


def test_flags_folders_that_are_not_there() -> None:
    """At the layer that removed one, with what is left."""
    (finding,) = flags(DeadLibraryPathEntry, DEAD)
    assert finding.message == (
        "LD_LIBRARY_PATH (ENV LD_LIBRARY_PATH=…) leads to /usr/local/cuda-11.8/lib64 and /srv/lib "
        "(removed by layer 4), which are not in the image"
    )
    assert [location.layer for location in finding.locations] == [4]
    assert finding.fixes[0].steps == ("ENV LD_LIBRARY_PATH=/opt/lib",)


def test_ignores_folders_that_are_there_or_are_mounted() -> None:
    """NVIDIA's images name two for their first runtime; and nothing is said where a layer could not be read."""
    mounted = (SearchFolder("/usr/local/nvidia/lib", None), SearchFolder("/usr/local/nvidia/lib64/", None))
    ignores(DeadLibraryPathEntry, CONFIGURATION)
    ignores(DeadLibraryPathEntry, replace(CONFIGURATION, library_path=mounted))
    ignores(DeadLibraryPathEntry, DAMAGED, DEAD)


def test_says_so_where_nothing_is_left_of_the_variable() -> None:
    """An empty value is as good as none."""
    alone = replace(CONFIGURATION, library_path=(SearchFolder("/opt/gone", None, None, None, 0),))
    (finding,) = flags(DeadLibraryPathEntry, alone)
    assert finding.fixes[0].steps == ("ENV LD_LIBRARY_PATH=   (nothing is left of it: delete the line)",)
