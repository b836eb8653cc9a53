"""The C library that programs get."""

import pytest

from layerscope.facts.elf.libc import LibcCollector, LibcProvided, find_newest, split_version
from support.contexts import collect_one
from support.elf_images import GLIBC_FILES, MUSL_FILES, make_image


def test_tells_glibc_with_its_version() -> None:
    """The newest that its interface has."""
    fact = collect_one(LibcCollector, make_image(GLIBC_FILES), LibcProvided)
    assert (fact.kind, fact.version, fact.path, fact.roots) == ("glibc", "2.36", "lib64/libc.so.6", 1)


def test_tells_musl() -> None:
    """Whose file names no version."""
    fact = collect_one(LibcCollector, make_image(MUSL_FILES), LibcProvided)
    assert (fact.kind, fact.version, fact.path) == ("musl", "", "lib/ld-musl-x86_64.so.1")


@pytest.mark.parametrize(
    ("versions", "newest"),
    [(("GLIBC_2.4", "GLIBC_2.36", "GLIBC_PRIVATE", "GLIBCXX_9"), "2.36"), (("GLIBC_PRIVATE",), ""), ((), "")],
)
def test_versions_compare_by_number(versions: tuple[str, ...], newest: str) -> None:
    """What is no number does not count."""
    assert find_newest(versions, "GLIBC") == newest


def test_splits_any_version() -> None:
    """Parts that are no numbers, or too long, count as nought."""
    assert split_version("3.4.x.99999999999") == (3, 4, 0, 0)
