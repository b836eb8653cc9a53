"""Steps that can be copied are told from those that are read."""

import pytest

from layerscope.fixes.steps import is_command, is_instruction, read_command, read_remark


@pytest.mark.parametrize(
    "step",
    [
        "RUN apt-get update && apt-get install -y gcc",
        "ENV PYTHONUNBUFFERED=1   anywhere in the final stage",
        "FROM python:3.13-slim   (or another that your distributions support)",
        "FROM node:20 AS build   (the same major version in all stages)",
    ],
)
def test_a_line_of_a_dockerfile_is_an_instruction(step: str) -> None:
    """Whatever remark stands after it."""
    assert is_instruction(step)
    assert is_command(step)


def test_a_line_of_a_shell_is_a_command() -> None:
    """No Dockerfile takes it."""
    assert is_command("docker build --no-cache --pull -t IMAGE .")
    assert not is_instruction("docker build --no-cache --pull -t IMAGE .")


@pytest.mark.parametrize(
    "step",
    [
        "FROM a newer release of the base image",
        "FROM python:3.12-slim, and RUN pip install --no-cache-dir torch …",
        "ENV PYTHONDONTWRITEBYTECODE=1, and: pip install --no-compile …",
        "Or: RUN npm rebuild",
        "In `RUN pip install numpy`: pip install --no-cache-dir …",
        "Revoke it where it was issued.",
    ],
)
def test_a_sentence_is_neither(step: str) -> None:
    """Though instructions stand in it."""
    assert not is_command(step)


def test_the_remark_is_told_from_the_command() -> None:
    """With or without parentheses."""
    step = "docker pull IMAGE@DIGEST   (or: skopeo copy docker://IMAGE oci:DIR)"
    assert (read_command(step), read_remark(step)) == (
        "docker pull IMAGE@DIGEST",
        "or: skopeo copy docker://IMAGE oci:DIR",
    )
    assert read_remark("USER 1:1   before ENTRYPOINT") == "before ENTRYPOINT"
    assert read_remark("USER 1:1") == ""
