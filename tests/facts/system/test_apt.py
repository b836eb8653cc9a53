"""apt's lists and dpkg's installations are found with their times."""

from datetime import UTC, datetime

from layerscope.facts.system.apt import AptCollector, PackageInstallation, PackageLists
from support.contexts import collect, make_context
from support.tar_member import directory, file

SECOND = 1_000_000_000
RELEASE = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nSuite: stable\nDate: Sat, 07 Feb 2026 10:12:13 UTC\n"


def time_ns(day: int) -> int:
    """A day of March 2026, as tar writes it."""
    return int(datetime(2026, 3, day, tzinfo=UTC).timestamp()) * SECOND


def test_finds_lists_and_when_they_were_fetched() -> None:
    """The lock tells that, the lists themselves carry the server's times."""
    context = make_context(
        [
            directory("var/lib/apt/lists", mtime_ns=time_ns(4)),
            file("var/lib/apt/lists/lock", mtime_ns=time_ns(5)),
            file("var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease", RELEASE, mtime_ns=time_ns(1)),
            file(
                "var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_Packages",
                b"Package: x",
                mtime_ns=time_ns(1),
            ),
        ],
        steps=["RUN apt-get update"],
    )
    (lists,) = collect(AptCollector, context).of(PackageLists)
    assert (lists.layer, lists.files, lists.instruction) == (0, 2, "RUN apt-get update")
    assert lists.fetched == datetime(2026, 3, 5, tzinfo=UTC)
    assert lists.published == datetime(2026, 2, 7, 10, 12, 13, tzinfo=UTC)


def test_finds_installations() -> None:
    """One file list a package, written when it was unpacked."""
    context = make_context(
        [
            file("var/lib/dpkg/info/git.list", b"/usr/bin/git\n", mtime_ns=time_ns(7)),
            file("var/lib/dpkg/info/git.md5sums", b"x", mtime_ns=time_ns(9)),
            file("var/lib/dpkg/info/curl.list", b"/usr/bin/curl\n", mtime_ns=time_ns(6)),
        ]
    )
    facts = collect(AptCollector, context)
    (installation,) = facts.of(PackageInstallation)
    assert (installation.packages, installation.installed) == (2, datetime(2026, 3, 7, tzinfo=UTC))
    assert not installation.touches_lists
    assert facts.of(PackageLists) == ()


def test_an_installation_that_deletes_its_lists_has_touched_them() -> None:
    """The folder's own entry is left."""
    context = make_context([directory("var/lib/apt/lists"), file("var/lib/dpkg/info/git.list", b"x")])
    (installation,) = collect(AptCollector, context).of(PackageInstallation)
    assert installation.touches_lists


def test_times_outside_the_calendar_are_none() -> None:
    """A tar can say anything."""
    context = make_context([file("var/lib/dpkg/info/git.list", b"x", mtime_ns=-1)])
    (installation,) = collect(AptCollector, context).of(PackageInstallation)
    assert installation.installed is None
