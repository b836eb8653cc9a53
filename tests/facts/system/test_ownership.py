"""Paths are traced to the package that owns them."""

from layerscope.facts.system.ownership import find_owners
from support.contexts import make_context
from support.debian import list_file, paragraph, status_file
from support.tar_member import directory, file, symlink


def test_finds_owners_through_merged_folders_and_architectures() -> None:
    """Dpkg lists /lib/x where the image has /usr/lib/x; lists of parallel architectures bear theirs."""
    context = make_context(
        [
            directory("usr/lib"), symlink("lib", "usr/lib"), file("usr/lib/libc.so.6"), file("usr/bin/git"),
            status_file(paragraph("libc6"), paragraph("git"), paragraph("gone", status="deinstall ok config-files")),
            list_file("libc6:amd64", "lib", "lib/libc.so.6"), list_file("git", "usr/bin", "usr/bin/git"),
            list_file("gone", "etc/gone.conf"),
        ]
    )  # fmt: skip
    owners = context.shared(find_owners)
    assert len(owners) == 2
    for path, name in (("usr/lib/libc.so.6", "libc6"), ("lib/libc.so.6", "libc6"), ("usr/bin/git", "git")):
        package = owners.find(path)
        assert package is not None
        assert package.name == name
    assert owners.find("etc/gone.conf") is None
    assert owners.find("usr/bin/other") is None


def test_heeds_diversions() -> None:
    """A diverted path belongs to whoever diverted it, and its former owner's file lies elsewhere."""
    context = make_context(
        [
            status_file(paragraph("old"), paragraph("new")),
            file("var/lib/dpkg/diversions", b"/bin/x\n/bin/x.old\nnew\n"),
            list_file("old", "bin/x"), list_file("new", "bin/x"),
        ]
    )  # fmt: skip
    owners = context.shared(find_owners)
    names = [package.name for path in ("bin/x", "bin/x.old") if (package := owners.find(path)) is not None]
    assert names == ["new", "old"]


def test_reads_the_checksums_of_images_without_dpkg() -> None:
    """They are the only list of files there."""
    context = make_context(
        [
            file("var/lib/dpkg/status.d/libc6", paragraph("libc6", status="").encode()),
            file("var/lib/dpkg/status.d/libc6.md5sums", b"0123  lib/libc.so.6\n"),
        ]
    )
    package = context.shared(find_owners).find("lib/libc.so.6")
    assert package is not None
    assert package.name == "libc6"
