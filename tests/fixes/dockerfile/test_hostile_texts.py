"""Whatever a Dockerfile holds: it is refused, or what edits make of it is read again and differs where they say."""

import random
from typing import Final

from fuzz.mutate import change_input
from layerscope.errors import FormatError
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.formats.dockerfile import Dockerfile, parse_dockerfile
from layerscope.rules.config_edit import SetVariable
from support.dockerfiles import cache_in, ended_in, found_in, load_dockerfile, load_steps, make_steps, propose, wants
from support.sample_facts import PROCESS

CHANGED: Final = 400
SEED: Final = b"""\
# syntax=docker/dockerfile:1
ARG B=base
FROM $B AS app
ENV A=1 LD_LIBRARY_PATH="/opt/a:/gone" \\
    C=3
COPY weights/ /models/
RUN mkdir /opt/sdk \\
 # large
 && fetch /opt/sdk && pip install torch; true
RUN ldconfig && \\
    rm -rf /opt/sdk && \\
    chown -R 1000:1000 /models && apt-get update
CMD ["app"]
"""
STEPS: Final = make_steps(
    "RUN /bin/sh -c base # buildkit",
    "ENV A=1 LD_LIBRARY_PATH=/opt/a:/gone C=3",
    "COPY weights/ /models/ # buildkit",
    "RUN /bin/sh -c mkdir /opt/sdk  && fetch /opt/sdk && pip install torch; true # buildkit",
    "RUN /bin/sh -c ldconfig && rm -rf /opt/sdk && chown -R 1000:1000 /models && apt-get update # buildkit",
    'CMD ["app"]',
)
FACTS: Final = (
    PROCESS,
    ended_in("removed", 3, "opt/sdk", 2),
    ended_in("metadata", 3, "models", 1),
    cache_in(2, "pip", "root/.cache/pip"),
    cache_in(3, "apt-lists", "var/lib/apt/lists"),
)
FINDINGS: Final = (
    found_in("LAY101", 3),
    found_in("LAY103", 3),
    found_in("LAY104", 2, 3),
    wants("ELF006", SetVariable("LD_LIBRARY_PATH", "/opt/a")),
    wants("CONF010", SetVariable("PYTHONUNBUFFERED", "1")),
    found_in("CONF009", steps=("HEALTHCHECK CMD curl x",)),
)
AFTER: Final = """\
# syntax=docker/dockerfile:1
ARG B=base
FROM $B AS app
ENV A=1 LD_LIBRARY_PATH=/opt/a \\
    C=3
COPY --chown=1000:1000 weights/ /models/
RUN mkdir /opt/sdk \\
 # large
 && fetch /opt/sdk && pip install --no-cache-dir torch; true \\
 && rm -rf /opt/sdk
RUN ldconfig && apt-get update && \\
    rm -rf /var/lib/apt/lists/*
ENV PYTHONUNBUFFERED=1
HEALTHCHECK CMD curl x
CMD ["app"]
"""


def propose_for(content: bytes) -> tuple[Dockerfile, str]:
    """A Dockerfile, and its text with all edits."""
    dockerfile = parse_dockerfile(content)
    return dockerfile, propose(match_dockerfile(dockerfile, STEPS), FACTS, *FINDINGS).text


def test_all_edits_of_one_file_go_together() -> None:
    """What is then asked for the same findings changes no more than what is not yet built."""
    assert propose_for(SEED)[1] == AFTER


def test_changed_texts_are_refused_or_edited_into_readable_ones() -> None:
    """The stages and what is copied into them stay, and three instructions at most come new."""
    source = random.Random("dockerfile")
    words, edited = (b"\\\n", b"&&", b"<<E", b"#", b"\r\n", b"'", b'"', b"RUN ", b";", b"$"), 0
    for _ in range(CHANGED):
        try:
            dockerfile, text = propose_for(change_input(SEED, words=words, others=(SEED,), source=source))
        except FormatError:
            continue
        edited += text != dockerfile.text
        again = parse_dockerfile(text.encode())
        assert len(again.instructions) <= len(dockerfile.instructions) + 3
        assert _tell_kept(again) == _tell_kept(dockerfile)
    assert edited > CHANGED // 10


def test_histories_of_others_are_matched_in_bounded_time() -> None:
    """Thousands of instructions beside thousands of steps: the last of each are compared."""
    steps = make_steps(*["RUN /bin/sh -c true # buildkit"] * 4000)
    matched = match_dockerfile(parse_dockerfile(b"FROM a\n" + b"RUN true\n" * 4000), steps)
    assert len(matched.matches) == 512
    real = match_dockerfile(parse_dockerfile(load_dockerfile("documents")), load_steps("stages-classic"))
    assert not real.is_related


def _tell_kept(dockerfile: Dockerfile) -> list[str]:
    """The operands that no edit changes."""
    return [each.operands for each in dockerfile.instructions if each.keyword not in {"RUN", "ENV", "HEALTHCHECK"}]
