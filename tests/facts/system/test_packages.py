"""System packages are found with the layer in which their version came."""

from pathlib import Path

from layerscope.facts.system.package_extractors import ApkExtractor, DpkgStatusExtractor, RpmExtractor
from layerscope.facts.system.packages import SystemPackage, SystemPackageCollector, SystemPackages
from support.contexts import collect, collect_gaps, collect_one, make_context
from support.debian import paragraph, status_file
from support.rpm_databases import package, write_bdb, write_ndb, write_sqlite
from support.tar_member import directory, file, symlink


def test_a_package_belongs_to_the_layer_that_brought_its_version() -> None:
    """The database is written whole by every layer that installs something."""
    context = make_context(
        [status_file(paragraph("libc6", "2.36-9", source="glibc"), paragraph("curl", "7.88"))],
        [file("app/x")],
        [
            status_file(
                paragraph("libc6", "2.36-9", source="glibc"), paragraph("curl", "7.89"), paragraph("git", "2.39")
            )
        ],
    )
    packages = collect_one(SystemPackageCollector, context, SystemPackages)
    assert (packages.manager, packages.evidence.layer, packages.evidence.path) == ("dpkg", 2, "var/lib/dpkg/status")
    assert packages.packages == (
        SystemPackage("libc6", "2.36-9", "amd64", "glibc", 0),
        SystemPackage("curl", "7.89", "amd64", "curl", 2),
        SystemPackage("git", "2.39", "amd64", "git", 2),
    )


def test_a_package_that_went_and_came_again_belongs_to_where_it_came_again() -> None:
    """In between it was not there."""
    context = make_context(
        [status_file(paragraph("git"))], [status_file(paragraph("curl"))], [status_file(paragraph("git"))]
    )
    (git,) = collect_one(SystemPackageCollector, context, SystemPackages).packages
    assert git.layer == 2


def test_unfinished_packages_keep_their_status_and_removed_ones_are_left_out() -> None:
    """Dpkg remembers the configuration of what is gone."""
    context = make_context(
        [
            status_file(
                paragraph("a", status="install ok half-configured"),
                paragraph("b", status="deinstall ok config-files"),
                paragraph("c", status="hold ok installed"),
            )
        ]
    )
    first, second = collect_one(SystemPackageCollector, context, SystemPackages).packages
    assert (first.name, first.status) == ("a", "install ok half-configured")
    assert (second.name, second.status) == ("c", "")


def test_reads_images_without_dpkg() -> None:
    """Distroless images keep a file a package, each in its own layer."""
    context = make_context(
        [file("var/lib/dpkg/status.d/base", paragraph("base-files", "12", status="").encode())],
        [file("var/lib/dpkg/status.d/libc6", paragraph("libc6", "2.36", status="").encode())],
    )
    packages = collect_one(SystemPackageCollector, context, SystemPackages).packages
    assert [(each.name, each.version, each.layer) for each in packages] == [
        ("base-files", "12", 0),
        ("libc6", "2.36", 1),
    ]


def test_reads_apk() -> None:
    """With the package it was built from."""
    context = make_context([file("lib/apk/db/installed", b"P:libssl3\nV:3.3.2-r4\nA:x86_64\no:openssl\n\n")])
    packages = collect_one(SystemPackageCollector, context, SystemPackages)
    assert (packages.manager, packages.packages) == (
        "apk",
        (SystemPackage("libssl3", "3.3.2-r4", "x86_64", "openssl", 0),),
    )


def test_reads_rpm_in_its_three_forms(tmp_path: Path) -> None:
    """Where each distribution keeps it, a link to the new place followed."""
    blobs = [package("bash", "5.1")]
    places = (
        [file("var/lib/rpm/rpmdb.sqlite", write_sqlite(blobs, tmp_path))],
        [file("usr/lib/sysimage/rpm/Packages.db", write_ndb(blobs)), directory("var/lib"),
         symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm")],
        [file("var/lib/rpm/Packages", write_bdb(blobs))],
    )  # fmt: skip
    for members in places:
        packages = collect_one(SystemPackageCollector, make_context(members), SystemPackages)
        assert packages.packages == (SystemPackage("bash", "5.1-1", "x86_64", "bash-5.1-1.src.rpm", 0),)


def test_a_database_that_cannot_be_read_is_a_gap() -> None:
    """It says where and why."""
    context = make_context([file("var/lib/rpm/Packages", b"not a database, though it is long enough for one")])
    (gap,) = collect_gaps(SystemPackageCollector, context)
    assert (gap.what, gap.where) == ("rpm packages", "/var/lib/rpm/Packages")
    assert "neither SQLite, ndb nor Berkeley DB" in gap.why


def test_a_database_beyond_its_limit_is_a_gap() -> None:
    """The start of one tells nothing about the rest."""
    for extractor in (DpkgStatusExtractor(), ApkExtractor(), RpmExtractor()):
        kept = extractor.extract("x", b"Package: a\n", size=1 << 40, mode=0o644)
        assert isinstance(kept, dict)
        assert "1,099,511,627,776 bytes, limit" in kept["problem"]


def test_an_image_without_packages_has_no_fact() -> None:
    """FROM scratch."""
    assert collect(SystemPackageCollector, make_context([file("app")])).of(SystemPackages) == ()
