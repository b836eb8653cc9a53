"""ImageConfig: read strictly where something is built on it, kindly where not."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from layerscope.errors import DocumentError, LimitError
from layerscope.image.config import MAX_HISTORY, Healthcheck, HistoryEntry, ImageConfig, RuntimeConfig, parse_config
from layerscope.image.digest import Digest
from layerscope.image.manifest import MAX_LAYERS

DIFF_ID = "sha256:" + "d" * 64


def parse(**members: object) -> ImageConfig:
    """A config with one layer and these members."""
    document: Mapping[str, object] = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [DIFF_ID]},
        **members,
    }
    return parse_config(json.dumps(document).encode(), where="config c")


def parse_runtime(**members: object) -> RuntimeConfig:
    """The runtime part of a config, read from these members."""
    return parse(config=members).runtime


def test_the_example_of_the_specification_is_read() -> None:
    """https://github.com/opencontainers/image-spec/blob/main/config.md#example, shortened."""
    config = parse(
        created="2015-10-31T22:22:56.015925234Z",
        author="Alyssa P. Hacker <alyspdev@example.com>",
        config={
            "User": "alice",
            "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
            "Env": ["PATH=/usr/bin", "FOO=oci_is_a", "BAR=well=written_spec"],
            "Entrypoint": ["/bin/my-app-binary"],
            "Cmd": ["--foreground"],
            "Volumes": {"/var/log": {}, "/var/data": {}},
            "WorkingDir": "/home/alice",
            "Labels": {"com.example.project.git.url": "https://example.com/project.git"},
        },
        history=[
            {"created": "2015-10-31T22:22:54.690851953Z", "created_by": "/bin/sh -c #(nop) ADD file:a in /"},
            {"created": "2015-10-31T22:22:55.613815829Z", "created_by": 'CMD ["sh"]', "empty_layer": True},
        ],
    )
    assert replace(config, content=b"") == ImageConfig(
        architecture="amd64",
        os="linux",
        variant=None,
        os_version=None,
        created=datetime(2015, 10, 31, 22, 22, 56, 15925, UTC),
        author="Alyssa P. Hacker <alyspdev@example.com>",
        runtime=RuntimeConfig(
            user="alice",
            env=("PATH=/usr/bin", "FOO=oci_is_a", "BAR=well=written_spec"),
            entrypoint=("/bin/my-app-binary",),
            cmd=("--foreground",),
            working_dir="/home/alice",
            labels={"com.example.project.git.url": "https://example.com/project.git"},
            exposed_ports=("53/udp", "8080/tcp"),
            volumes=("/var/data", "/var/log"),
        ),
        rootfs=(Digest.parse(DIFF_ID),),
        history=(
            HistoryEntry(datetime(2015, 10, 31, 22, 22, 54, 690851, UTC), "/bin/sh -c #(nop) ADD file:a in /"),
            HistoryEntry(datetime(2015, 10, 31, 22, 22, 55, 613815, UTC), 'CMD ["sh"]', empty_layer=True),
        ),
    )


def test_an_image_from_scratch_has_no_diff_ids() -> None:
    """Go writes null for the DiffIDs of an image without layers."""
    assert parse(rootfs={"type": "layers", "diff_ids": None}).rootfs == ()
    assert parse(rootfs={"type": "layers"}).rootfs == ()


def test_null_everywhere_reads_as_absent() -> None:
    """A config that Docker wrote with nulls for all that is empty is whole."""
    names = ["User", "Env", "Entrypoint", "Cmd", "WorkingDir", "Labels", "ExposedPorts", "Volumes", "StopSignal"]
    names += ["Healthcheck", "Shell", "OnBuild", "ArgsEscaped"]
    nothing = dict.fromkeys(names)
    assert parse_runtime(**nothing) == RuntimeConfig()
    nulls = parse(config=None, history=None, author=None, created=None)
    assert replace(nulls, content=b"") == replace(parse(), content=b"")


