"""Options for images in a registry, from the command line to the registry and back."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from layerscope.sources.registry import retry_wait
from support.images import load_fixture, write_oci_layout
from support.registry_server import Registry, serve_registry

Answer = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry with the demo image, and a home folder without credentials."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    write_oci_layout(load_fixture("demo"), tmp_path / "demo")
    with serve_registry() as server:
        server.add_layout(tmp_path / "demo")
        yield server


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a text on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_password_is_read_from_standard_input(
    answer: Answer, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line of it, which shows nowhere."""
    registry.user = "tester"
    give(monkeypatch, "s3cret\n")
    code, out, err = answer(
        "audit", f"registry:{registry.address}/team/demo:1", "--username", "tester", "--password-stdin"
    )
    assert code == 1
    assert "s3cret" not in out.decode() + err


@pytest.mark.parametrize(
    "mistake",
    [
        (("--username", "tester"), "", "expected both or neither"),
        (("--password-stdin",), "s3cret\n", "expected both or neither"),
        (("--username", "tester", "--password-stdin"), "", "expected a password on standard input"),
    ],
)
def test_half_a_credential_is_a_mistake(
    mistake: tuple[tuple[str, ...], str, str], answer: Answer, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anybody is asked."""
    options, typed, words = mistake
    give(monkeypatch, typed)
    code, _, err = answer("audit", f"registry:{registry.address}/team/demo:1", *options)
    assert code == 2
    assert words in err
    assert registry.requests == []


@pytest.mark.parametrize("spelled", ["-", "oci-archive:-", "archive://-", "/dev/stdin"])
def test_standard_input_cannot_be_image_and_password(
    spelled: str, answer: Answer, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the base image and the password, nor image and base image."""
    who = ("--username", "tester", "--password-stdin")
    name = f"registry:{registry.address}/team/demo:1"
    for arguments in ((spelled, *who), (name, "--base", spelled, *who)):
        give(monkeypatch, "s3cret\n")
        code, _, err = answer("audit", *arguments)
        assert (code, "standard input cannot be both" in err) == (2, True)
    code, _, err = answer("audit", "-", "--base", spelled)
    assert (code, "two images on standard input" in err) == (2, True)
    assert registry.requests == []


@pytest.mark.parametrize("spelled", ["-", "docker-archive:-", "archive://-", "/dev/stdin"])
def test_a_terminal_is_no_image(
    spelled: str, answer: Answer, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told before anything else is read, the image above a base included."""

    class Terminal(io.BytesIO):
        """Standard input that a person types on."""

        def isatty(self) -> bool:
            """It is one."""
            return True

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Terminal()))
    code, _, err = answer("audit", f"registry:{registry.address}/team/demo:1", "--base", spelled)
    assert (code, "expected an archive on standard input, found a terminal" in err) == (2, True)
    assert registry.requests == []


def test_a_refusal_is_exit_code_three(answer: Answer, registry: Registry) -> None:
    """With the way to get in."""
    registry.user = "tester"
    code, out, err = answer("audit", f"registry:{registry.address}/team/demo:1")
    assert (code, out) == (3, b"")
    assert "`docker login` or `podman login` first" in err


def test_offline_after_an_audit(answer: Answer, registry: Registry, tmp_path: Path) -> None:
    """The same findings, and nobody asked."""
    image, cache = f"registry:{registry.address}/team/demo:1", ("--cache-dir", tmp_path / "kept")
    first = answer("audit", image, *cache)
    asked = len(registry.requests)
    second = answer("audit", image, *cache, "--offline")
    assert first[0] == second[0] == 1
    assert len(registry.requests) == asked
    assert b"from the cache alone" in second[1]


def test_a_name_that_no_engine_has_is_asked_for_at_its_registry(answer: Answer, registry: Registry) -> None:
    """Without a scheme."""
    code, out, _ = answer("audit", f"{registry.address}/team/demo:1")
    assert code == 1
    assert f"registry ({registry.address})" in " ".join(out.decode().split())


@pytest.mark.parametrize("command", [("layers",), ("tree", "/etc"), ("cat", "/etc/os-release"), ("inspect",)])
def test_every_command_takes_it(command: tuple[str, ...], answer: Answer, registry: Registry) -> None:
    """As it takes any other image."""
    name, *rest = command
    code, out, err = answer(name, f"registry:{registry.address}/team/demo:1", *rest)
    assert (code, err) == (0, "")
    assert out


def test_inspect_lists_what_lies_beside(answer: Answer, document: Callable[..., Any], registry: Registry) -> None:
    """For a person and for a program; where it cannot be had, the rest is shown with a warning."""
    digest = document("inspect", f"registry:{registry.address}/team/demo:1")["image"]["manifest_digest"]
    kind = "application/vnd.oci.image.manifest.v1+json"
    registry.manifests[digest.replace(":", "-") + ".sig"] = (kind, b"{}")
    _, out, _ = answer("inspect", f"registry:{registry.address}/team/demo:1")
    assert "beside" in out.decode()
    assert "(by its tag, not verified)" in " ".join(out.decode().split())
    attached = document("inspect", f"registry:{registry.address}/team/demo:1")["attached"]
    assert [each["kind"] for each in attached] == ["signature"]
    registry.referrers = b"{"
    code, out, err = answer("inspect", f"registry:{registry.address}/team/demo:1")
    assert code == 0
    assert out
    assert "warning: not everything beside the image may be listed" in err


def test_what_was_fetched_is_in_the_report(answer: Answer, registry: Registry, tmp_path: Path) -> None:
    """For each layer: all of it at first, then nothing; null for an image on this host."""
    cache = ("--cache-dir", str(tmp_path / "cache"))

    def fetch(image: str) -> list[tuple[int | None, int]]:
        _, out, _ = answer("audit", image, "-o", "json", *cache)
        return [(layer["fetched"], layer["size"]) for layer in json.loads(out)["layers"]]

    image = f"registry:{registry.address}/team/demo:1"
    assert all(fetched == size for fetched, size in fetch(image))
    assert {fetched for fetched, _ in fetch(image)} == {0}
    assert {fetched for fetched, _ in fetch(f"oci-dir:{tmp_path / 'demo'}")} == {None}


def test_offline_without_the_cache_is_a_mistake(answer: Answer, registry: Registry) -> None:
    """Nothing is left to answer from."""
    code, _, err = answer("audit", f"registry:{registry.address}/team/demo:1", "--offline", "--no-cache-read")
    assert code == 2
    assert "--offline answers from the cache alone" in err


def test_a_broken_configuration_is_no_failure_of_the_network(
    answer: Callable[..., tuple[int, bytes, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user has to mend in a file is exit code 2, as any configuration."""
    (tmp_path / "registries.conf").write_text("[[registry")
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(tmp_path / "registries.conf"))
    code, _, err = answer("inspect", "registry:registry.invalid/team/demo:1")
    assert code == 2
    assert err.startswith(f"layerscope: error: reading mirrors in {tmp_path}/registries.conf: ")


def test_the_password_is_read_once_and_only_for_the_registry_of_the_image(
    answer: Answer, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A base image from elsewhere is no place for it, and takes no line of standard input."""
    registry.user = "tester"
    who = ("--username", "tester", "--password-stdin")
    image = f"registry:{registry.address}/team/demo:1"
    give(monkeypatch, "s3cret\nanother\n")
    assert answer("audit", image, "--base", f"oci-dir:{tmp_path / 'demo'}", *who)[0] == 1
    give(monkeypatch, "s3cret\n")
    assert answer("audit", image, "--base", f"registry:{registry.address}/team/demo:1", *who)[0] == 1
    with serve_registry() as other:
        other.add_layout(tmp_path / "demo")
        other.user = "tester"
        give(monkeypatch, "s3cret\ns3cret\n")
        code, _, err = answer("audit", image, "--base", f"registry:{other.address}/team/demo:1", *who)
        assert code == 3
        assert "the base image (--base)" in err
        assert other.requests
        assert set(other.authorizations) == {None}


def test_leave_to_ask_in_the_clear_is_for_the_registry_of_the_image(
    answer: Answer, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A base image's registry is asked by TLS all the same: what lets us in there would go through the clear."""
    auth = {"auth": "dGVzdGVyOnMzY3JldA=="}
    (tmp_path / "home/.docker").mkdir(parents=True)
    (tmp_path / "home/.docker/config.json").write_text(json.dumps({"auths": {"base.example": auth}}))
    monkeypatch.setenv("NO_PROXY", registry.address)
    monkeypatch.setattr(retry_wait, "FIRST_WAIT", 0.001)
    image = f"registry:{registry.address}/team/demo:1"
    with serve_registry() as proxy:
        proxy.user = "tester"
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        monkeypatch.setenv("https_proxy", f"http://{proxy.address}")
        assert answer("audit", "--insecure", image, "--base", "base.example/team/base:1")[0] == 3
        assert proxy.requests == [], "nothing but CONNECT, which it does not know"
        assert answer("audit", "--insecure", "registry:base.example/team/base:1")[0] == 3
        assert "dGVzdGVyOnMzY3JldA" in str(proxy.authorizations), "else the above would prove nothing"
