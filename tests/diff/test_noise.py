"""What another build changes anyway is known by its path or its key."""

from collections.abc import Iterator

import pytest

from layerscope.diff.change import ValueChange
from layerscope.diff.noise import EXPLAINED, Noise, drop_file_noise, drop_value_noise, find_file_noise
from layerscope.diff.trees import FileChange, iter_file_changes
from support.indexes import merged
from support.tar_member import TarMember, file


@pytest.mark.parametrize(
    ("path", "noise"),
    [
        ("usr/lib/python3/x/__pycache__/a.cpython-311.pyc", Noise.BYTE_CODE),
        ("usr/lib/python3/x/__pycache__", Noise.BYTE_CODE),
        ("app/old.pyc", None),
        ("var/log/dpkg.log", Noise.LOGS),
        ("var/log/apt/history.log", Noise.LOGS),
        ("etc/ld.so.cache", Noise.LOADER_CACHE),
        ("var/cache/ldconfig/aux-cache", Noise.LOADER_CACHE),
        ("var/cache/debconf/config.dat", Noise.CACHES),
        ("var/lib/apt/lists/deb.debian.org_dists", Noise.CACHES),
        ("root/.cache/pip/http/a", Noise.CACHES),
        ("etc/machine-id", Noise.MACHINE_IDS),
        ("etc/ssh/ssh_host_rsa_key", Noise.MACHINE_IDS),
        ("etc/shadow", None),
        ("root/.cache/huggingface/hub/x", None),
        ("app/.cache", None),
        ("run/secrets/x", None),
        ("var/cache/app/x", None),
        ("var/lib/rpm/rpmdb.sqlite", Noise.CACHES),
        ("etc/passwd-", Noise.ACCOUNTS),
        ("var/lib/dpkg/status-old", Noise.BACKUPS),
        ("tmp/x", Noise.TEMPORARY),
        ("etc/resolv.conf", Noise.TEMPORARY),
        ("etc/passwd", None),
        ("etc/shadow.d/x", None),
        ("var/lib/dpkg/status", None),
        ("app/tmp/x", None),
        ("app/log/x", None),
        ("opt/catalogue", None),
    ],
)
def test_paths_have_their_class(path: str, noise: Noise | None) -> None:
    """A neighbour that looks alike has none."""
    assert find_file_noise(path) is noise


def _changes() -> Iterator[FileChange]:
    before = merged([file("app/a", b"1"), file("app/b", b"1"), file("var/log/x", b"1"), file("app/c", b"1")])
    after = merged(
        [
            file("app/a", b"1", mtime_ns=9),
            file("app/b", b"2", mtime_ns=9),
            file("var/log/x", b"2"),
            file("app/c", b"1", mode=0o600, mtime_ns=9),
        ]
    )
    return iter_file_changes(before, after, shared=0)


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        (set(), ["app/a", "app/b", "app/c", "var/log/x"]),
        ({Noise.TIMES}, ["app/b", "app/c", "var/log/x"]),
        ({Noise.LOGS}, ["app/a", "app/b", "app/c"]),
        (set(Noise), ["app/b", "app/c"]),
    ],
)
def test_each_class_is_left_out_by_itself(ignored: set[Noise], left: list[str]) -> None:
    """What differs in more than its time stays, without the time."""
    found = list(drop_file_noise(_changes(), ignored))
    assert [change.path for change in found] == left
    assert not any(Noise.TIMES in ignored and "time" in change.aspects for change in found)


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        (file("tmp/x"), file("tmp/x", b"1"), set()),
        (file("tmp/x"), file("tmp/x", mode=0o755), {"mode"}),
        (file("tmp/x"), file("tmp/x", b"1", uid=7), {"owner"}),
        (file("tmp/y"), file("tmp/x", b"1"), set()),
        (file("tmp/y"), file("tmp/x", b"1", mode=0o4755), {"tmp/x"}),
        (file("tmp/y"), file("tmp/x.safetensors", b"1"), {"tmp/x.safetensors"}),
    ],
)
def test_noise_is_content_and_time_alone(before: TarMember, after: TarMember, left: set[str]) -> None:
    """Owner, mode, a privileged program and a model count wherever they lie."""
    changes = drop_file_noise(iter_file_changes(merged([before]), merged([after]), shared=0), set(Noise))
    assert {str(aspect) for each in changes for aspect in each.aspects or (each.path,)} == left


def test_keys_have_their_class() -> None:
    """The time of the image is noise, its user is not."""
    changes = [
        ValueChange(name, "1", "2")
        for name in ("created", "config.User", "docker_version", "config.Image", "container_config.Hostname")
    ]
    assert [change.name for change in drop_value_noise(iter(changes), set(Noise))] == ["config.User"]
    assert next(drop_value_noise(iter(changes), {Noise.TIMES})).name == "config.User"


def test_every_class_is_explained() -> None:
    """The help of the command says what each leaves out."""
    assert set(EXPLAINED) == set(Noise)
