"""RPATH and RUNPATH entries that lead astray."""

import pytest

from layerscope.facts.elf.unsafe_search_paths import UnsafeSearchPath, UnsafeSearchPathCollector
from support.contexts import collect, collect_one
from support.elf_images import make_image
from support.elf_writer import ElfPlan, write_elf
from support.tar_member import directory, file


@pytest.mark.parametrize(
    ("entry", "kind"),
    [("", "empty"), ("lib", "relative"), ("/tmp/build", "writable"), ("/srv/open/lib", "writable")],  # noqa: S108 - in an image
)
def test_tells_what_is_wrong_with_an_entry(entry: str, kind: str) -> None:
    """Folders that every user may write, and all that may be made below them."""
    members = [
        directory("srv/open", mode=0o1777),
        file("a.so", write_elf(ElfPlan(runpath=f"$ORIGIN:{entry}:/usr/lib"))),
    ]
    fact = collect_one(UnsafeSearchPathCollector, make_image(members), UnsafeSearchPath)
    assert (fact.tag, fact.entry, fact.kind, fact.objects, fact.has_privileges) == ("RUNPATH", entry, kind, 1, False)


def test_counts_objects_by_layer() -> None:
    """A set-uid program among them is told; an RPATH beside a RUNPATH counts for nothing."""
    content = write_elf(ElfPlan(rpath="rel"))
    both = write_elf(ElfPlan(rpath="rel", runpath="$ORIGIN"))
    context = make_image([file("a", content, mode=0o4755), file("b", content), file("c", both)], [file("d", content)])
    facts = collect(UnsafeSearchPathCollector, context).of(UnsafeSearchPath)
    assert [(fact.evidence.layer, fact.objects, fact.has_privileges) for fact in facts] == [(0, 2, True), (1, 1, False)]


def test_says_nothing_of_paths_that_are_closed() -> None:
    """Whether something is there or not."""
    content = write_elf(ElfPlan(rpath="$ORIGIN/../lib:/usr/lib:/none/at/all:${ORIGIN}"))
    assert not list(collect(UnsafeSearchPathCollector, make_image([file("a.so", content), directory("usr/lib")])))
