"""Images that a real BuildKit has built and pushed to a real registry: every compression, eStargz, attestations."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from layerscope.cli.main import run
from support.buildx import build_and_push, find_tools
from support.live_engines import LiveEngine
from support.live_registry import LiveRegistry, is_installed, serve_live_registry

PLAIN = ("--provenance=false",)

Push = Callable[..., None]


@pytest.fixture
def push(containerd_engine: LiveEngine, tmp_path: Path) -> Push:
    """Builds an image and pushes it: `push(target, output=…, options=…)`."""
    tools = find_tools()
    if tools is None:
        pytest.skip("no buildx: LAYERSCOPE_ENGINE_SUITE=trixie tests/support/engine.sh install")
    return partial(build_and_push, containerd_engine, tools, tmp_path)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveRegistry]:
    """An empty registry, and a home without anything in it."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    for name in ("home", "registry"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    with serve_live_registry(tmp_path / "registry") as server:
        yield server


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What a command says of an image that is sound."""
    capsys.readouterr()
    code = run([*words, "-o", "json"])
    said = capsys.readouterr()
    assert code == 0, said
    document: dict[str, Any] = json.loads(said.out)
    return document


@pytest.mark.parametrize("compression", ["uncompressed", "gzip", "zstd", "estargz"])
def test_an_image_of_buildkit_is_intact_in_every_compression(
    compression: str, push: Push, registry: LiveRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is found in its layers; an eStargz table, which BuildKit puts behind the tar, tells what the tar does.

    That of an empty layer has `null` for its entries.
    """
    target = f"{registry.address}/team/{compression}:1"
    output = f",compression={compression},force-compression=true"
    push(target, output=output, options=PLAIN)
    report = ask(capsys, "audit", f"registry:{target}", "--fail-on", "critical")
    assert [each["verified"] for each in report["layers"]] == [True] * 4
    assert [each["rule"] for each in report["findings"] if each["code"].startswith("LAY")] == []
    whole = ask(capsys, "tree", f"registry:{target}")
    told = ask(capsys, "tree", f"registry:{target}", "--toc", "--cache-dir", str(tmp_path / "empty"))
    assert [row["path"] for row in told["entries"]] == [row["path"] for row in whole["entries"]]
    assert told["layers_told_by_table"] == ([0, 1, 2, 3] if compression == "estargz" else [])


def test_attestations_of_buildkit_are_listed_and_never_taken_for_an_image(
    push: Push, registry: LiveRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each platform has its own, and the list of platforms has none of them."""
    target = f"{registry.address}/team/attested:1"
    options = ("--provenance=true", "--platform", "linux/amd64,linux/arm64")
    push(target, options=options)
    seen = []
    for platform in ("linux/amd64", "linux/arm64"):
        document = ask(capsys, "inspect", f"registry:{target}", "--platform", platform)
        assert document["image"]["platform"] == platform
        (attached,) = document["attached"]
        assert (attached["kind"], attached["found"]) == ("attestation", "in its index")
        seen.append(attached["digest"])
    assert len(set(seen)) == 2
    assert run(["inspect", f"registry:{target}", "--platform", "linux/s390x"]) == 3
    assert "there is linux/amd64, linux/arm64 (choose" in capsys.readouterr().err
