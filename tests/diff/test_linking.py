"""How executables and libraries link is told file by file, and what of it is a risk."""

from collections.abc import Mapping
from typing import Any

import pytest

from layerscope.diff.change import ValueChange
from layerscope.diff.link_risks import NAMED, cite_links, iter_link_risks
from layerscope.diff.linking import LinkChange, iter_link_changes
from layerscope.diff.trees import iter_file_changes
from layerscope.filesystem.node import Node
from layerscope.formats.elf_object import ElfObject, NeededVersion
from support.indexes import merged
from support.tar_member import TarMember, file

PLAIN: dict[str, Any] = {"bits": 64, "is_little_endian": True, "machine": 62, "type": 3}


def make(**values: Any) -> ElfObject:
    """An object."""
    needs = values.pop("versions", ())
    required = tuple(NeededVersion("libc.so.6", version) for version in needs)
    return ElfObject(**PLAIN, required_versions=required, **values)


def compare(before: Mapping[str, ElfObject], after: Mapping[str, ElfObject]) -> list[LinkChange]:
    """The changes between two images that have these objects, all with other bytes."""
    one, other = (
        [file(path, f"{side}{path}".encode()) for path in each] for side, each in (("a", before), ("b", after))
    )
    return list(iter_link_changes(list_files(one, other), find_in(before), find_in(after)))


def list_files(before: list[TarMember], after: list[TarMember]) -> Any:
    """The files that differ."""
    return tuple(iter_file_changes(merged(before), merged(after), shared=0))


