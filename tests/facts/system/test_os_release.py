"""The distribution is read where the container would read it."""

from layerscope.facts.system.os_release import OsRelease, OsReleaseCollector
from support.contexts import collect, collect_one, make_context
from support.tar_member import file, symlink

CONTENT = b'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\n'


def test_reads_the_release_through_its_link() -> None:
    """/etc/os-release usually is one."""
    context = make_context([file("usr/lib/os-release", CONTENT), symlink("etc/os-release", "../usr/lib/os-release")])
    release = collect_one(OsReleaseCollector, context, OsRelease)
    assert (release.id, release.version_id, release.code_name) == ("ubuntu", "22.04", "jammy")
    assert (release.pretty_name, release.id_like) == ("Ubuntu 22.04.4 LTS", ("debian",))


def test_takes_the_vendors_file_where_the_other_is_missing() -> None:
    """os-release(5) says so."""
    context = make_context([file("usr/lib/os-release", CONTENT)])
    assert collect_one(OsReleaseCollector, context, OsRelease).evidence.path == "usr/lib/os-release"


def test_an_image_from_scratch_names_none() -> None:
    """Then nothing is said."""
    assert collect(OsReleaseCollector, make_context([file("app")])).of(OsRelease) == ()
