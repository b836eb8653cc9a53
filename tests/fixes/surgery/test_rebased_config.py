"""A config on another base: each setting merged from what the old base, the image and the new base say."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.fixes.surgery.rebased_config import RebasedConfig, rebase_config
from layerscope.image.config import parse_config
from layerscope.image.digest import Digest

Step = dict[str, object]


def digests(*names: str) -> list[str]:
    """DiffIDs of layers by their names."""
    return [str(Digest.of(name.encode())) for name in names]


def rebase(
    image: Mapping[str, object],
    old: Mapping[str, object],
    new: Mapping[str, object],
    documents: Mapping[str, Mapping[str, object]] | None = None,
) -> RebasedConfig:
    """The config of an image of one layer on a base of one; the settings of the container are given."""
    layers = {"image": ("old", "own"), "old": ("old",), "new": ("new", "more")}
    settings = {"image": image, "old": old, "new": new}
    configs = (
        {
            "os": "linux",
            "architecture": "amd64",
            "config": settings[name],
            "rootfs": {"type": "layers", "diff_ids": digests(*layers[name])},
            **(documents or {}).get(name, {}),
        }
        for name in layers
    )
    parsed = [parse_config(json.dumps(each).encode(), where="config") for each in configs]
    return rebase_config(parsed[0], parsed[1], parsed[2])


def read(done: RebasedConfig) -> Any:
    """The document."""
    return json.loads(done.content)


def merge(image: Mapping[str, object], old: Mapping[str, object], new: Mapping[str, object]) -> Any:
    """The settings of the container."""
    return read(rebase(image, old, new))["config"]


def test_what_a_builder_left_stays() -> None:
    """It is no setting of any base."""
    assert merge({"Hostname": "a", "Tty": False}, {"Hostname": "a"}, {"Hostname": "b", "Image": "c"}) == {
        "Hostname": "a",
        "Tty": False,
    }


TEXTS = [(key, "a", "b", "own") for key in ("User", "WorkingDir", "StopSignal")]
LISTS = [(key, ["a"], ["b"], ["own"]) for key in ("Entrypoint", "Cmd", "Shell", "OnBuild")]
CHECK = ("Healthcheck", {"Test": ["NONE"]}, {"Test": ["CMD", "b"]}, {"Test": ["CMD", "own"]})


@pytest.mark.parametrize(("key", "old", "new", "own"), [*TEXTS, *LISTS, CHECK])
def test_a_setting_is_the_new_bases_where_it_was_the_old_ones(key: str, old: object, new: object, own: object) -> None:
    """And the image's own where that had changed it, or set it first."""
    assert merge({key: old}, {key: old}, {key: new}) == {key: new}
    assert merge({key: old}, {key: old}, {}) == {key: None}
    assert merge({key: own}, {key: old}, {key: new}) == {key: own}
    assert merge({key: own}, {}, {key: new}) == {key: own}
    assert merge({}, {}, {key: new}) == {key: new}
    assert merge({key: None}, {key: old}, {key: new}) == {key: None}


@pytest.mark.parametrize("key", ["Labels", "ExposedPorts", "Volumes"])
def test_entries_are_merged_one_by_one(key: str) -> None:
    """What the image had taken out stays out."""
    old = {"kept": "1", "changed": "1", "gone": "1", "out": "1"}
    own = {"kept": "1", "changed": "own", "gone": "1", "added": "own"}
    new = {"kept": "2", "changed": "2", "new": "2", "out": "2"}
    assert merge({key: own}, {key: old}, {key: new}) == {
        key: {"kept": "2", "changed": "own", "new": "2", "added": "own"}
    }
    assert merge({key: {"a": "1"}}, {key: {"a": "1"}}, {}) == {key: None}


@pytest.mark.parametrize(
    ("own", "old", "new", "wanted"),
    [
        (["A=1"], ["A=1"], ["A=2", "B=2"], ["A=2", "B=2"]),
        (["A=own", "C=own"], ["A=1"], ["A=2", "B=2"], ["A=own", "B=2", "C=own"]),
        ([], ["A=1"], ["A=2", "B=2"], ["B=2"]),
        (["A=1"], ["A=1"], [], []),
        (["A=/own:/old"], ["A=/old"], ["A=/new"], ["A=/own:/new"]),
        (["A=/old:/own"], ["A=/old"], ["A=/new"], ["A=/new:/own"]),
        (["A=/own:/old"], ["A=/old"], [], ["A=/own:/old"]),
        (["A=/own/old"], ["A=old"], ["A=new"], ["A=/own/old"]),
        (["A=1", "A=own"], ["A=1"], ["A=2"], ["A=own"]),
        (["A=own=1"], ["A=1"], ["A=2"], ["A=own=1"]),
    ],
)
def test_variables_are_merged_one_by_one(
    own: Sequence[str], old: Sequence[str], new: Sequence[str], wanted: Sequence[str]
) -> None:
    """A list that had the old base's at an end has the new one's there."""
    assert merge({"Env": own}, {"Env": old}, {"Env": new})["Env"] == wanted


