"""README.md says what the program says: its commands, options, exit codes, rules and output."""

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import pytest
import tomli

from layerscope.cli import exit_codes
from layerscope.cli.main import run
from layerscope.diff.risk_kinds import RiskKind
from layerscope.gate.commit_names import CommitNames, KnownCommits
from layerscope.gate.image_choice import choose_images
from layerscope.gate.policy import DEFAULTS, make_policy
from layerscope.gate.setting import Setting
from layerscope.settings import KEYS
from layerscope.sources.schemes import SCHEMES
from support.readme import BLOCK, BLOCKS, README, iter_commands

TEXT: Final = README.read_text()
COMMANDS: Final = dict(iter_commands())
EXAMPLES: Final = re.findall(r"^    (?:.*\| )?(layerscope [^|>#\n]+)", BLOCK.sub("", TEXT), re.MULTILINE)
"""Lines that can be typed; what is quoted of the program's own output is none."""


NODES: Final = '[[node]]\nname = "training"\ngpu = "H100"\ndriver = "580.95.05"\n'
LOG: Final = b"RuntimeError: CUDA error: no kernel image is available for execution on the device\n"
PUSHED: Final = f"(delete) {'0' * 40} refs/heads/old {'1' * 40}\n".encode()
MAIN: Final = KnownCommits((CommitNames("0" * 40, branch="main"),), "HEAD is the branch main")
INPUTS: Final = {"explain": LOG, "hook": PUSHED}
"""What some commands read from standard input; the others, an archive."""

COMPRESSED: Final = re.compile(r"(?<=^manifest )sha256:\w+|(?<=^size     )[\d.]+ kB(?= stored)", re.MULTILINE)
"""What depends on the version of zlib."""

IMAGES: Final = re.compile(
    r"(?:docker:|registry\.example/)?acme/generate:2\.4\.1|\./generate\.tar|oci-dir:\./generate|python:3\.12-slim"
    r"|registry\.example/base:[12]|team/llm:1\.[45]"
)


NOBODY: Final = "http://127.0.0.1:9"
SERVERS: Final = re.compile(r"http://127\.0\.0\.1:8000|https://llm\.example\.org(?=/v1)")
"""Servers that run already; here, none does."""


ALWAYS: Final = {
    "--rebase": exit_codes.USAGE, "push": exit_codes.USAGE, "--dockerfiles": exit_codes.CLEAN,
    "diff --base": exit_codes.USAGE, "container:web": exit_codes.SOURCE,
}  # fmt: skip
"""No image is its own base, no engine has the path of an archive, no image is built from the Dockerfile, nobody knows
what the demonstration image was built on, and there is no container."""


