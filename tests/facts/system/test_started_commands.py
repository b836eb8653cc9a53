"""The commands behind entry scripts are found, with the words that tell a server, its port and its model."""

import pytest

from layerscope.facts.system.started_commands import StartedCommand, StartedCommandCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.tar_member import file
from support.tar_writer import symlink

START = b"""#!/bin/bash
set -e
exec python3 -m vllm.entrypoints.openai.api_server --model "${MODEL:-/models/llama}" --port 9000 "$@"
"""
VLLM = ("python3", "-m", "vllm.entrypoints.openai.api_server")


def start(
    script: bytes, *command: str, env: tuple[str, ...] = (), path: str = "app/start.sh"
) -> tuple[StartedCommand, ...]:
    """What a script starts, of an image with a shell, and with /app/inner.sh, which becomes a server."""
    members = (
        file("bin/bash", b"\x7fELF", mode=0o755),
        file("app/inner.sh", b'#!/bin/sh\nexec vllm serve /models/inner "$@"\n', mode=0o755),
        file("app/again.sh", b'#!/bin/sh\nexec /app/again.sh "$@"\n', mode=0o755),
        file("app/wrap.sh", b'#!/bin/sh\nexec "$@"\n', mode=0o755),
        file("app/first.sh", b'#!/bin/sh\nexec vllm serve "$1"\n', mode=0o755),
        file(path, script, mode=0o755),
    )
    runtime = RuntimeConfig(entrypoint=command or (f"/{path}",), env=env, working_dir="/app")
    return collect(StartedCommandCollector, make_context(members, runtime=runtime)).of(StartedCommand)


def list_words(script: bytes, *command: str, env: tuple[str, ...] = (), path: str = "app/start.sh") -> list[str]:
    """The words of each command, in one text."""
    return [" ".join(each.words) for each in start(script, *command, env=env, path=path)]


def test_model_and_port_are_kept_with_the_place() -> None:
    """The default of a variable counts where the environment does not set it."""
    (found,) = start(START)
    assert found.words == (*VLLM, "--model", "/models/llama", "--port", "9000")
    assert (found.evidence.path, found.is_handover) == ("app/start.sh", True)
    (found,) = start(START, env=("MODEL=/models/other",))
    assert found.words == (*VLLM, "--model", "/models/other", "--port", "9000")


def test_the_words_of_the_config_are_put_in_where_the_script_passes_them_on() -> None:
    """As the shell does; a script without `"$@"` takes none."""
    words = ("/app/start.sh", "--port", "9100", "--api-key", "planted")
    assert list_words(START, *words) == [" ".join((*VLLM, "--model /models/llama --port 9000 --port 9100"))]
    assert list_words(b"#!/bin/sh\nexec vllm serve /m\n", *words) == ["vllm serve /m"]
    assert list_words(b'#!/bin/sh\nexec "$@" --port 9300\n', "/app/start.sh", "vllm", "serve", "m") == [
        "vllm serve m --port 9300"
    ]
    assert list_words(b'#!/bin/sh\nexec vllm serve "${1:-/models/first}"\n') == ["vllm serve /models/first"]
    assert list_words(b'#!/bin/sh\nexec vllm serve "${1:-/models/first}"\n', "/app/start.sh", "/m") == ["vllm serve /m"]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("M=/models/a\nexec vllm serve $M", "vllm serve /models/a"),
        ('export ROOT=/models M=x\nM="$ROOT/a"\nexec vllm serve "${M}"', "vllm serve /models/a"),
        (': "${M:=/models/a}"\nexec vllm serve $M', "vllm serve /models/a"),
        ("PORT=${PORT:-9001}\nexec vllm serve --port $PORT", "vllm serve --port 9001"),
        ('ARGS="--model /models/a --port 9001"\nexec vllm serve $ARGS', "vllm serve --model /models/a --port 9001"),
        ('A=(--model /a\n  --port 91)\nexec vllm serve "${A[@]}"', "vllm serve --model /a --port 91"),
        ('set -- vllm serve /a "$@"\nexec "$@"', "vllm serve /a"),
        ('if [ -z "$M" ]; then M=/models/a; fi\nexec vllm serve $M', "vllm serve /models/a"),
        ('[ -n "$M" ] || M=/models/a\nexec vllm serve $M', "vllm serve /models/a"),
        ("exec bash -c 'vllm serve /a --port 91'", "vllm serve /a --port 91"),
        ('exec su - app -c "exec vllm serve /a $*"', "vllm serve /a"),
        ("M=/a\nexport M\nexec bash -lc 'cd /x && vllm serve $M --port ${P:-91}'", "vllm serve /a --port 91"),
        ('A=()\nfor ((i=0; i<2; i++)); do A+=(x); done\nexec vllm serve /a "${A[@]}"', "vllm serve /a"),
        ('A=(--port 91)\nwhile read -r k; do A+=($k); done < <(env | grep X)\nexec vllm serve "${A[@]}"',
         "vllm serve --port 91"),
        ("M=''\nwhile [ $# -gt 0 ]; do case $1 in -m) M=$2 ;; esac; done\nexec vllm serve $M --port 91",
         "vllm serve --port 91"),
        ('set -e\nM=${M:-${1:-$D}}\nif [[ -z "$M" ]]; then exit 1; fi\nexec vllm serve $M', "vllm serve"),
        ("exec vllm serve /a \\\n  --port \\\n  91 # --port 92", "vllm serve /a --port 91"),
        ("exec vllm serve $EXTRA_ARGS", "vllm serve --port 99"),
        ("exec tritonserver --http-port=91 --grpc-port=92", "tritonserver --http-port 91"),
        ("exec uv run python -u -m sglang.launch_server", "python -u -m sglang.launch_server"),
        ("exec python3 /app/serve.py --model /a --port 91", "python3 /app/serve.py --model /a"),
        ("exec lmdeploy serve api_server /a --server-port 91", "lmdeploy serve api_server /a --server-port 91"),
    ],
)  # fmt: skip
def test_variables_of_the_script_are_followed(lines: str, kept: str) -> None:
    """Assignments, defaults, lists, and the words that a variable of the environment holds."""
    assert list_words(f"#!/bin/bash\n{lines}\n".encode(), env=("EXTRA_ARGS=--port 99 --api-key planted",)) == [kept]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("exec vllm serve $M", "vllm serve"),
        ("if [ $X ]; then M=/a; else M=/b; fi\nexec vllm serve $M", "vllm serve"),
        ("M=/a\nif [ $X ]; then M=/b; fi\nexec vllm serve $M", "vllm serve /a"),
        ("M=$(find /models)\nexec vllm serve $M", "vllm serve"),
        ("exec vllm serve '$HOME'", "vllm serve"),
        ("cat <<EOF\nM=/a\nexec x\nEOF\nexec vllm serve $M", "vllm serve"),
        ("exec vllm serve $EXTRA_ARGS", "vllm serve"),
        ("exec my-server -p 4711 --port 4711 -m /a", "my-server"),
    ],
)
def test_what_a_script_leaves_open_is_not_guessed(lines: str, kept: str) -> None:
    """Branches that differ, the output of commands, and what no one sets."""
    assert list_words(f"#!/bin/bash\n{lines}\n".encode(), env=("EXTRA_ARGS=acme/word",)) == [kept]


