"""The random trees of the tests are what they say."""

import io
import tarfile

from hypothesis import given

from support.strategies import Archive, archives, stacks
from support.tar_writer import DIALECTS, PAX_ALWAYS, Kind, TarMember

READABLE = tuple(dialect for dialect in DIALECTS if dialect is not PAX_ALWAYS)
"""The standard library loses its place where a sparse file of format 1.0 has a size record, which is right to have."""


@given(archives(READABLE))
def test_random_archives_read_back_with_the_same_names(archive: Archive) -> None:
    """Every member of a random tree is there, under its name, in any dialect."""
    with tarfile.open(fileobj=io.BytesIO(archive.content), encoding="utf-8", errors="surrogateescape") as opened:
        assert [entry.name for entry in opened] == [member.name.rstrip("/") for member in archive.members]


@given(stacks())
def test_layers_of_a_stack_name_each_path_once(stack: list[list[TarMember]]) -> None:
    """No layer holds an entry twice, and nothing lies below a file of the same layer."""
    for layer in stack:
        names = [member.name.rstrip("/") for member in layer]
        files = [member.name for member in layer if member.kind is not Kind.DIRECTORY]
        assert len(names) == len(set(names))
        assert not any(name.startswith(path + "/") for path in files for name in names)
