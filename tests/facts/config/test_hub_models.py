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


@pytest.mark.parametrize(
    ("words", "needs_more"),
    [
        (("--tokenizer", "acme/other"), True),
        (("--tokenizer=gpt2",), True),
        (("--lora-modules", "sql=acme/sql"), True),
        (("--speculative-config", '{"model": "acme/draft"}'), True),
        (("--tokenizer", "acme/words"), False),
        (("--tokenizer", "acme/tiny"), False),
        (("--tokenizer", "/srv/words"), False),
        (("--chat-template", "templates/chat.jinja"), False),
        (("--served-model-name", "acme/alias", "acme/more"), False),
        (("--port", "8000", "--url", "https://acme.example/x"), False),
    ],
)
def test_what_else_a_command_names_has_to_come_from_the_hub(words: tuple[str, ...], needs_more: bool) -> None:
    """Unless it lies in the cache, weights or not, or in the image."""
    tokenizer = file("root/.cache/huggingface/hub/models--acme--words/snapshots/abc/tokenizer.json", b"{}")
    template = file("templates/chat.jinja", b"")
    (model,) = find(*cache("root/.cache/huggingface/hub"), tokenizer, template, cmd=(*COMMAND, *words))
    assert model.needs_more is needs_more
    assert model.cached == ("acme/tiny", "acme/words")


def test_what_a_variable_or_a_script_names_has_to_come_from_the_hub() -> None:
    """By its name; that of a time zone is none."""
    for env, needs_more in (
        ("TZ=Europe/Berlin", False),
        ("LORA_ADAPTER=acme/sql", True),
        ("MODEL_ID=acme/tiny", False),
    ):
        (model,) = find(*cache("root/.cache/huggingface/hub"), env=(env,))
        assert model.needs_more is needs_more
    script = file("start.sh", b"#!/bin/sh\nexec vllm serve acme/tiny --tokenizer acme/other\n", mode=0o755)
    (model,) = find(*cache("root/.cache/huggingface/hub"), script, cmd=("/start.sh",))
    assert model.needs_more


SHELL = ("/bin/sh", "-c")


@pytest.mark.parametrize(
    "command",
    [
        (*SHELL, "export HF_HUB_CACHE=/models && exec vllm serve acme/tiny"),
        (*SHELL, "HF_HUB_CACHE=/models; export HF_HUB_CACHE; vllm serve acme/tiny"),
        (*SHELL, "exec env HF_HUB_CACHE=/models vllm serve acme/tiny"),
        ("env", "HF_HUB_CACHE=/models", "vllm", "serve", "acme/tiny"),
        ("text-generation-launcher", "--model-id", "acme/tiny", "--huggingface-hub-cache", "/models"),
        ("text-generation-launcher", "--model-id=acme/tiny", "--huggingface-hub-cache=/models"),
        (*SHELL, "unset X; HF_HUB_CACHE=/models; : ${HF_HUB_CACHE:=/x}; export HF_HUB_CACHE; vllm serve acme/tiny"),
    ],
)
def test_a_cache_that_the_command_itself_names_is_where_the_client_looks(command: tuple[str, ...]) -> None:
    """No variable of the config wins over it."""
    (model,) = find(*cache("models"), cmd=command, env=("HF_HUB_CACHE=/elsewhere",))
    assert (model.place, model.is_found, model.is_known, model.is_led) == ("/models", True, True, True)


@pytest.mark.parametrize(
    "command",
    [
        (*SHELL, "HF_HUB_CACHE=/models hf download acme/other; exec vllm serve acme/tiny"),
        (*SHELL, "HF_HUB_CACHE=/models; exec vllm serve acme/tiny"),
        (*SHELL, "vllm serve acme/tiny; HF_HUB_CACHE=/models hf download acme/other"),
    ],
)
def test_a_cache_of_another_command_is_not_where_the_client_looks(command: tuple[str, ...]) -> None:
    """What is not exported, or is set for one command alone."""
    (model,) = find(*cache("models"), cmd=command)
    assert (model.is_found, model.is_known, model.is_led) == (False, True, False)


