"""Files that packages list are held against the tree."""

import hashlib

from layerscope.facts.system.package_files import (
    AlteredPackageFiles,
    MissingPackageFiles,
    PackageFileCollector,
    find_kind,
)
from support.contexts import collect, make_context
from support.debian import list_file, paragraph, status_file
from support.rpm_databases import package, write_ndb
from support.tar_member import directory, file, symlink, whiteout

LIBRARY = "usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0"


def test_finds_a_library_that_a_later_layer_removed() -> None:
    """With the layer and its instruction."""
    context = make_context(
        [status_file(paragraph("libgomp1", "12.2")), list_file("libgomp1:amd64", LIBRARY), file(LIBRARY)],
        [whiteout(LIBRARY)],
        steps=["RUN apt-get install libgomp1", "RUN rm -rf /usr/lib/x86_64-linux-gnu/libgomp*"],
    )
    (fact,) = collect(PackageFileCollector, context).of(MissingPackageFiles)
    assert (fact.manager, fact.package, fact.version, fact.kind) == ("dpkg", "libgomp1", "12.2", "library")
    assert (fact.count, fact.paths, fact.removed_by) == (1, (LIBRARY,), 1)
    assert fact.instruction.startswith("RUN rm -rf")


def test_finds_what_no_layer_ever_had() -> None:
    """The base was made without it."""
    context = make_context([status_file(paragraph("x")), list_file("x", "usr/bin/x")])
    (fact,) = collect(PackageFileCollector, context).of(MissingPackageFiles)
    assert (fact.kind, fact.removed_by) == ("program", None)


def test_what_is_left_out_on_purpose_is_not_missed() -> None:
    """Documentation, translations, configuration and state; nor what lies behind a link between folders."""
    context = make_context(
        [
            directory("usr/lib"), symlink("lib", "usr/lib"), file("usr/lib/libz.so.1"),
            status_file(paragraph("x")),
            list_file("x", "usr/share/doc/x/copyright", "usr/share/man/man1/x.1.gz", "usr/share/locale/de/x.mo",
                      "etc/x.conf", "var/cache/x/y", "lib/libz.so.1"),
        ]
    )  # fmt: skip
    assert list(collect(PackageFileCollector, context)) == []


def test_finds_a_program_that_is_not_what_rpm_installed() -> None:
    """Its digest is known; a file with the right one, and one without digest, are as they should be."""
    right, wrong = hashlib.sha256(b"right").hexdigest(), hashlib.sha256(b"other").hexdigest()
    files = ["/usr/bin/a", "/usr/bin/b", "/usr/share/x/c"]
    database = write_ndb([package("tools", files=files, digests=[right, wrong, wrong])])
    context = make_context(
        [
            file("var/lib/rpm/Packages.db", database),
            file("usr/bin/a", b"right"),
            file("usr/bin/b", b"right"),
            file("usr/share/x/c", b"right"),
        ]
    )
    (fact,) = collect(PackageFileCollector, context)
    assert isinstance(fact, AlteredPackageFiles)
    assert (fact.package, fact.paths, fact.layer) == ("tools", ("usr/bin/b",), 0)


def test_tells_kinds_of_files_apart() -> None:
    """By name and folder."""
    assert find_kind("usr/lib/libc.so.6") == find_kind("lib/ld-linux-x86-64.so.2") == "library"
    assert find_kind("usr/bin/x") == find_kind("sbin/x") == "program"
    assert find_kind("usr/lib/python3/_c.cpython-311-x86_64-linux-gnu.so") == find_kind("usr/share/x") == "other"
