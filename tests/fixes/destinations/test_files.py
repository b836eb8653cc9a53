"""New images as folders and archives: whole or not at all, and never over something by accident."""

import ctypes
import json
import os
import stat
import tarfile
import tempfile
from pathlib import Path

import pytest

from layerscope.errors import ReferenceSyntaxError, UsageError
from layerscope.fixes.destinations import archive, exchange, layout
from layerscope.fixes.destinations.destination import PREFIX, Destination
from layerscope.fixes.destinations.select import select_destination
from layerscope.sources.select import select_source
from support.new_images import PATHS, publish, read

SCHEMES = ("oci-dir", "oci-archive")
OLD = b"what was there"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder in which the image is to lie."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def list_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content, and every link with its target."""
    return {
        str(path.relative_to(folder)): os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tag", ["", ":v1"])
def test_what_is_written_is_read_by_the_same_name(scheme: str, tag: str, place: Path, tmp_path: Path) -> None:
    """And nothing else lies beside it."""
    destination = select_destination(f"{scheme}:{place / 'image'}{tag}")
    destination.check()
    new = publish(destination, tmp_path)
    found = read(select_source(destination.where), tmp_path)
    assert found.image.config_digest == new.config.digest
    assert list(found.tree) == PATHS
    assert [path.name for path in place.iterdir()] == ["image"]


def test_an_archive_is_what_docker_saves(place: Path, tmp_path: Path) -> None:
    """Python reads it; `manifest.json` names what is in it, for engines that know nothing else."""
    new = publish(select_destination(f"oci-archive:{place / 'image.tar'}"), tmp_path)
    with tarfile.open(place / "image.tar") as members:
        names = members.getnames()
        file = members.extractfile("manifest.json")
        assert file is not None
        (entry,) = json.loads(file.read())
    assert {"index.json", "oci-layout", entry["Config"], *entry["Layers"]} <= set(names)
    assert entry["Config"] == f"blobs/sha256/{new.config.digest.hex}"
    assert len(entry["Layers"]) == len(PATHS)
    assert entry["RepoTags"] is None


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_image_is_the_same_to_the_byte(scheme: str, place: Path, tmp_path: Path) -> None:
    """No time and no owner of this host is in it."""
    for name in ("one", "two"):
        (place / name).mkdir()
        publish(select_destination(f"{scheme}:{place / name / 'image'}"), tmp_path)
    assert list_files(place / "one") == list_files(place / "two")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_others_may_read_what_is_written(scheme: str, place: Path, tmp_path: Path) -> None:
    """As far as the umask lets them."""
    old = os.umask(0o027)
    try:
        publish(select_destination(f"{scheme}:{place / 'image'}"), tmp_path)
    finally:
        os.umask(old)
    assert stat.S_IMODE((place / "image").stat().st_mode) == (0o750 if scheme == "oci-dir" else 0o640)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["file", "folder", "symlink", "dangling symlink"])
def test_a_place_that_is_taken_stays_as_it_is(scheme: str, kind: str, place: Path) -> None:
    """Whatever lies there."""
    put(place / "image", kind)
    before = list_files(place)
    with pytest.raises(UsageError, match="something is there already; choose another place, or add --replace"):
        select_destination(f"{scheme}:{place / 'image'}").check()
    assert list_files(place) == before