def test_a_script_that_calls_another_is_followed() -> None:
    """To the end, and never twice."""
    found = start(b'#!/bin/sh\nexec /app/inner.sh "$@"\n', "/app/start.sh", "--port", "91")
    assert [each.words for each in found] == [
        ("/app/inner.sh",),
        ("vllm", "serve", "/models/inner", "--port", "91"),
    ]
    assert [each.evidence.path for each in found] == ["app/start.sh", "app/inner.sh"]
    assert list_words(b"#!/bin/sh\nexec /app/again.sh\n") == ["/app/again.sh", "/app/again.sh"]


def test_a_command_that_is_given_to_another_script_is_followed_through_it() -> None:
    """As through `exec "$@"` of an image's own wrapper; the place of a word is not known there."""
    assert list_words(b"#!/bin/sh\nexec /app/wrap.sh vllm serve /m --port 91\n")[1:] == ["vllm serve /m --port 91"]
    assert list_words(b"#!/bin/sh\nexec /app/first.sh x /m\n")[1:] == ["vllm serve"]


def test_a_long_script_is_read_to_its_hand_over() -> None:
    """However many commands come before."""
    script = b"#!/bin/sh\n" + b'[ -n "$A" ]\n$A vllm\n' * 300 + b"exec vllm serve /m\n"
    assert list_words(script)[0] == "vllm serve /m"


def test_servers_that_run_beside_are_listed_and_other_programs_are_not() -> None:
    """They are no hand-over; patterns of a `case` are no commands."""
    script = b"#!/bin/sh\nOLLAMA_HOST=0.0.0.0:9001 ollama serve &\nnginx -s &\ncase $1 in serve|vllm) ;; esac\nwait\n"
    found = start(script)
    assert [(each.words, each.is_handover) for each in found] == [(("wait",), True), (("ollama", "serve"), False)]
    assert found[1].variables == (("OLLAMA_HOST", "0.0.0.0:9001"),)


def test_a_script_is_found_by_shell_link_and_path() -> None:
    """And where neither its name nor its folder is that of a system's own, without a first line too."""
    line = b"exec vllm serve /a\n"
    assert list_words(line, "bash", "-e", "start.sh") == ["vllm serve /a"]
    assert list_words(b"#!/bin/sh\n" + line, "/app/go", path="app/go") == ["vllm serve /a"]
    assert list_words(b"#!/bin/sh\n" + line, path="code/tools/go.sh") == ["vllm serve /a"]
    assert list_words(b"#!/bin/sh\n" + line, path="usr/share/doc/go.sh") == []
    members = (file("app/go.sh", b"#!/bin/sh\n" + line, mode=0o755), symlink("go", "app/go.sh"))
    context = make_context(members, runtime=RuntimeConfig(cmd=("/go",)))
    assert [each.words for each in collect(StartedCommandCollector, context).of(StartedCommand)] == [
        ("vllm", "serve", "/a")
    ]