@pytest.mark.parametrize(
    ("command", "env"),
    [
        ((*COMMAND, "--download-dir", "/models"), ()),
        ((*COMMAND, "--download-dir=/models"), ()),
        ((*SHELL, 'HF_HUB_CACHE="$(find-it)" vllm serve acme/tiny'), ()),
        ((*SHELL, "exec /start.sh"), ()),
        (COMMAND, ("VLLM_USE_MODELSCOPE=True",)),
        ((*SHELL, "VLLM_USE_MODELSCOPE=1 vllm serve acme/tiny"), ()),
    ],
)
def test_where_the_client_looks_may_not_be_known(command: tuple[str, ...], env: tuple[str, ...]) -> None:
    """An option that not all files heed, words that only a run fills in, or another hub."""
    script = file("start.sh", b"#!/bin/sh\nexec vllm serve acme/tiny --download-dir /models\n", mode=0o755)
    (model,) = find(*cache("models"), script, cmd=command, env=env)
    assert not model.is_known


@pytest.mark.parametrize(
    ("text", "env", "place"),
    [
        (": ${HF_HUB_CACHE:=/models}; export HF_HUB_CACHE; exec vllm serve acme/tiny", (), "/models"),
        ('mkdir -p "${HF_HUB_CACHE:=/models}" && export HF_HUB_CACHE && vllm serve acme/tiny', (), "/models"),
        (": ${HF_HUB_CACHE:=/models}; exec vllm serve acme/tiny", (), "/root/.cache/huggingface/hub"),
        (": ${HF_HUB_CACHE:=/models}; exec vllm serve acme/tiny", ("HF_HUB_CACHE=/own",), "/own"),
        (": ${HF_HUB_CACHE:=/models}; exec vllm serve acme/tiny", ("HF_HUB_CACHE=",), "/models"),
    ],
)
def test_a_variable_s_default_is_its_value_where_it_has_none(text: str, env: tuple[str, ...], place: str) -> None:
    """The command sees it once it is exported."""
    (model,) = find(*cache("models"), cmd=(*SHELL, text), env=env)
    assert (model.place, model.is_known) == (place, True)


