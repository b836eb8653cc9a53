"""Why a name is not found in the hub's cache: each fault is told from its nearest neighbour by the files alone."""

import os
import shutil
from pathlib import Path

import pytest

from layerscope.probe.payload import hub_cache
from layerscope.probe.payload.hub_cache import (
    SeenFiles,
    choose_revision,
    examine_cache,
    explain_lookup,
    find_near,
    is_offline,
)
from layerscope.probe.payload.hub_places import Asker, find_cache
from support.hub_caches import NAME, REVISION, put_in_cache

LATER = "ee" * 20


class UnreadFiles(SeenFiles):
    """Files of which names and sizes are known, as an image's are."""

    def read_reference(self, path: str) -> str:
        """Nothing."""
        del path
        return ""


def examine(home: Path, name: str = NAME, wanted: str = "", **environment: str) -> dict[str, object]:
    """What is said of a name by these settings, where transformers heeds no variable of its own."""
    return examine_cache(SeenFiles(), name, environment, str(home), wanted, asker=Asker(transformers="5.1.0"))


def put_later(place: Path, *, is_whole: bool) -> None:
    """A second snapshot, later by its name, whose weights may lead nowhere."""
    later = place / "snapshots" / LATER
    shutil.copytree(place / "snapshots" / REVISION, later, symlinks=True)
    if not is_whole:
        (later / "model.safetensors").unlink()
        (later / "model.safetensors").symlink_to("../../blobs/absent")


@pytest.mark.parametrize(
    ("environment", "place", "told"),
    [
        ({}, "/h/.cache/huggingface/hub", "HOME=/h"),
        ({"HOME": "/g", "TRANSFORMERS_CACHE": "/t"}, "/g/.cache/huggingface/hub", "HOME=/g"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/g"}, "/x/huggingface/hub", "XDG_CACHE_HOME=/x"),
        ({"HF_HOME": "/d", "XDG_CACHE_HOME": "/x"}, "/d/hub", "HF_HOME=/d"),
        ({"HF_HOME": "~/d"}, "/h/d/hub", "HF_HOME=~/d"),
        ({"HUGGINGFACE_HUB_CACHE": "/o", "HF_HOME": "/d"}, "/o", "HUGGINGFACE_HUB_CACHE=/o"),
        ({"HF_HUB_CACHE": "/c/", "HUGGINGFACE_HUB_CACHE": "/o"}, "/c", "HF_HUB_CACHE=/c/"),
    ],
)
def test_the_cache_is_where_the_client_has_it(environment: dict[str, str], place: str, told: str) -> None:
    """By the first variable that is set, in the client's own order."""
    assert find_cache(environment, "/h") == (place, told)


def test_a_whole_cache_has_no_fault(tmp_path: Path) -> None:
    """The neighbour of all that follow."""
    put_in_cache(tmp_path / "hf")
    assert examine(tmp_path, HF_HOME=str(tmp_path / "hf"))["kind"] == hub_cache.HUB_WHOLE


def test_a_revision_that_nobody_names_is_told(tmp_path: Path) -> None:
    """The folder of references was not copied."""
    place = put_in_cache(tmp_path / "hf", has_ref=False)
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["place"], told["revision"]) == (hub_cache.HUB_NO_REF, str(place), REVISION)
    assert f"{place} has no refs/main" in str(told["detail"])


def test_links_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    """All of them, where no blob was copied, and one, where one was lost."""
    place = put_in_cache(tmp_path / "hf", has_blobs=False)
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert told["kind"] == hub_cache.HUB_NO_BLOBS
    assert f"are links to {place}/blobs, which is not there" in str(told["detail"])
    place = put_in_cache(tmp_path / "one")
    (place / "blobs" / "config.json").unlink()
    told = examine(tmp_path, HF_HOME=str(tmp_path / "one"))
    assert (told["kind"], told["lost"]) == (hub_cache.HUB_NO_BLOBS, ["config.json"])
    assert "that lead nowhere" in str(told["detail"])


def test_a_download_that_was_broken_off_is_told(tmp_path: Path) -> None:
    """It has blobs, and no snapshot yet."""
    blobs = tmp_path / "hf/hub/models--acme--tiny/blobs"
    blobs.mkdir(parents=True)
    (blobs / "aa.incomplete").touch()
    assert examine(tmp_path, "acme/tiny", HF_HOME=str(tmp_path / "hf"))["kind"] == hub_cache.HUB_NO_SNAPSHOT


