"""The words of a push are understood as the engine's own program understands them, or refused."""

import pytest

from layerscope.cli.push_call import parse_push_call
from layerscope.engine.program import EngineKind
from layerscope.errors import UsageError


@pytest.mark.parametrize(
    ("words", "name", "is_all_tags", "is_quiet", "platform"),
    [
        ("team/llm:1", "team/llm:1", False, False, None),
        ("-q team/llm:1", "team/llm:1", False, True, None),
        ("team/llm -a", "team/llm", True, False, None),
        ("-aq localhost:5000/team/llm", "localhost:5000/team/llm", True, True, None),
        ("--all-tags=false team/llm", "team/llm", False, False, None),
        ("--platform linux/arm64 team/llm:1", "team/llm:1", False, False, "linux/arm64"),
        ("--platform=linux/arm64 -- team/llm:1", "team/llm:1", False, False, "linux/arm64"),
        ("--new-option team/llm:1", "team/llm:1", False, False, None),
    ],
)
def test_docker_pushes_one_name(words: str, name: str, is_all_tags: bool, is_quiet: bool, platform: str | None) -> None:
    """Options stand before or after it; all words go on as they are."""
    call = parse_push_call(words.split(), "docker")
    assert (call.name, call.is_all_tags, call.is_quiet, call.platform) == (name, is_all_tags, is_quiet, platform)
    assert call.words == tuple(words.split())


def test_podman_takes_where_it_goes_and_values_of_its_own() -> None:
    """The first word that is no option, nor the value of one, is the image."""
    call = parse_push_call(
        ["--creds", "me:secret", "-f", "oci", "team/llm:1", "docker://registry.example/x:1"], "podman"
    )
    assert (call.name, call.command) == ("team/llm:1", "podman push")


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("", "docker", "expected the name of an image"),
        ("a b", "docker", "expected one image, found a, b"),
        ("--new-option value team/llm:1", "docker", "best written as --option=value"),
        ("a b c", "podman", "expected one image, found a, b, c"),
        (f"team/llm@sha256:{'0' * 64}", "docker", "expected a tag, found a digest"),
        ("-a team/llm:1", "docker", "expected no tag beside --all-tags"),
        ("team/LLM", "docker", "expected lower case"),
    ],
)
def test_what_could_be_another_image_is_refused(words: str, kind: EngineKind, message: str) -> None:
    """Nothing is pushed that was not understood."""
    with pytest.raises(UsageError, match=message):
        parse_push_call(words.split(), kind)
