"""Places that ask for a volume, looked up in the image as its user finds them."""

import pytest

from layerscope.facts.config.mount_points import VOLUME_LIMIT, MountPoint, MountPointCollector, MountPurpose
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import TarMember, directory, file, symlink

PASSWD = file("etc/passwd", b"app:x:1000:100::/home/app:/bin/sh\n")
GROUP = file("etc/group", b"video:x:44:app\n")


def find(*members: TarMember, **runtime: object) -> list[MountPoint]:
    """The places of an image with these files and this config."""
    context = make_context((PASSWD, GROUP, *members), runtime=RuntimeConfig(**runtime))  # type: ignore[arg-type]
    return [each for each in collect(MountPointCollector, context) if isinstance(each, MountPoint)]


@pytest.mark.parametrize(
    ("member", "user", "is_writable"),
    [
        (directory("data", uid=1000), "app", True),
        (directory("data", uid=1000, mode=0o555), "app", False),
        (directory("data", gid=100, mode=0o775), "app", True),
        (directory("data", gid=44, mode=0o775), "app", True),
        (directory("data", gid=44, mode=0o775), "1001", False),
        (directory("data", mode=0o1777), "1001", True),
        (directory("data"), "app", False),
        (directory("data"), "", True),
        (directory("data"), "stranger", None),
        (file("data", b""), "", False),
        (directory("other"), "app", False),
        (directory("other"), "", True),
    ],
)
def test_a_volume_is_writable_as_the_kernel_says(member: TarMember, user: str, is_writable: bool | None) -> None:
    """By owner, group, further groups and others; a folder that is missing is made as root's."""
    (place,) = find(member, user=user, volumes=("/data",))
    assert (place.path, place.is_writable) == ("/data", is_writable)


def test_folders_above_must_let_the_user_in() -> None:
    """A folder of one's own behind a closed one cannot be reached."""
    members = (directory("srv", mode=0o700), directory("srv/own", uid=1000))
    (place,) = find(*members, user="app", volumes=("/srv/own",))
    assert place.is_writable is False


def test_links_are_followed_inside_the_image() -> None:
    """The place is told as declared, and looked up where it leads."""
    (place,) = find(directory("real", uid=1000), symlink("data", "/real"), user="app", volumes=("/data/",))
    assert (place.path, place.evidence.path, place.is_writable, place.is_empty) == ("/data", "real", True, True)


def test_paths_that_name_no_folder_are_left_out() -> None:
    """And there is an end to those that do."""
    assert find(volumes=("", "relative", "/", "/.", "/a\nb", "/" + "x" * 500)) == []
    assert len(find(volumes=tuple(f"/v{number}" for number in range(100)))) == VOLUME_LIMIT


def test_a_model_that_is_named_by_path_and_not_there() -> None:
    """By its folder; one that is there, anywhere among those named, asks for nothing."""
    (place,) = find(cmd=("serve", "--model", "/models/m/x.gguf"))
    assert (place.purpose, place.path, place.what) == (MountPurpose.MODEL, "/models/m", "/models/m/x.gguf")
    assert find(directory("models/m"), cmd=("serve", "--model", "/models/m")) == []
    assert find(directory("srv/m"), cmd=("serve", "--model", "m"), working_dir="/srv") == []
    assert find(cmd=("serve",)) == []


def test_a_repository_that_no_cache_holds() -> None:
    """With the cache that its client would use, which the user makes where he may."""
    command = ("vllm", "serve", "acme/tiny")
    (place,) = find(directory("home/app", uid=1000), cmd=command, user="app")
    assert (place.purpose, place.path) == (MountPurpose.HUB, "/home/app/.cache/huggingface/hub")
    assert (place.exists, place.is_writable, place.is_offline) == (False, True, False)
    (closed,) = find(directory("home/app"), cmd=command, user="app")
    assert closed.is_writable is False
    (moved,) = find(cmd=command, env=("HF_HOME=/data", "HF_HUB_OFFLINE=1"))
    assert (moved.path, moved.is_offline) == ("/data/hub", True)
    assert find(directory("x/models--acme--tiny"), cmd=command) == []
    assert find(directory("x/other-models--acme--tiny"), cmd=command) != []


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("vllm serve acme/tiny --download-dir /dl", "/dl"),
        ("vllm serve acme/tiny --download-dir=dl", "/srv/dl"),
        ("text-generation-launcher --model-id acme/tiny --huggingface-hub-cache /models", "/models"),
        ("env HF_HOME=/models vllm serve acme/tiny", "/models/hub"),
        ("/start.sh", "/dl"),
    ],
)
def test_a_cache_that_the_command_itself_names_is_the_place(words: str, place: str) -> None:
    """By an option, or by a variable in front of it."""
    script = file("start.sh", b"#!/bin/sh\nexec vllm serve acme/tiny --download-dir /dl\n", mode=0o755)
    (found,) = find(script, cmd=tuple(words.split()), working_dir="/srv", env=("HF_HUB_CACHE=",))
    assert (found.purpose, found.path) == (MountPurpose.HUB, place)


def test_another_hub_has_no_place_in_this_one_s_cache() -> None:
    """ModelScope's client keeps what it fetches elsewhere."""
    assert find(cmd=("vllm", "serve", "acme/tiny"), env=("VLLM_USE_MODELSCOPE=True",)) == []