@pytest.mark.parametrize("other", ["TRANSFORMERS_CACHE", "HOME"])
def test_a_cache_in_another_place_is_told(other: str, tmp_path: Path) -> None:
    """Below the home, where a variable names another one; or where a variable says that no longer counts."""
    filled = tmp_path / (".cache/huggingface" if other == "HOME" else "filled")
    place = put_in_cache(filled)
    settings = {} if other == "HOME" else {other: str(filled / "hub")}
    told = examine(tmp_path, HF_HUB_CACHE=str(tmp_path / "used"), **settings)
    assert (told["kind"], told["place"], told["other"]) == (hub_cache.HUB_ELSEWHERE, str(place), str(place.parent))
    assert f"looks in {tmp_path / 'used'} (HF_HUB_CACHE={tmp_path / 'used'})" in str(told["detail"])


def test_another_name_is_told_by_the_nearest(tmp_path: Path) -> None:
    """Capitals count in a cache; where none is alike, some that are cached are named."""
    for name in ("acme/other", "Acme/Tiny-1b", "acme/large"):
        put_in_cache(tmp_path / "hf", name)
    told = examine(tmp_path, "acme/tiny-1b", HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["near"]) == (hub_cache.HUB_OTHER_NAME, "Acme/Tiny-1b")
    told = examine(tmp_path, "zz/0123456789", HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["near"]) == (hub_cache.HUB_OTHER_NAME, "")
    assert "holds Acme/Tiny-1b, acme/large, acme/other" in str(told["detail"])


def test_the_name_counts_where_the_owner_is_another_one() -> None:
    """A mirror, or a fork of the repository."""
    assert find_near("unsloth/Llama-3-8B", ["a/b", "meta-llama/Llama-3-8B"]) == "meta-llama/Llama-3-8B"
    assert find_near("acme/tiny", []) == ""


def test_an_empty_cache_is_told(tmp_path: Path) -> None:
    """With the place in which the client looks."""
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert told["kind"] == hub_cache.HUB_NOT_CACHED
    assert f"{tmp_path}/hf/hub (HF_HOME={tmp_path}/hf) holds no model" in str(told["detail"])


def test_a_process_sees_what_it_may_not_read_and_where_a_reference_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are told only by who runs."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    place = put_in_cache(tmp_path / "hf")
    assert explain_lookup(NAME)["kind"] == hub_cache.HUB_WHOLE
    (place / "refs/main").write_text("5e" * 20)
    told = explain_lookup(NAME)
    assert (told["kind"], told["revision"]) == (hub_cache.HUB_ASTRAY_REF, REVISION)
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(tmp_path / "hf") and may(path, mode))
    told = explain_lookup(NAME)
    assert (told["kind"], told["denied"]) == (hub_cache.HUB_UNREADABLE, str(tmp_path / "hf"))
    assert str(told["detail"]).endswith("Permission denied")


def test_of_two_snapshots_the_one_counts_that_the_reference_names(tmp_path: Path) -> None:
    """Be the other whole or not; the last one where no reference is there."""
    place = put_in_cache(tmp_path / "hf")
    put_later(place, is_whole=False)
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["revision"]) == (hub_cache.HUB_WHOLE, REVISION)
    (place / "refs/main").write_text(LATER)
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["revision"]) == (hub_cache.HUB_NO_BLOBS, LATER)
    place = put_in_cache(tmp_path / "two", has_ref=False)
    put_later(place, is_whole=True)
    assert choose_revision(SeenFiles(), str(place)) == LATER


def test_where_a_reference_cannot_be_read_the_whole_snapshot_counts(tmp_path: Path) -> None:
    """Of an image, names and sizes are known and contents are not."""
    place = put_in_cache(tmp_path / "hf")
    put_later(place, is_whole=False)
    assert choose_revision(UnreadFiles(), str(place)) == REVISION
    told = examine_cache(UnreadFiles(), NAME, {"HF_HOME": str(tmp_path / "hf")}, str(tmp_path))
    assert told["kind"] == hub_cache.HUB_WHOLE


