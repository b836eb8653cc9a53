"""Models in the hub's cache, as the client of the image's user finds them without asking."""

import pytest

from layerscope.facts.config.hub_models import HubModel, HubModelCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.hub_files import cache
from support.tar_member import TarMember, directory, file, symlink

PASSWD = file("etc/passwd", b"root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n")
COMMAND = ("vllm", "serve", "acme/tiny")


def find(*members: TarMember, **runtime: object) -> list[HubModel]:
    """The models of an image with these files and this config."""
    context = make_context((PASSWD, *members), runtime=RuntimeConfig(**{"cmd": COMMAND, **runtime}))  # type: ignore[arg-type]
    return [each for each in collect(HubModelCollector, context) if isinstance(each, HubModel)]


def test_a_whole_model_is_found_where_the_client_looks() -> None:
    """In the home of the user, or where a variable leads."""
    (model,) = find(*cache("root/.cache/huggingface/hub"))
    assert (model.name, model.revisions, model.is_decided) == ("acme/tiny", ("main", "abc"), False)
    assert model.told == "named by `vllm serve` in the image's command"
    assert model.is_found
    (other,) = find(*cache("root/.cache/huggingface/hub"), user="app")
    assert (other.is_found, other.cache) == (False, "/root/.cache/huggingface/hub")
    assert other.place == "/home/app/.cache/huggingface/hub"
    (led,) = find(*cache("srv/hub"), env=("HF_HOME=/srv",), user="app")
    assert led.is_found
    (linked,) = find(*cache("srv/hub"), symlink("root/.cache/huggingface", "/srv"))
    assert linked.is_found


def test_what_the_user_may_read_is_told() -> None:
    """By every folder above, and by every file of the model."""
    (model,) = find(*cache("srv/hub"), user="app")
    assert model.is_readable
    (model,) = find(*cache("srv/hub"), directory("srv", mode=0o700), user="app")
    assert model.is_readable is False
    (model,) = find(*cache("srv/hub"), file("srv/hub/models--acme--tiny/blobs/x", b"1", mode=0o600), user="app")
    assert model.is_readable is False
    (model,) = find(*cache("srv/hub"), directory("srv", mode=0o700))
    assert model.is_readable
    (model,) = find(*cache("srv/hub"), user="stranger")
    assert model.is_readable is None


def test_a_volume_at_the_client_s_place_is_told() -> None:
    """It may have the model."""
    for volume, is_volume in (("/home/app/.cache", True), ("/home/app/.cache/x", False)):
        (model,) = find(*cache("srv/hub"), user="app", volumes=(volume,))
        assert model.is_volume is is_volume


def test_what_the_command_does_not_name_is_found_without_a_reason() -> None:
    """A Python script may load it."""
    (model,) = find(*cache("root/.cache/huggingface/hub"), cmd=("python3", "/app/main.py"))
    assert not model.told
    (other,) = find(*cache("root/.cache/huggingface/hub"), cmd=(*COMMAND, "--revision", "v2"))
    assert not other.told


@pytest.mark.parametrize(
    "runtime",
    [
        {"env": ("HF_HUB_OFFLINE=1",)},
        {"env": ("TRANSFORMERS_OFFLINE=1",)},
        {"env": ("HF_HUB_OFFLINE=0",)},
        {"cmd": ("/bin/sh", "-c", "HF_HUB_OFFLINE=1 vllm serve acme/tiny")},
        {"cmd": ("/start.sh",)},
    ],
)
def test_a_decision_is_seen_wherever_it_stands(runtime: dict[str, object]) -> None:
    """In the environment, in front of the command, or in a script."""
    script = file("start.sh", b"#!/bin/sh\nexport HF_HUB_OFFLINE=1\nexec vllm serve acme/tiny\n", mode=0o755)
    (model,) = find(*cache("root/.cache/huggingface/hub"), script, **runtime)
    assert model.is_decided


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": b"{}"},
        {"model.safetensors": b"1"},
        {"config.json": b"{}", "model.safetensors": b""},
        {"config.json": b"{}", "model-00001-of-00002.safetensors": b"1"},
        {"config.json": b"{}", "model.safetensors.index.json": b"{}", "model.bin": b"1"},
    ],
)
def test_a_model_that_lacks_something_is_left_out(files: dict[str, bytes]) -> None:
    """It may come from the hub alone."""
    assert find(*cache("root/.cache/huggingface/hub", files)) == []


def test_shards_that_are_all_there_are_whole() -> None:
    """By the numbers in their names."""
    shards = {f"model-0000{number}-of-00002.safetensors": b"1" for number in (1, 2)}
    assert find(*cache("root/.cache/huggingface/hub", {"config.json": b"{}", **shards}))


def test_broken_caches_are_left_out() -> None:
    """A link to nothing, a download that broke off, or two snapshots of which either may be asked for."""
    place = "root/.cache/huggingface/hub"
    folder = f"{place}/models--acme--tiny"
    assert find(*cache(place), symlink(f"{folder}/snapshots/abc/tokenizer.json", "../../blobs/77")) == []
    assert find(*cache(place), file(f"{folder}/blobs/77.incomplete", b"")) == []
    assert find(*cache(place), file(f"{folder}/snapshots/def/config.json", b"{}")) == []
