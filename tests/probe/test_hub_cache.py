"""Why a name is not found in the hub's cache: each fault is told from its nearest neighbour by the files alone."""

import os
from pathlib import Path

import pytest

from layerscope.probe.payload import hub_cache
from layerscope.probe.payload.hub_cache import SeenFiles, examine_cache, explain_lookup, find_cache, find_near
from support.hub_caches import NAME, REVISION, put_in_cache


def examine(home: Path, name: str = NAME, **environment: str) -> dict[str, object]:
    """What is said of a name by these settings."""
    return examine_cache(SeenFiles(), name, environment, str(home))


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