def find_in(objects: Mapping[str, ElfObject]) -> Any:
    """What finds the object at a node."""

    def find(node: Node) -> ElfObject | None:
        return objects.get(node.path)

    return find


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, None),
        ({"soname": "liba.so.1"}, {"soname": "liba.so.2"}, {"soname": ValueChange("SONAME", "liba.so.1", "liba.so.2")}),
        (
            {"needed": ("libc.so.6", "libssl.so.1.1")},
            {"needed": ("libc.so.6", "libssl.so.3")},
            {"needed_added": ("libssl.so.3",), "needed_removed": ("libssl.so.1.1",)},
        ),
        (
            {"versions": ("GLIBC_2.2.5", "GLIBC_2.9")},
            {"versions": ("GLIBC_2.34", "GLIBC_2.2.5")},
            {"needs": (ValueChange("GLIBC", "2.9", "2.34"),)},
        ),
        ({"versions": ("GLIBC_2.34",)}, {"versions": ("GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_PRIVATE")}, None),
        ({}, {"versions": ("GLIBCXX_3.4.30",)}, {"needs": (ValueChange("GLIBCXX", None, "3.4.30"),)}),
        (
            {"provided_versions": ("GLIBCXX_3.4.30", "CXXABI_1.3")},
            {"provided_versions": ("GLIBCXX_3.4.29", "CXXABI_1.3")},
            {"provides": (ValueChange("GLIBCXX", "3.4.30", "3.4.29"),)},
        ),
        (
            {"runpath": "$ORIGIN"},
            {"runpath": "$ORIGIN:/opt"},
            {"search_paths": (ValueChange("RUNPATH", "$ORIGIN", "$ORIGIN:/opt"),)},
        ),
        ({"rpath": "/x"}, {}, {"search_paths": (ValueChange("RPATH", "/x", None),)}),
        (
            {"interpreter": "/lib64/ld-linux-x86-64.so.2"},
            {"interpreter": "/lib/ld-musl-x86_64.so.1"},
            {"interpreter": ValueChange("ELF interpreter", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1")},
        ),
        ({"soname": "a"}, {"soname": "b", "problems": ("cut",)}, None),
    ],
)
def test_each_way_to_link_otherwise_is_told(
    before: dict[str, Any], after: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """And nothing where all is as it was, or where an object could not be read whole."""
    found = compare({"usr/lib/liba.so": make(**before)}, {"usr/lib/liba.so": make(**after)})
    assert found == ([LinkChange("usr/lib/liba.so", "usr/lib/liba.so", **expected)] if expected is not None else [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("usr/lib/libssl.so.1.1", "usr/lib/libssl.so.3"),
        ("lib/libc.so.6", "usr/lib/libc.so.6"),
        ("a/numpy.libs/libopenblas-r0-f650aae0.3.3.so", "a/numpy.libs/libopenblas-r0-f650aae0.3.4.so"),
        ("usr/lib/libbfd-2.40-system.so", "usr/lib/libbfd-2.40-system.so.1"),
    ],
)
def test_a_library_is_compared_with_the_version_that_it_replaced(old: str, new: str) -> None:
    """In one folder, whether or not /usr is part of its name."""
    found = compare({old: make(soname="x.1")}, {new: make(soname="x.2")})
    assert [(each.old_path, each.path) for each in found] in ([(old, new)], [])
    if "openblas" not in old:
        assert found


def test_several_libraries_of_one_name_are_not_guessed_at() -> None:
    """Which took the place of which is not known."""
    before = {"lib/liba.so.1": make(soname="a.1")}
    assert compare(before, {"lib/liba.so.2": make(soname="a.2"), "lib/liba.so.3": make(soname="a.3")}) == []


def test_what_others_rest_on_comes_first() -> None:
    """A SONAME, then other libraries, then versions alone."""
    before = {name: make() for name in ("a", "b", "c")}
    after = {"a": make(versions=("GLIBC_2.38",)), "b": make(needed=("x",)), "c": make(soname="c.2")}
    assert [each.path for each in compare(before, after)] == ["c", "b", "a"]


def test_a_risk_names_its_first_files() -> None:
    """One risk for each way, however many files; what only became easier to meet is none."""
    names = [f"bin/{number}" for number in range(5)]
    before = {name: make(versions=("GLIBC_2.34",)) for name in names}
    after = {name: make(versions=("GLIBC_2.38",)) for name in names}
    (risk,) = iter_link_risks(compare(before, after))
    assert risk.text == "5 files in need of newer symbol versions"
    assert risk.detail == (f"/bin/0: GLIBC 2.34 to 2.38; /bin/1: GLIBC 2.34 to 2.38; and {len(names) - NAMED} more")
    assert list(iter_link_risks(compare(after, before))) == []
    assert cite_links(compare(before, after)) == "5 files linked otherwise, /bin/0: GLIBC 2.34 to 2.38"
    assert cite_links([]) == ""


def test_a_family_that_is_new_is_not_raised() -> None:
    """The library that has it is another one, and told as that."""
    (change,) = compare({"bin/a": make()}, {"bin/a": make(needed=("libmd.so.0",), versions=("LIBMD_0.0",))})
    assert (change.raised, change.needs) == ((), (ValueChange("LIBMD", None, "0.0"),))
    assert [risk.text for risk in iter_link_risks([change])] == ["1 file in need of other libraries"]


@pytest.mark.parametrize(
    ("before", "after", "kind", "text"),
    [
        ({"soname": "a.1"}, {"soname": "a.2"}, "soname-changed", "1 file of another SONAME"),
        ({}, {"needed": ("x",)}, "linking-changed", "1 file in need of other libraries"),
        ({}, {"runpath": "/x"}, "linking-changed", "1 file with another search path"),
        ({}, {"interpreter": "/x"}, "linking-changed", "1 file with another ELF interpreter"),
        ({"provided_versions": ("A_2",)}, {"provided_versions": ("A_1",)}, "linking-changed",
         "1 file without symbol versions it had"),
    ],
)  # fmt: skip
def test_each_way_is_a_risk_of_its_own(before: dict[str, Any], after: dict[str, Any], kind: str, text: str) -> None:
    """By a name that a policy can forbid."""
    (risk,) = iter_link_risks(compare({"bin/a": make(**before)}, {"bin/a": make(**after)}))
    assert (risk.kind.value, risk.text) == (kind, text)
