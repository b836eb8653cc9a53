"""A config is changed as the instructions of a Dockerfile would change it, and as nothing else."""

from typing import Any

import pytest

from layerscope.errors import UsageError
from layerscope.fixes.surgery.config_changes import make_changes, parse_changes

RUNTIME: dict[str, Any] = {
    "User": "app",
    "Env": ["A=1", "PATH=/bin", "A=2"],
    "Cmd": ["old"],
    "Labels": {"kept": "1", "version": "1"},
    "ExposedPorts": {"80/tcp": {}},
}


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("USER 1000:1000", "User", "1000:1000"),
        ('user "web"', "User", "web"),
        ("WORKDIR /srv", "WorkingDir", "/srv"),
        ("STOPSIGNAL SIGINT", "StopSignal", "SIGINT"),
        ('CMD ["serve", "-v"]', "Cmd", ["serve", "-v"]),
        ("CMD serve $PORT", "Cmd", ["/bin/sh", "-c", "serve $PORT"]),
        ('ENTRYPOINT ["/init"]', "Entrypoint", ["/init"]),
        ("ENTRYPOINT []", "Entrypoint", []),
        ("CMD []", "Cmd", []),
        ("ENV A=3 B='x y'", "Env", ["A=3", "PATH=/bin", "A=3", "B=x y"]),
        ("ENV B x y", "Env", ["A=1", "PATH=/bin", "A=2", "B=x y"]),
        ("LABEL version=2", "Labels", {"kept": "1", "version": "2"}),
        ("EXPOSE 8000 53/udp", "ExposedPorts", {"80/tcp": {}, "8000/tcp": {}, "53/udp": {}}),
        ("EXPOSE 8000-8002/UDP", "ExposedPorts", {"80/tcp": {}, "8000/udp": {}, "8001/udp": {}, "8002/udp": {}}),
        ("EXPOSE 65535/sctp 1", "ExposedPorts", {"80/tcp": {}, "65535/sctp": {}, "1/tcp": {}}),
        ("VOLUME /data", "Volumes", {"/data": {}}),
        ('VOLUME ["/data", "/a b"]', "Volumes", {"/data": {}, "/a b": {}}),
        ("STOPSIGNAL 15", "StopSignal", "15"),
        ("STOPSIGNAL quit", "StopSignal", "quit"),
        ("STOPSIGNAL SIGRTMIN+3", "StopSignal", "SIGRTMIN+3"),
        ("CMD [ -f /a ] && serve", "Cmd", ["/bin/sh", "-c", "[ -f /a ] && serve"]),
    ],
)
def test_an_instruction_changes_its_field(text: str, field: str, value: object) -> None:
    """And no other; what it adds to stays."""
    document: dict[str, Any] = {"config": dict(RUNTIME), "os": "linux"}
    make_changes(document, parse_changes([text]))
    kept = {name: each for name, each in RUNTIME.items() if (name, field) != ("Cmd", "Entrypoint")}
    assert document == {"config": {**kept, field: value}, "os": "linux"}


def test_another_entrypoint_takes_no_words_of_the_old_one() -> None:
    """As where a build starts from the image: a CMD that it hands down goes, unless one is given before or behind."""
    for texts, command in ((['ENTRYPOINT ["/a"]'], None), (['CMD ["-v"]', 'ENTRYPOINT ["/a"]'], ["-v"])):
        document: dict[str, Any] = {"config": {"Cmd": ["old"], "Entrypoint": ["/b"]}}
        make_changes(document, parse_changes(texts))
        assert document == {"config": {"Entrypoint": ["/a"]} | ({} if command is None else {"Cmd": command})}


def test_a_command_without_a_list_is_the_image_s_own_shell_s() -> None:
    """The one that SHELL named, where one did."""
    document: dict[str, Any] = {"config": {"Shell": ["/bin/ash", "-ec"]}}
    make_changes(document, parse_changes(["CMD serve"]))
    assert document["config"]["Cmd"] == ["/bin/ash", "-ec", "serve"]


def test_a_config_without_a_runtime_part_gets_one() -> None:
    """As an imported root file system has none."""
    document: dict[str, Any] = {"config": None}
    make_changes(document, parse_changes(["USER 1", "USER 2"]))
    assert document == {"config": {"User": "2"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RUN make", "expected one instruction of CMD, ENTRYPOINT, ENV"),
        ("", "expected one instruction of"),
        ("USER", "expected one instruction of"),
        ("USER a\nUSER b", "expected one instruction of"),
        ("USER \udcff", "expected one instruction of"),
        ("# a comment", "expected one instruction of"),
        ("ENV A=$B", "expected no variables"),
        ("ENV A", "expected NAME=VALUE"),
        ("LABEL =1", "expected NAME=VALUE"),
        ("LABEL a=1 b", "expected NAME=VALUE"),
        ("WORKDIR srv", "expected an absolute path"),
        ("EXPOSE 99999999", "expected ports from 1 to 65535"),
        ("EXPOSE 80 65536", "expected ports from 1 to 65535"),
        ("EXPOSE 0", "expected ports"),
        ("EXPOSE 80/icmp", "expected ports"),
        ("EXPOSE 90-80", "expected ports"),
        ("EXPOSE http", "expected ports"),
        ("STOPSIGNAL foo", "expected a signal by its name or number"),
        ("STOPSIGNAL 0", "expected a signal"),
        ("STOPSIGNAL 65", "expected a signal"),
        ("STOPSIGNAL SIGRTMIN+16", "expected a signal"),
        ("VOLUME [1]", "expected absolute paths, as words or as a JSON list of strings"),
        ('VOLUME ["/data"', "expected absolute paths"),
        ("VOLUME data", "expected absolute paths"),
        ('CMD ["serve", 1]', "expected a JSON list of strings, or a command"),
        ("ENTRYPOINT [1]", "expected a JSON list of strings"),
        ('ENV A="x', "expected every quote to be closed"),
        ("LABEL a=it's", "expected every quote to be closed"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    """By one line that says what was expected."""
    with pytest.raises(UsageError, match=message):
        parse_changes([text])