def test_a_revision_that_is_named_needs_no_reference_to_main(tmp_path: Path) -> None:
    """By its commit, or by a reference of its own; and one that is not there is told with what is."""
    place = put_in_cache(tmp_path / "hf", has_ref=False)
    told = examine(tmp_path, wanted=REVISION, HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["revision"]) == (hub_cache.HUB_WHOLE, REVISION)
    told = examine(tmp_path, wanted="v1", HF_HOME=str(tmp_path / "hf"))
    assert told["kind"] == hub_cache.HUB_OTHER_REVISION
    assert f"the revision v1 of {NAME} is not cached: {place} holds {REVISION}" in str(told["detail"])
    (place / "refs").mkdir()
    (place / "refs/v1").write_text(REVISION)
    assert examine(tmp_path, wanted="v1", HF_HOME=str(tmp_path / "hf"))["kind"] == hub_cache.HUB_WHOLE


def test_a_reference_with_an_end_of_line_leads_nowhere(tmp_path: Path) -> None:
    """The client takes it as it stands."""
    place = put_in_cache(tmp_path / "hf")
    (place / "refs/main").write_text(f"{REVISION}\n")
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["revision"]) == (hub_cache.HUB_ASTRAY_REF, REVISION)
    assert "\\n" in str(told["detail"])


@pytest.mark.parametrize(("name", "missing"), [("model.safetensors", "weights"), ("config.json", "config.json")])
def test_a_snapshot_that_lacks_a_file_is_not_whole(name: str, missing: str, tmp_path: Path) -> None:
    """With what is left of the download."""
    place = put_in_cache(tmp_path / "hf")
    (place / "snapshots" / REVISION / name).unlink()
    (place / "blobs" / name).rename(place / "blobs/8f3a.incomplete")
    told = examine(tmp_path, HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told["missing"]) == (hub_cache.HUB_INCOMPLETE, missing)
    assert f"has no {missing}: " in str(told["detail"])
    assert "8f3a.incomplete is left of it" in str(told["detail"])


@pytest.mark.parametrize(
    "names",
    [("tiny-q4.gguf",), ("ggml-base.bin",), ("model_index.json", "unet/model.bin"), ("adapter_model.safetensors",)],
)
def test_a_repository_of_another_form_lacks_nothing(names: tuple[str, ...], tmp_path: Path) -> None:
    """Weights without a config.json, and those that lie in folders of their own."""
    put_names(tmp_path / "hf/hub/models--acme--tiny", *names)
    assert examine(tmp_path, "acme/tiny", HF_HOME=str(tmp_path / "hf"))["kind"] == hub_cache.HUB_WHOLE


def test_another_users_home_that_is_closed_is_told(tmp_path: Path) -> None:
    """Its cache is of no use to whoever may not go there; root may go anywhere."""
    filled = tmp_path / "a/.cache/huggingface"
    put_in_cache(filled)
    (tmp_path / "a").chmod(0o700)
    settings = {"TRANSFORMERS_CACHE": str(filled / "hub"), "HF_HUB_CACHE": str(tmp_path / "used")}
    told = examine(tmp_path, NAME, **settings)
    assert told["kind"] == hub_cache.HUB_ELSEWHERE
    assert str(tmp_path / "a") in list(told["closed"])  # type: ignore[call-overload]
    assert "is closed to other users" in str(told["detail"])
    for user, is_closed in ((None, True), (os.getuid() + 1, True), (os.getuid(), False), (0, False)):
        for home in ("/root", "/app"):  # where the user's home is tells nothing of the user
            seen = examine_cache(SeenFiles(), NAME, settings, home, asker=Asker(user, "5.1.0"))
            assert (str(tmp_path / "a") in seen["closed"]) is is_closed


