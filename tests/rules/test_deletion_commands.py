"""Which commands of a RUN instruction only delete."""

import pytest

from layerscope.rules.deletion_commands import find_deletions


@pytest.mark.parametrize(
    ("instruction", "commands"),
    [
        ("RUN rm -rf /opt/data", ("rm -rf /opt/data",)),
        (
            "RUN rm -rf /usr/share/doc/* /usr/share/man/* && printf 'x' > /a",
            ("rm -rf /usr/share/doc/* /usr/share/man/*",),
        ),
        ("RUN set -eux; rm '/opt/a b'; apt-get clean", ("rm '/opt/a b'", "apt-get clean")),
        ("RUN apt-get -y purge gcc && apt-get autoremove -y", ("apt-get -y purge gcc", "apt-get autoremove -y")),
        ("RUN apk del .build && dnf clean all", ("apk del .build", "dnf clean all")),
    ],
)
def test_finds_plain_deletions(instruction: str, commands: tuple[str, ...]) -> None:
    """As they were written, between what separates commands."""
    assert find_deletions(instruction) == commands


@pytest.mark.parametrize(
    "instruction",
    [
        "RUN cd /opt && rm -rf data",
        "RUN rm -rf $TMP/data",
        "RUN rm -rf /opt/data || true",
        "RUN if test -e /x; then rm /x; fi",
        "RUN sh -c 'cd /; rm -rf /opt/data'",
        "RUN echo 'unclosed && rm -rf /opt/data",
        "RUN rm -rf /opt/***",
        "RUN rm",
        "RUN apt-get install -y gcc",
        "RUN ",
        'RUN ["rm", "-rf", "/opt/data"]',
        "COPY rm /bin/rm",
        "",
    ],
)
def test_leaves_out_what_needs_its_surroundings(instruction: str) -> None:
    """Relative paths, variables, conditions and other shells mean something else elsewhere."""
    assert find_deletions(instruction) == ()


def test_leaves_out_a_command_that_was_cut() -> None:
    """Half a path is another path."""
    assert find_deletions("RUN rm -rf /opt/data && rm -rf /opt/dat…") == ("rm -rf /opt/data",)
