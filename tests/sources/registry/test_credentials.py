"""Where credentials are found, by whatever client wrote them."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from layerscope.audit.result import AuditResult
from layerscope.errors import ConfigurationError, LoginError, TransferError
from layerscope.sources.registry.credentials import Credential, HelperError, find_credential
from support.registry_server import Registry, RegistryHandler


def pack(name: str, password: str) -> dict[str, str]:
    """An entry as `docker login` writes it."""
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


def write(path: Path, **document: object) -> dict[str, str]:
    """An auth file; returns the environment that names it."""
    path.write_text(json.dumps(document))
    return {"REGISTRY_AUTH_FILE": str(path), "HOME": str(path.parent)}


@pytest.mark.parametrize(
    "key",
    [
        "registry.corp",
        "https://registry.corp",
        "https://registry.corp/",
        "http://registry.corp/v1/",
        "registry.corp/",
        "registry.corp/v1/",
        "registry.corp/v2/",
        "Registry.corp/v2/",
    ],
)
def test_a_registry_is_found_however_it_is_written(key: str, tmp_path: Path) -> None:
    """An address stands for its host."""
    environment = write(tmp_path / "auth.json", auths={key: pack("me", "se:cret")})
    found = find_credential("registry.corp", "team/llm", environment)
    assert found == Credential("me", "se:cret", "", str(tmp_path / "auth.json"))


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io"])
def test_docker_hub_has_several_names(key: str, tmp_path: Path) -> None:
    """Docker writes one, podman another."""
    environment = write(tmp_path / "auth.json", auths={key: pack("me", "x")})
    found = find_credential("docker.io", "library/python", environment)
    assert found is not None
    assert found.username == "me"


def test_a_namespace_has_the_nearest_entry(tmp_path: Path) -> None:
    """As podman keeps them."""
    entries = {"quay.io": pack("all", "x"), "quay.io/team": pack("team", "x"), "quay.io/team/llm": pack("llm", "x")}
    environment = write(tmp_path / "auth.json", auths=entries)
    names = [find_credential("quay.io", name, environment) for name in ("team/llm", "team/other", "else/where")]
    assert [each.username for each in names if each is not None] == ["llm", "team", "all"]


def test_another_registry_gets_nothing(tmp_path: Path) -> None:
    """Not by prefix, not by suffix."""
    environment = write(tmp_path / "auth.json", auths={"registry.corp": pack("me", "x")})
    for registry in ("registry.corp.evil.example", "evil.registry.corp", "registry.corp:5000"):
        assert find_credential(registry, "a", environment) is None


@pytest.mark.parametrize("session", ["", "session"])
def test_podman_without_a_session_keeps_its_file_by_user(
    session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root logs in where no login manager runs; with a session, that file is no longer podman's."""
    monkeypatch.setattr("layerscope.sources.registry.credentials.RUN_FOLDER", tmp_path / "run")
    file = tmp_path / f"run/{os.getuid()}/auth.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"auths": {"registry.corp": pack("me", "x")}}))
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": session and str(tmp_path / session)}
    found = find_credential("registry.corp", "a", environment)
    assert (found is None) == bool(session)
    assert found is None or found.origin == str(file)


def test_the_store_comes_before_a_stale_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Docker has it."""
    helper = tmp_path / "docker-credential-test"
    helper.write_text('#!/bin/sh\necho \'{"Username":"<token>","Secret":"identity"}\'\n')
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    environment = write(tmp_path / "auth.json", auths={"registry.corp": pack("old", "x")}, credsStore="test")
    found = find_credential("registry.corp", "a", environment)
    assert found == Credential("", "", "identity", "docker-credential-test")


@pytest.mark.parametrize(
    ("document", "error", "words"),
    [
        (
            {"auths": {"registry.corp": {"auth": "bm9jb2xvbg=="}}},
            ConfigurationError,
            "expected base64 of NAME:PASSWORD",
        ),
        ({"credsStore": "../evil"}, ConfigurationError, "is no name of a credential helper"),
        ({"credsStore": "not-installed"}, TransferError, "there is no such program on the path"),
    ],
)
def test_what_is_broken_is_named(
    document: dict[str, object], error: type[Exception], words: str, tmp_path: Path
) -> None:
    """Going on without it would end in a refusal that tells nothing; a helper that fails is no broken file."""
    with pytest.raises(error, match=words):
        find_credential("registry.corp", "a", write(tmp_path / "auth.json", **document))


def write_helper(folder: Path, script: str) -> None:
    """A credential helper called `test` that does that."""
    (folder / "docker-credential-test").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker-credential-test").chmod(0o755)


@pytest.mark.parametrize(
    ("script", "fails"),
    [
        ("echo credentials not found in native keychain; exit 1", False),
        ("exit 1", True),
        ("echo libsecret.so: not found >&2; exit 127", True),
        ("echo locked; exit 1", True),
        ("echo no JSON", True),
    ],
)
def test_a_helper_that_fails_is_not_one_that_keeps_nothing(
    script: str, fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it fails without a word."""
    write_helper(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    environment = write(tmp_path / "auth.json", credsStore="test")
    if fails:
        with pytest.raises(HelperError, match=r"asking docker-credential-test \(named in .*\) for registry\.corp"):
            find_credential("registry.corp", "a", environment)
    else:
        assert find_credential("registry.corp", "a", environment) is None


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_a_store_that_fails_stops_no_public_image(
    scheme: str, demo: Registry, audit: Callable[..., AuditResult], tmp_path: Path
) -> None:
    """Anonymous access is tried, and only where that is refused is the store to blame."""
    environment = write(tmp_path / "auth.json", credsStore="not-installed")
    is_public = True

    def answer(handler: RegistryHandler, path: str) -> bool:
        if path == "/token" and is_public:
            handler.reply(200, b'{"token": "let-me-in"}')
            return True
        return False

    demo.fault = answer
    if scheme == "bearer":
        demo.user, demo.scheme = "tester", scheme
    assert audit(demo, environment=environment).is_intact
    is_public, demo.user, demo.scheme = False, "tester", scheme
    with pytest.raises(LoginError, match=r"without credentials, since asking docker-credential-not-ins.* no such"):
        audit(demo, environment=environment)