@pytest.mark.parametrize("name", BLOCKS)
def test_quoted_parts_are_current(name: str) -> None:
    """What `make readme` writes is what stands there."""
    blocks = {block[2]: block[3] for block in BLOCK.finditer(TEXT)}
    assert COMPRESSED.sub("…", blocks[name]) == COMPRESSED.sub("…", BLOCKS[name]())


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_do_what_they_say(
    example: str, fixture_image: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line that can be typed works on the demonstration image: an audit finds something, a probe needs more."""
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LLM_KEY", "a-key")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "nodes.toml").write_text(NODES)
    (tmp_path / "ca.pem").write_text("a certificate")
    (tmp_path / "Dockerfile").write_text("FROM debian:12 AS runtime\nRUN make\n")
    demo = str(fixture_image("demo", "docker-archive:docker-26"))
    if example.startswith("layerscope check"):
        (tmp_path / "layerscope.toml").write_text(f"[check]\nimages = [{demo!r}]\n")
    if example.startswith("layerscope hook"):
        subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    text = example if "--emit" in example else IMAGES.sub(demo, example)
    words = shlex.split(SERVERS.sub(NOBODY, text))
    given = INPUTS.get(words[1]) or fixture_image("demo", "oci-archive").read_bytes()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    assert run(words[1:]) in expect_codes(words)


def expect_codes(words: list[str]) -> set[int]:
    """An audit finds what to fix. A probe needs an engine; one that needs none finds what does not start or answer."""
    for word, code in ALWAYS.items():
        if word in {*words, " ".join(words[1:3])}:
            return {code}
    if "--build" in words:  # with an engine, the Dockerfile is not that of the image
        return {exit_codes.SOURCE, exit_codes.USAGE}
    if words[1] == "fix":
        if "--probe" in words:
            return {exit_codes.PROBE, exit_codes.SOURCE}
        return {exit_codes.FINDINGS if {"--apply", "--reconstruct", "--recipe"}.isdisjoint(words) else exit_codes.CLEAN}
    if words[1] == "check":
        return {exit_codes.FINDINGS if {"--update-baseline", "--show-config"}.isdisjoint(words) else exit_codes.CLEAN}
    if words[1] == "audit":
        return {exit_codes.PROBE if "--probe" in words else exit_codes.FINDINGS}
    if words[1] != "probe" or {"--print-payload", "--emit"} & set(words):
        return {exit_codes.CLEAN}
    if "bundle" in words:  # without leave to make namespaces, it cannot run
        return {exit_codes.FINDINGS, exit_codes.PROBE}
    return {exit_codes.FINDINGS if "--url" in words else exit_codes.PROBE}


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_an_example(words: str) -> None:
    """A command stands in at least one line that can be typed."""
    assert any(example.startswith(f"layerscope {words}") for example in EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_use_options_that_exist(example: str) -> None:
    """Every option in an example belongs to its command."""
    words = shlex.split(example)[1:]
    name = next(name for name in sorted(COMMANDS, key=len, reverse=True) if " ".join(words).startswith(name))
    options = {text for option in COMMANDS[name].params if isinstance(option, click.Option) for text in option.opts}
    used = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    assert used <= options


def test_exit_codes_are_all_listed() -> None:
    """The table has a row for each code of the program, and no other."""
    rows = {int(code) for code in re.findall(r"^\| `(\d+)` \|", TEXT, re.MULTILINE)}
    assert rows == {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}


def test_the_policy_is_one(tmp_path: Path) -> None:
    """What stands there as an example makes sense, and names every key that has no flag alone."""
    pytest.importorskip("yaml", reason="compose files take layerscope[compose]")
    (block,) = re.findall(r"```toml\n(\[check\]\n.*?)```", TEXT, re.DOTALL)
    table = tomli.loads(block)["check"]
    (tmp_path / "Dockerfile").write_text("FROM debian:12\n")
    (tmp_path / "compose.yaml").write_text("services: {worker: {image: 'team/worker:1'}}\n")
    said = {key: Setting(f"check.{key}", table.get(key, default)) for key, default in DEFAULTS.items()}
    policy = make_policy(said)
    choices = choose_images(said["images"], named=(), folder=tmp_path, environment={}, name_commits=lambda: MAIN)
    assert [choice.name for choice in choices] == [
        "team/web:dev",
        "team/llm:dev",
        "team/worker:1",
        "registry.example/team/api:main",
    ]
    assert policy.specialise(choices[1]).against == "team/llm:1.4"
    assert table.keys() <= DEFAULTS.keys()


def test_changes_that_can_be_forbidden_are_all_listed() -> None:
    """Every name that `forbid` takes."""
    section = TEXT.partition("### Checking before a push")[2].partition("\n## ")[0]
    assert [kind.value for kind in RiskKind if f"`{kind}`" not in section] == []


def test_settings_are_all_listed() -> None:
    """Every key of the configuration file is named."""
    section = TEXT.partition("## Configuration")[2].partition("\n## ")[0]
    assert [key for key in KEYS if f"`{key}`" not in section] == []


def test_image_names_are_those_of_the_program() -> None:
    """Each scheme that the README shows is one that the program reads, and the other way round."""
    section = TEXT.partition("## Naming an image")[2].partition("\n## ")[0]
    shown = set(re.findall(r"^\| `([a-z-]+):", section, re.MULTILINE))
    assert shown | {"registry"} == {scheme.rstrip(":") for scheme in SCHEMES}