@pytest.mark.parametrize(
    ("command", "is_known"),
    [
        ((*SHELL, ". /e.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, "if [ -f /e.env ]; then source /e.env; fi; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /opt/hub.sh && exec vllm serve acme/tiny"), False),
        ((*SHELL, 'eval "$(settings)"; exec vllm serve acme/tiny'), False),
        ((*SHELL, "export $(cat /e.env); exec vllm serve acme/tiny"), False),
        ((*SHELL, "env $(cat /e.env) vllm serve acme/tiny"), False),
        (("dotenv", "run", "--", *COMMAND), False),
        (("uv", "run", "--env-file", "/e.env", *COMMAND), False),
        ((*COMMAND, "--config", "/c.yaml"), False),
        (("/start.sh",), False),
        (("/wrap.sh", *COMMAND), False),
        (("/pass.sh", "acme/tiny", "--config=/c.yaml"), False),
        ((*SHELL, "exec vllm serve acme/tiny; . /e.env"), True),
        ((*SHELL, ". /opt/venv/bin/activate && exec vllm serve acme/tiny"), True),
        ((*SHELL, ". /opt/words.sh && exec vllm serve acme/tiny"), True),
        ((*SHELL, ". /app/.env && exec vllm serve acme/tiny"), True),
        ((*SHELL, ". /etc/profile.d/app.sh && exec vllm serve acme/tiny"), True),
        ((*SHELL, "source /app/conf/deep/er/colours.sh; exec vllm serve acme/tiny"), True),
        ((*SHELL, "source /app/both.env; exec vllm serve acme/tiny"), True),
        ((*SHELL, "source /app/more.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, "source /app/loop.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /app/gone.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /app/settings; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /app/long.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /app/model.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /app/home.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, ". /app/eval.env; exec vllm serve acme/tiny"), False),
        ((*SHELL, "nginx --config /c.yaml; exec vllm serve acme/tiny"), True),
        ((*SHELL, "export PORT=80; exec vllm serve acme/tiny --port $PORT"), True),
        (("/opt/nvidia/nvidia_entrypoint.sh", *COMMAND), True),
        (("/pass.sh", "acme/tiny"), True),
    ],
)
def test_settings_that_are_not_read_may_lead_the_client_elsewhere(command: tuple[str, ...], *, is_known: bool) -> None:
    """A file, a text that is evaluated, or another program; not what leads to programs, or says nothing of the hub."""
    members = [
        file("e.env", b"export HF_HUB_CACHE=/models\n"),
        file("opt/hub.sh", b"export HF_HUB_CACHE=/models\n"),
        file("opt/words.sh", b"say() { echo; }\n"),
        file("app/.env", b"# HF_HOME is not set here\nPORT=80\nexport LOG=$HOME/log\n"),
        file("etc/profile.d/app.sh", b"export PORT=80\n"),
        file("app/conf/deep/er/colours.sh", b"RED=1\n"),
        file("app/both.env", b"A=1\n. /app/.env\n"),
        file("app/more.env", b"A=1\n[ -f /e.env ] && . /e.env\n"),
        file("app/loop.env", b". /app/loop.env\n"),
        file("app/settings", b"A=1\n"),
        file("app/long.env", b"A=1\n" * 9000),
        file("app/model.env", b"MODEL=acme/other\n"),
        file("app/home.env", b"export HOME=/srv\n"),
        file("app/eval.env", b'eval "$(settings)"\n'),
        *(
            file(path, f"#!/bin/sh\n{text}\n".encode(), mode=0o755)
            for path, text in (
                ("start.sh", ". /e.env\nexec vllm serve acme/tiny"),
                ("wrap.sh", 'set -a\nsource "$(dirname "$0")/e.env"\nexec "$@"'),
                ("pass.sh", 'exec vllm serve "$@"'),
                ("opt/nvidia/nvidia_entrypoint.sh", 'for f in /x/*; do source "$f"; done\nexec "$@"'),
            )
        ),
    ]
    (model,) = find(*cache("models"), *members, cmd=command)
    assert (model.name, model.is_known) == ("acme/tiny", is_known)


@pytest.mark.parametrize(
    ("command", "folder", "is_known"),
    [
        (COMMAND, "/w", False),
        (("python3", "/app/main.py"), "/w", False),
        ((*SHELL, "cd /w && exec vllm serve acme/tiny"), "/", False),
        ((*SHELL, "cd w && exec vllm serve acme/tiny"), "/", False),
        ((*SHELL, 'cd "$(find-it)" && exec vllm serve acme/tiny'), "/", False),
        (("/start.sh",), "/", False),
        (COMMAND, "/", True),
        (COMMAND, "/w/acme", True),
        ((*SHELL, "cd /srv && exec vllm serve acme/tiny"), "/w", True),
        ((*SHELL, "vllm serve acme/tiny; cd /w"), "/", True),
    ],
)
def test_a_folder_of_the_model_s_name_is_taken_before_the_hub_is_asked(
    command: tuple[str, ...], folder: str, *, is_known: bool
) -> None:
    """Where the process stands, by the config and by the words before the command."""
    script = file("start.sh", b"#!/bin/sh\ncd /w\nexec vllm serve acme/tiny\n", mode=0o755)
    place = "root/.cache/huggingface/hub"
    (model,) = find(*cache(place), script, file("w/acme/tiny/config.json", b"{}"), cmd=command, working_dir=folder)
    assert (model.is_found, model.is_known) == (True, is_known)


def test_a_script_that_leads_the_client_is_told() -> None:
    """By the variable that comes first."""
    script = file("start.sh", b"#!/bin/sh\nexport HF_HUB_CACHE=/models\nexec vllm serve acme/tiny\n", mode=0o755)
    (model,) = find(*cache("models"), script, cmd=("/start.sh",))
    assert (model.is_found, model.is_led) == (True, True)


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
