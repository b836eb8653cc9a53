"""What engines put into containers is no change; what a container wrote is, wherever it lies."""

from layerscope.diff.container_traces import drop_container_traces
from layerscope.diff.trees import Aspect, iter_file_changes
from layerscope.image.container import ContainerFiles
from support.indexes import merged
from support.tar_member import TarMember, directory, file

SECOND = 1_000_000_000
IMAGE = [directory("etc"), file("etc/a", b"a", mtime_ns=5), file("srv/b", b"b"), file("etc/hosts", b"h")]


def drop(own: list[TarMember], *mounts: str, added: tuple[str, ...] = ()) -> dict[str, tuple[Aspect, ...]]:
    """What is left of the differences between an image and a container that wrote these files."""
    changes = iter_file_changes(merged(IMAGE), merged(IMAGE, own), shared=1)
    left = drop_container_traces(changes, ContainerFiles("web", mounts, added))
    return {change.path: change.aspects for change in left}


def test_the_time_of_a_folder_is_no_change() -> None:
    """Its mode is, and what lies in it."""
    assert drop([directory("etc", mtime_ns=SECOND), file("etc/new", b"n")]) == {"etc/new": ()}
    assert drop([directory("etc", mtime_ns=SECOND, mode=0o700)]) == {"etc": (Aspect.MODE,)}


def test_times_are_compared_as_far_as_both_sides_tell_them() -> None:
    """An export has whole seconds."""
    assert drop([file("etc/a", b"a", mtime_ns=0)]) == {}
    assert drop([file("etc/a", b"a", mtime_ns=6)]) == {"etc/a": (Aspect.TIME,)}
    assert drop([file("etc/a", b"a", mtime_ns=SECOND)]) == {"etc/a": (Aspect.TIME,)}


def test_folders_that_lead_to_a_mount_alone_are_the_engines() -> None:
    """Those in which something else lies are not."""
    way = [directory("vol"), directory("vol/deep"), directory("vol/deep/er"), directory("own")]
    assert drop(way, "vol/deep/er") == {"own": ()}
    assert drop([*way, file("vol/kept", b"k")], "vol/deep/er") == {"vol": (), "vol/kept": (), "own": ()}


def test_what_lies_at_a_mount_is_not_compared() -> None:
    """Nor are the files of engines, or accounts that podman makes."""
    assert drop([file("srv/b", b"other"), file("etc/hosts", b"x"), file("dev/null", b"")], "srv") == {}
    assert drop([file("etc/passwd", b"x")], added=("etc/passwd",)) == {}
    assert drop([file("etc/a", b"x")], added=("etc/a",)) != {}