@pytest.mark.parametrize("created", ["yesterday", "", 5, [], {}, True, "2024-13-45T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_bad_time_is_none_and_the_image_readable(created: object) -> None:
    """Nothing is built on a time, so that a bad one breaks nothing; Go's zero time means none."""
    config = parse(created=created, history=[{"created": created, "created_by": "x"}])
    assert (config.created, config.history) == (None, (HistoryEntry(created_by="x"),))


def test_an_unnamed_platform_is_unknown() -> None:
    """A missing operating system is not guessed."""
    assert str(parse(os=None, architecture="").platform) == "unknown/unknown"


def test_variant_and_os_version_are_read() -> None:
    """The platform is whole."""
    platform = parse(variant="v7", architecture="arm", **{"os.version": "1.2"}).platform
    assert (str(platform), platform.os_version) == ("linux/arm/v7", "1.2")


def test_a_health_check_is_read() -> None:
    """Times are nanoseconds, as engines write them."""
    healthcheck = parse_runtime(
        Healthcheck={
            "Test": ["CMD-SHELL", "true"],
            "Interval": 30_000_000_000,
            "Timeout": 1,
            "StartPeriod": 2,
            "StartInterval": 3,
            "Retries": 4,
        }
    ).healthcheck
    assert healthcheck == Healthcheck(("CMD-SHELL", "true"), 30_000_000_000, 1, 2, 3, 4)


def test_a_health_check_of_none_is_disabled() -> None:
    """`HEALTHCHECK NONE` is not a health check."""
    assert Healthcheck(("NONE",)).is_disabled
    assert not Healthcheck(("CMD", "true")).is_disabled


def test_the_rarer_members_are_read() -> None:
    """Shell, stop signal, triggers and Windows' escaping are kept."""
    runtime = parse_runtime(Shell=["/bin/bash", "-c"], StopSignal="SIGINT", OnBuild=["RUN x"], ArgsEscaped=True)
    assert (runtime.shell, runtime.stop_signal) == (("/bin/bash", "-c"), "SIGINT")
    assert (runtime.on_build, runtime.args_escaped) == (("RUN x",), True)


def test_an_empty_value_and_later_equal_signs_belong_to_the_environment() -> None:
    """Only the first `=` splits name and value."""
    assert parse_runtime(Env=["A=", "B=c=d"]).env == ("A=", "B=c=d")


def test_an_environment_entry_without_equal_sign_is_refused_without_repeating_it() -> None:
    """The runtime refuses it, too; the entry may be a secret that lost its name."""
    with pytest.raises(DocumentError, match=r"reading config c: config: Env\[1\] holds no '='") as caught:
        parse_runtime(Env=["A=b", "hunter2"])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"config": {"Env": ["A=b", 5]}}, r"config: Env\[1\]: expected a string, found the number 5"),
        ({"config": {"Env": {"A": "b"}}}, "config: Env: expected a list, found an object"),
        ({"config": {"Cmd": "sh"}}, "config: Cmd: expected a list, found the string 'sh'"),
        ({"config": {"User": 0}}, "config: User: expected a string, found the number 0"),
        ({"config": {"Labels": {"a": True}}}, r"config: Labels\['a'\]: expected a string, found true"),
        ({"config": {"Volumes": ["/data"]}}, "config: Volumes: expected an object, found a list"),
        ({"config": {"Healthcheck": {"Interval": "30s"}}}, "Healthcheck: Interval: expected a whole number"),
        ({"config": {"ArgsEscaped": 1}}, "ArgsEscaped: expected true or false, found the number 1"),
        ({"config": []}, "config: expected an object, found a list"),
        ({"history": {}}, "history: expected a list"),
        ({"history": [None]}, r"history\[0\]: expected an object, found nothing"),
        ({"history": [{"empty_layer": "true"}]}, r"history\[0\]: empty_layer: expected true or false"),
        ({"history": [{"created_by": 1}]}, r"history\[0\]: created_by: expected a string"),
        ({"rootfs": None}, "rootfs is missing, expected an image config"),
        ({"rootfs": []}, "rootfs: expected an object"),
        ({"rootfs": {"type": "tree"}}, "rootfs: type is 'tree', expected 'layers'"),
        ({"rootfs": {"diff_ids": ["sha256:x"]}}, r"rootfs: diff_ids\[0\]: digest 'sha256:x'"),
        ({"rootfs": {"diff_ids": [5]}}, r"rootfs: diff_ids\[0\]: expected a string"),
        ({"architecture": 64}, "architecture: expected a string, found the number 64"),
    ],
)
def test_members_of_the_wrong_type_are_named_by_their_place(members: Mapping[str, object], message: str) -> None:
    """The message leads to the member and says what was expected."""
    with pytest.raises(DocumentError, match=message):
        parse(**members)


def test_an_artifact_config_is_no_image_config() -> None:
    """The empty config of an artifact says that an image config was expected."""
    with pytest.raises(DocumentError, match="rootfs is missing"):
        parse_config(b"{}", where="config c")


def test_too_many_diff_ids_are_refused() -> None:
    """As many DiffIDs as layers are allowed, no more."""
    with pytest.raises(LimitError, match=f"diff_ids holds {MAX_LAYERS + 1} items, limit {MAX_LAYERS}"):
        parse(rootfs={"diff_ids": [DIFF_ID] * (MAX_LAYERS + 1)})


def test_too_long_a_history_is_refused() -> None:
    """A history without end is a LimitError."""
    with pytest.raises(LimitError, match=f"history holds {MAX_HISTORY + 1} items, limit {MAX_HISTORY}"):
        parse(history=[{}] * (MAX_HISTORY + 1))


def test_the_document_comes_along_as_it_was() -> None:
    """Whoever writes one that differs in little must lose nothing of it."""
    content = json.dumps({"rootfs": {"type": "layers", "diff_ids": [DIFF_ID]}, "x": {"of": "others"}}).encode()
    assert parse_config(content, where="config").content == content