def test_a_closed_folder_above_the_cache_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has to be opened, and what lies below it is of no help; a folder in the cache is not above it."""
    cache = tmp_path / "closed/data/hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    place = put_in_cache(cache.parent)
    may, denied = os.access, {str(cache.parent)}
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) not in denied and may(path, mode))
    told = explain_lookup(NAME)
    assert (told["kind"], told["closed"][0]) == (hub_cache.HUB_UNREADABLE, str(cache.parent))
    denied = {str(place / "refs")}
    told = explain_lookup(NAME)
    assert (told["kind"], str(place / "refs") in told["closed"]) == (hub_cache.HUB_UNREADABLE, False)


def put_names(place: Path, *names: str) -> None:
    """A snapshot that main names, with empty files of those names."""
    for each in names:
        path = place / "snapshots" / REVISION / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (place / "refs").mkdir()
    (place / "refs/main").write_text(REVISION)


SHARDS = tuple(f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3))
INDEX = ("config.json", "model.safetensors.index.json")


def list_many(count: int, total: int) -> list[str]:
    """The first shards of as many as are looked at, or some more."""
    return [f"model-{number:05}-of-{total:05}.safetensors" for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("names", "kind", "missing"),
    [
        ((*INDEX, *SHARDS), hub_cache.HUB_WHOLE, None),
        ((*INDEX, SHARDS[0]), hub_cache.HUB_INCOMPLETE, SHARDS[1]),
        ((*INDEX, *SHARDS[1:]), hub_cache.HUB_INCOMPLETE, SHARDS[0]),
        ((*INDEX, "tokenizer.json"), hub_cache.HUB_INCOMPLETE, "weights"),
        ((*INDEX, *SHARDS, "pytorch_model-00001-of-00002.bin"), hub_cache.HUB_WHOLE, None),
        ((*INDEX, *list_many(4094, 4094)), hub_cache.HUB_WHOLE, None),
        ((*INDEX, *list_many(4094, 4095)), hub_cache.HUB_INCOMPLETE, "model-04095-of-04095.safetensors"),
        ((*INDEX, *list_many(4095, 4095)), hub_cache.HUB_WHOLE, None),
        (("config.json", "tokenizer.json"), hub_cache.HUB_NO_WEIGHTS, None),
        (("config.json", "tiny.nemo"), hub_cache.HUB_NO_WEIGHTS, None),
        (("params.json", "consolidated.00.pth"), hub_cache.HUB_WHOLE, None),
        (("README.md", "model.bin"), hub_cache.HUB_WHOLE, None),
        (("a-00000-of-00002.gguf", "a-00001-of-00002.gguf"), hub_cache.HUB_WHOLE, None),
    ],
)
def test_a_broken_download_is_told_by_its_proof(
    names: tuple[str, ...], kind: str, missing: str | None, tmp_path: Path
) -> None:
    """A shard whose others are missing, or a list without any; that there are no weights proves nothing."""
    put_names(tmp_path / "hf/hub/models--acme--tiny", *names)
    told = examine(tmp_path, "acme/tiny", HF_HOME=str(tmp_path / "hf"))
    assert (told["kind"], told.get("missing")) == (kind, missing)


@pytest.mark.parametrize(
    ("version", "has_old", "has_new", "kind"),
    [
        ("4.57.1", True, False, hub_cache.HUB_WHOLE),
        ("4.57.1", False, True, hub_cache.HUB_ELSEWHERE),
        ("5.0.0", True, False, hub_cache.HUB_ELSEWHERE),
        ("5.0.0", False, True, hub_cache.HUB_WHOLE),
        ("", True, False, hub_cache.HUB_WHOLE),
        ("", False, True, hub_cache.HUB_WHOLE),
    ],
)
def test_the_old_variable_counts_up_to_transformers_4(
    version: str, kind: str, tmp_path: Path, *, has_old: bool, has_new: bool
) -> None:
    """Before all others; where the version is not known, both caches are looked into."""
    for home, is_filled in (("old", has_old), ("new", has_new)):
        if is_filled:
            put_in_cache(tmp_path / home)
    settings = {"TRANSFORMERS_CACHE": str(tmp_path / "old/hub"), "HF_HOME": str(tmp_path / "new")}
    told = examine_cache(SeenFiles(), NAME, settings, "/nowhere", asker=Asker(transformers=version))
    assert told["kind"] == kind


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"HF_HUB_OFFLINE": "1"}, True),
        ({"TRANSFORMERS_OFFLINE": "yes"}, True),
        ({"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"}, False),
    ],
)
def test_a_client_that_asks_nobody_is_told(environment: dict[str, str], *, expected: bool) -> None:
    """By the first variable that is set, as in the client's `constants.py`."""
    assert is_offline(environment) is expected