def put(path: Path, kind: str) -> None:
    """Put something of a kind at a path."""
    match kind:
        case "file":
            path.write_bytes(OLD)
        case "folder":
            path.mkdir()
            (path / "precious").write_bytes(OLD)
        case _:
            target = path.with_name("target")
            path.symlink_to(target)
            if kind == "symlink":
                target.mkdir()
                (target / "oci-layout").write_bytes(OLD)


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ("oci-dir", "file"),
        ("oci-dir", "folder"),
        ("oci-dir", "symlink"),
        ("oci-dir", "dangling symlink"),
        ("oci-archive", "folder"),
        ("oci-archive", "symlink"),
    ],
)
def test_what_is_no_image_is_not_replaced(scheme: str, kind: str, place: Path) -> None:
    """A home folder is not lost by a slip."""
    put(place / "image", kind)
    before = list_files(place)
    with pytest.raises(UsageError, match="to replace, found "):
        select_destination(f"{scheme}:{place / 'image'}", replaces=True).check()
    assert list_files(place) == before


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_image_is_replaced_where_that_is_said(scheme: str, place: Path, tmp_path: Path) -> None:
    """Nothing of the old one is left."""
    first = publish(select_destination(f"{scheme}:{place / 'image'}:old"), tmp_path)
    destination = select_destination(f"{scheme}:{place / 'image'}:new", replaces=True)
    destination.check()
    assert publish(destination, tmp_path).config == first.config
    assert read(select_source(destination.where), tmp_path).image.config_digest == first.config.digest
    assert [path.name for path in place.iterdir()] == ["image"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_place_taken_in_the_meantime_stays(scheme: str, place: Path, tmp_path: Path) -> None:
    """Between the question and the answer, minutes pass."""
    destination = select_destination(f"{scheme}:{place / 'image'}")
    destination.check()
    put(place / "image", "folder")
    with pytest.raises(UsageError, match="something is there already"):
        publish(destination, tmp_path)
    assert list_files(place) == {"image/precious": OLD}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("replaces", [True, False])
def test_a_missing_folder_is_told(scheme: str, replaces: bool, place: Path) -> None:
    """None is made: it may be a slip."""
    with pytest.raises(UsageError, match=f"there is no folder '{place}/none'"):
        select_destination(f"{scheme}:{place / 'none/image'}", replaces=replaces).check()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_folder_that_cannot_be_written_to_is_told(
    scheme: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the system says."""

    def refuse(prefix: str, dir: Path) -> str:  # noqa: A002 - the name is the function's
        raise PermissionError(13, "Permission denied", str(dir / prefix))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(UsageError, match=f"writing {scheme}:{place}/image: Permission denied: {place}/"):
        publish(select_destination(f"{scheme}:{place / 'image'}"), tmp_path)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "Ctrl-C"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_failing_publication_leaves_the_old_image(
    scheme: str, error: BaseException, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no workplace."""
    publish(select_destination(f"{scheme}:{place / 'image'}:old"), tmp_path)
    before = list_files(place)

    def fail(*_: object, **__: object) -> None:
        raise error

    if scheme == "oci-dir":
        monkeypatch.setattr(layout, "exchange", fail)
    else:
        monkeypatch.setattr(archive, "iter_archive", fail)
    with pytest.raises(type(error)):
        publish(select_destination(f"{scheme}:{place / 'image'}:new", replaces=True), tmp_path)
    assert list_files(place) == before
    assert list(place.glob(f"{PREFIX}*")) == []


def test_a_layout_with_more_than_the_image_is_not_replaced(place: Path, tmp_path: Path) -> None:
    """Other images, and files of other people, would be lost."""
    publish(select_destination(f"oci-dir:{place / 'image'}:one"), tmp_path)
    destination = select_destination(f"oci-dir:{place / 'image'}:one", replaces=True)
    notes = place / "image/notes.txt"
    notes.write_text("mine")
    with pytest.raises(UsageError, match="found 'notes"):
        destination.check()
    notes.unlink()
    index = place / "image/index.json"
    listed = json.loads(index.read_text())
    index.write_text(json.dumps({**listed, "manifests": listed["manifests"] * 2}))
    with pytest.raises(UsageError, match="of one image to replace, found several"):
        destination.check()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_is_put_into_a_layout(scheme: str, place: Path, tmp_path: Path) -> None:
    """Where its blobs are, least of all."""
    publish(select_destination(f"oci-dir:{place / 'image'}"), tmp_path)
    with pytest.raises(UsageError, match="expected a place of its own, found one in the layout"):
        select_destination(f"{scheme}:{place / 'image/blobs/sha256/other'}").check()


def test_an_archive_keeps_the_mode_of_the_one_it_replaces(place: Path, tmp_path: Path) -> None:
    """What nobody else might read stays so."""
    publish(select_destination(f"oci-archive:{place / 'image'}"), tmp_path)
    (place / "image").chmod(0o600)
    publish(select_destination(f"oci-archive:{place / 'image'}", replaces=True), tmp_path)
    assert (place / "image").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("refuses", [False, True], ids=["at once", "in steps"])
def test_two_folders_swap_their_places(refuses: bool, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On file systems that cannot do it at once, too."""
    if refuses:
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    for name in ("one", "other"):
        (place / name).mkdir()
        (place / name / name).touch()
    exchange.exchange(place / "one", place / "other")
    names = sorted(path.relative_to(place).as_posix() for path in place.rglob("*"))
    assert names == ["one", "one/other", "other", "other/one"]


def test_a_workplace_goes_with_what_is_in_it(place: Path) -> None:
    """However the work ended."""
    with pytest.raises(KeyboardInterrupt):
        begin_work(select_destination(f"oci-dir:{place / 'image'}"), place)
    assert list(place.iterdir()) == []


def begin_work(destination: Destination, place: Path) -> None:
    """Do some work, and be interrupted."""
    with destination.open_workplace() as work:
        (work / "some").mkdir()
        (work / "some/file").write_bytes(OLD)
        assert work.parent == place
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("oci-dir:a/b", "oci-dir:a/b"),
        ("oci-dir:a/b/", "oci-dir:a/b"),
        ("oci-dir:a/b:v1", "oci-dir:a/b:v1"),
        ("oci-archive:./b.tar", "oci-archive:b.tar"),
        ("oci-archive:/a:b/c.tar:v1", "oci-archive:/a:b/c.tar:v1"),
        ("docker:acme/app:1", "docker:acme/app:1"),
        ("podman:acme/app", "podman:acme/app:latest"),
        ("registry:example.org/app:1", "registry:example.org/app:1"),
    ],
)
def test_a_destination_is_told_as_image(text: str, where: str) -> None:
    """So that the next command can be given it."""
    assert select_destination(text).where == where


@pytest.mark.parametrize(
    "text", ["", "x", "oci-dir:", "oci-dir::v1", "tar:x", "docker-archive:x", "oci-dir:a\0b", "/x"]
)
def test_what_is_no_destination_is_told(text: str) -> None:
    """With what is one."""
    with pytest.raises(UsageError, match=r"destination .*: expected "):
        select_destination(text)


@pytest.mark.parametrize("text", ["docker:", "docker:A B", "oci-dir:x:a b", "registry:app@sha256:" + "0" * 64])
def test_a_name_that_is_none_is_told(text: str) -> None:
    """Also a digest, which nobody can choose."""
    with pytest.raises((UsageError, ReferenceSyntaxError)):
        select_destination(text)
