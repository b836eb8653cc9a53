"""Credentials in the config are facts by place, kind and length."""

import pytest

from layerscope.facts.config.secrets import ConfigSecret, ConfigSecretCollector, SecretPlace
from layerscope.image.config import Healthcheck, HistoryEntry, RuntimeConfig
from support.contexts import CREATED, collect, make_context
from support.tar_member import file

TOKEN = "ghp_" + "q7Wm2Zr9Kt4Xp8Lc3Vn6Bd5Hg1Jf0TsYuEoA"
OTHER = "ghp_" + "AoEuYsT0fJ1gH5dB6nV3cL8pX4tK9rZ2mW7q"


def secrets(*steps: str | HistoryEntry, runtime: RuntimeConfig | None = None) -> tuple[ConfigSecret, ...]:
    """The credentials of an image with these steps."""
    return collect(ConfigSecretCollector, make_context([file("a")], steps=steps, runtime=runtime)).of(ConfigSecret)


def test_finds_them_in_the_environment() -> None:
    """By name, with less certainty than by form."""
    found = secrets(runtime=RuntimeConfig(env=("DB_PASSWORD=hunter2", f"X={TOKEN}", "PATH=/usr/bin")))
    assert [(item.place, item.name, item.kind, item.length, item.is_certain) for item in found] == [
        (SecretPlace.ENVIRONMENT, "DB_PASSWORD", "password", 7, False),
        (SecretPlace.ENVIRONMENT, "X", "GitHub token", 40, True),
    ]


def test_finds_them_in_labels_commands_and_health_checks() -> None:
    """Wherever a person may have put one."""
    runtime = RuntimeConfig(
        labels={"com.example.api_key": "hunter22"},
        cmd=("serve", "--token", "hunter33"),
        healthcheck=Healthcheck(("CMD-SHELL", "curl -u me:hunter44 http://localhost")),
    )
    assert [(item.place, item.name) for item in secrets(runtime=runtime)] == [
        (SecretPlace.LABEL, "com.example.api_key"),
        (SecretPlace.COMMAND, "token"),
        (SecretPlace.HEALTH_CHECK, ""),
    ]


def test_tells_build_arguments_from_commands() -> None:
    """Builders put their values in front."""
    found = secrets("|2 TOKEN=abc123x BUILD=1 /bin/sh -c tool --password hunter2")
    assert [(item.place, item.name, item.step, item.layer) for item in found] == [
        (SecretPlace.BUILD_ARGUMENT, "TOKEN", 0, 0),
        (SecretPlace.HISTORY, "password", 0, 0),
    ]


def test_finds_build_arguments_of_buildkit() -> None:
    """It writes RUN before them."""
    (found,) = secrets("RUN |1 TOKEN=abc123x /bin/sh -c make # buildkit")
    assert found.place is SecretPlace.BUILD_ARGUMENT


def test_finds_a_variable_that_was_unset_later() -> None:
    """The history keeps it."""
    entry = HistoryEntry(CREATED, "ENV API_TOKEN=abc123x", empty_layer=True)
    (found,) = secrets("COPY a /", entry, runtime=RuntimeConfig(env=("API_TOKEN=",)))
    assert (found.place, found.name, found.layer) == (SecretPlace.HISTORY, "API_TOKEN", None)


def test_tells_each_value_once() -> None:
    """The environment and the step that set it hold the same; so may two words of one step."""
    entry = HistoryEntry(CREATED, "ENV API_TOKEN=abc123x", empty_layer=True)
    (found,) = secrets(entry, runtime=RuntimeConfig(env=("API_TOKEN=abc123x",)))
    assert found.place is SecretPlace.ENVIRONMENT
    assert len(secrets("|1 TOKEN=abc123x /bin/sh -c git clone https://me:abc123x@example.com/x")) == 1


@pytest.mark.parametrize(
    "instruction",
    [
        f"RUN echo {TOKEN}",
        f"RUN login -u bob hunter2 {TOKEN}",
        f"RUN clone https://bob:{TOKEN}@example.com",
        f"RUN echo {OTHER}={TOKEN}",
        f"RUN echo {OTHER} {TOKEN}",
        f"RUN x --{OTHER} {TOKEN}",
    ],
)
def test_a_word_before_a_credential_is_not_its_name(instruction: str) -> None:
    """Least of all where the word is a credential too."""
    assert {item.name for item in secrets(instruction)} == {""}


@pytest.mark.parametrize(
    ("instruction", "name"),
    [
        (f"RUN A_NAME={TOKEN} make", "A_NAME"),
        (f"RUN A_NAME='{TOKEN}' make", "A_NAME"),
        (f"RUN curl -H 'PRIVATE-TOKEN: {TOKEN}' x", "PRIVATE-TOKEN"),
        (f"RUN make --with {TOKEN}", "with"),
        (f'CMD ["make", "--with", "{TOKEN}"]', "with"),
        (f"RUN make --with={TOKEN}", "with"),
    ],
)
def test_tells_the_name_that_a_value_is_assigned_to(instruction: str, name: str) -> None:
    """Variables, keys, and options."""
    (found,) = secrets(instruction)
    assert found.name == name


def test_a_variable_named_by_a_credential_has_no_name() -> None:
    """Someone forgot what the value was for."""
    (found,) = secrets(runtime=RuntimeConfig(env=(TOKEN,)))
    assert (found.name, found.kind) == ("", "GitHub token")


def test_tells_numbers_from_other_values() -> None:
    """A number may be a password or a setting."""
    found = secrets(runtime=RuntimeConfig(env=("A_PASSWORD=pa$sword99xQ", "B_PASSWORD=8374928345", "MAX_TOKENS=4096")))
    assert [(item.name, item.is_number) for item in found] == [("A_PASSWORD", False), ("B_PASSWORD", True)]


def test_holds_no_value() -> None:
    """Not in any field of any fact."""
    found = secrets(f"|1 TOKEN={TOKEN} /bin/sh -c make", runtime=RuntimeConfig(env=("DB_PASSWORD=hunter2",)))
    assert len(found) == 2
    assert TOKEN not in repr(found)
    assert "hunter2" not in repr(found)
