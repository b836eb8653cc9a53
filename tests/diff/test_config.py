"""Configs are compared key by key."""

import json
from typing import Any

import pytest

from layerscope.diff.change import ValueChange
from layerscope.diff.config import iter_config_changes
from layerscope.image.config import ImageConfig, parse_config


def _config(**fields: Any) -> ImageConfig:
    document = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, **fields}
    return parse_config(json.dumps(document).encode(), where="the test's config")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"config": {"User": "app"}}, {"config": {"User": ""}}, ("config.User", "app", None)),
        ({"config": {"Env": ["A=1", "B=2"]}}, {"config": {"Env": ["B=2", "A=3"]}}, ("config.Env.A", "1", "3")),
        ({"config": {}}, {"config": {"ExposedPorts": {"80/tcp": {}}}}, ("config.ExposedPorts.80/tcp", None, "")),
        ({"config": {"Labels": {"a": "1"}}}, {"config": {"Labels": None}}, ("config.Labels.a", "1", None)),
        ({"config": {"Cmd": ["a"]}}, {"config": {"Cmd": ["b"]}}, ("config.Cmd", '["a"]', '["b"]')),
        ({"os.features": ["x"]}, {}, ("os.features", '["x"]', None)),
        ({"created": "2026-01-01T00:00:00Z"}, {"created": None}, ("created", "2026-01-01T00:00:00Z", None)),
    ],
)
def test_a_key_is_told_by_its_path(before: dict[str, Any], after: dict[str, Any], expected: tuple[str, ...]) -> None:
    """The environment goes by its names, maps by their keys, unknown keys like any other."""
    assert list(iter_config_changes(_config(**before), _config(**after))) == [ValueChange(*expected)]


def test_empty_is_as_good_as_absent() -> None:
    """Builders write null, nothing, or an empty list for the same thing; history and layers are told elsewhere."""
    one = _config(
        config={"Volumes": None, "OnBuild": [], "Labels": {}, "WorkingDir": "", "User": ""},
        history=[{"created_by": "x"}],
    )
    assert list(iter_config_changes(one, _config(config={}))) == []


@pytest.mark.parametrize("name", ["AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce"])
def test_a_switch_that_is_off_is_as_good_as_absent(name: str) -> None:
    """An engine's image has them all, a copy of it in OCI's form none; one that is on differs from both."""
    off, on, none = _config(config={name: False}), _config(config={name: True}), _config(config={})
    assert list(iter_config_changes(off, none)) == list(iter_config_changes(none, off)) == []
    assert list(iter_config_changes(off, on)) == [ValueChange(f"config.{name}", None, "true")]
    assert list(iter_config_changes(on, none)) == [ValueChange(f"config.{name}", "true", None)]


def test_the_health_check_is_told_where_a_copy_loses_it() -> None:
    """It is all that a copy in OCI's form does not have."""
    engine = {"Tty": False, "AttachStdin": False, "OnBuild": None, "Healthcheck": {"Test": ["CMD", "true"]}}
    changes = list(iter_config_changes(_config(config=engine), _config(config={})))
    assert changes == [ValueChange("config.Healthcheck.Test", '["CMD", "true"]', None)]


def test_another_value_that_is_false_is_a_difference() -> None:
    """What is absent may mean anything else; a label says it in a word."""
    one = _config(config={"Labels": {"Tty": "false"}, "Unheard": False})
    assert [each.name for each in iter_config_changes(one, _config(config={}))] == [
        "config.Labels.Tty",
        "config.Unheard",
    ]


@pytest.mark.parametrize(
    "setting",
    [
        {"Cmd": ["/serve", "--api-key=sk-Zt7pWq4hYd2kLmN8"]},
        {"Entrypoint": ["/serve", "--password", "Zt7pWq4hYd2kLmN8"]},
        {"Labels": {"db.password": "Zt7pWq4hYd2kLmN8"}},
        {"Env": ["my.password.old=Zt7pWq4hYd2kLmN8", "API_TOKEN=Zt7pWq4hYd2kLmN8"]},
    ],
)
def test_credentials_are_hidden(setting: dict[str, Any]) -> None:
    """Whoever tells of a change has nothing to tell that must not be shown."""
    changes = list(iter_config_changes(_config(), _config(config=setting)))
    assert changes
    assert "Zt7p" not in repr(changes)
