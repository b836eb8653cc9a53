"""The release is looked up in the table, and the C library in the packages."""

from datetime import date

from layerscope.facts.system.distribution import DistributionRelease, DistributionReleaseCollector, bare_version
from support.contexts import collect, collect_one, make_context
from support.debian import paragraph, status_file
from support.tar_member import file

BOOKWORM = file("etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')


def test_finds_the_release_with_its_library() -> None:
    """The installed package tells more exactly than the table."""
    context = make_context([BOOKWORM, status_file(paragraph("libc6", "2.36-9+deb12u10"))])
    release = collect_one(DistributionReleaseCollector, context, DistributionRelease)
    assert (release.id, release.version, release.name) == ("debian", "12", "Debian GNU/Linux 12 (bookworm)")
    assert (release.libc, release.libc_version) == ("glibc", "2.36")
    assert (release.end_of_life, release.is_expired) == (date(2028, 6, 30), False)


def test_an_expired_release_is_told_by_the_date_of_the_table() -> None:
    """Not by the clock; whether it had expired when the image was built is told beside."""
    context = make_context([file("usr/lib/os-release", b"ID=alpine\nVERSION_ID=3.17.3\n")])
    release = collect_one(DistributionReleaseCollector, context, DistributionRelease)
    assert (release.is_expired, release.was_expired, release.libc) == (True, True, "musl")
    assert release.checked == context.policies.releases.policy.date
    assert release.successor.startswith("alpine 3.")


def test_a_release_that_nobody_knows_is_not_judged() -> None:
    """Rolling ones have no end; an image without os-release has no release."""
    context = make_context([file("etc/os-release", b"ID=arch\n")])
    release = collect_one(DistributionReleaseCollector, context, DistributionRelease)
    assert (release.end_of_life, release.is_expired, release.libc_version, release.name) == (None, False, "", "arch")
    assert list(collect(DistributionReleaseCollector, make_context([file("app")]))) == []


def test_versions_lose_epoch_and_revision() -> None:
    """What is left is upstream's."""
    assert [bare_version(text) for text in ("1:2.36-9+deb12u10", "1.2.5-r9", "2.34-100.el9", "")] == [
        "2.36",
        "1.2.5",
        "2.34",
        "",
    ]