def test_layers_and_steps_are_those_of_the_new_base_and_of_the_image() -> None:
    """In that order."""
    history: dict[str, dict[str, object]] = {
        "image": {"history": [{"created_by": "old"}, {"created_by": "own"}]},
        "old": {"history": [{"created_by": "old"}]},
        "new": {"history": [{"created_by": "new"}, {"created_by": "more"}]},
    }
    document = read(rebase({}, {}, {}, history))
    assert document["rootfs"]["diff_ids"] == digests("new", "more", "own")
    assert [step["created_by"] for step in document["history"]] == ["new", "more", "own"]


@pytest.mark.parametrize(
    ("old", "wanted"),
    [
        ([{"created_by": "other words"}], ["ENV", "own"]),
        ([], ["old", "ENV", "own"]),
        ([{"created_by": "old"}, {"created_by": "ENV", "empty_layer": True}], ["own"]),
    ],
    ids=["other", "none", "same"],
)
def test_the_images_own_steps_begin_after_those_of_the_old_base(old: list[Step], wanted: list[str]) -> None:
    """Where these are told in other words, after the one that made its last layer."""
    steps: list[Step] = [{"created_by": "old"}, {"created_by": "ENV", "empty_layer": True}, {"created_by": "own"}]
    document = read(rebase({}, {}, {}, {"image": {"history": steps}, "old": {"history": old}}))
    assert [step["created_by"] for step in document["history"]] == wanted


def test_other_fields_stay_and_the_systems_are_the_new_bases() -> None:
    """Builders have fields of their own."""
    own: dict[str, object] = {"created": "2026-01-01T00:00:00Z", "x": [1], "os.version": "1"}
    fields: dict[str, dict[str, object]] = {"image": own, "new": {"os.version": "2"}}
    document = read(rebase({}, {}, {}, fields))
    assert (document["created"], document["x"], document["os.version"]) == ("2026-01-01T00:00:00Z", [1], "2")


def test_labels_that_claim_the_old_base_claim_the_new_one() -> None:
    """Where the image has them; what is not known of the new base is not claimed."""
    image, old, new = (
        parse_config(
            json.dumps({"config": {"Labels": labels}, "rootfs": {"type": "layers", "diff_ids": []}}).encode(),
            where="config",
        )
        for labels in ({"digest": "old", "name": "old", "x": "1"}, {}, {})
    )
    done = rebase_config(image, old, new, {"digest": "new", "name": None, "other": "2"})
    assert read(done)["config"]["Labels"] == {"digest": "new", "x": "1"}
    assert done.changes == ("Labels digest=new", "Labels name is not set any more")


def test_changes_are_told() -> None:
    """One a line, in order."""
    old = {"Env": ["A=1", "B=1"], "Labels": {"l": "1"}, "Cmd": ["sh"], "User": "root"}
    new = {"Env": ["A=2"], "Labels": {"l": "1", "m": "2"}, "Cmd": ["bash"]}
    assert rebase(old, old, new).changes == (
        'Cmd=["bash"]',
        "Env A=2",
        "Env B is not set any more",
        "Labels m=2",
        "User is not set any more",
    )
    assert rebase(old, old, old).changes == ()


NAMES = st.sampled_from("ABCDE")
VALUES = st.lists(st.sampled_from(["/a", "/b", "1", ""]), max_size=3).map(":".join)


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_on_the_same_base_nothing_changes(below: dict[str, str], above: dict[str, str], own: dict[str, str]) -> None:
    """And from one base to another and back, neither."""
    old, new = ({"Env": [f"{name}={value}" for name, value in each.items()], "Labels": each} for each in (below, above))
    values = below | own
    image = {"Env": [f"{name}={value}" for name, value in values.items()], "Labels": values}
    assert rebase(image, old, old).changes == ()
    moved = merge(image, old, new)
    there = dict(entry.split("=", 1) for entry in moved["Env"] or ())
    assert all(there[name] == value for name, value in above.items() if own.get(name) in {None, below.get(name)})
    assert there.keys() >= own.keys() - below.keys()
