"""The config of an image's lowest layers: what its history tells, and nothing that a later step made."""

import json
from typing import Any

import pytest

from layerscope.audit.lower_config import cut_config
from layerscope.image.config import ImageConfig, parse_config

BASE_TIME, OWN_TIME = "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"


def step(created_by: str, *, empty: bool = False, created: str = BASE_TIME) -> dict[str, Any]:
    """One entry of a history."""
    return {"created": created, "created_by": created_by, "empty_layer": empty}


def make(*history: dict[str, Any], layers: int = 2, **runtime: Any) -> ImageConfig:
    """A config with so many layers."""
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": OWN_TIME,
        "config": runtime,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{number:064x}" for number in range(layers)]},
        "history": list(history),
    }
    return parse_config(json.dumps(document).encode(), where="a test")


ADD = step("ADD root /")
RUN = step("RUN make", created=OWN_TIME)


@pytest.mark.parametrize(
    ("base", "own", "runtime", "expected"),
    [
        ([], ["ENV A=1 B=two"], {"Env": ["PATH=/bin", "A=1", "B=two"]}, {"Env": ["PATH=/bin"]}),
        (["ENV A=0"], ["ENV A=1"], {"Env": ["PATH=/bin", "A=1"]}, {"Env": ["PATH=/bin", "A=0"]}),
        (['CMD ["python3"]'], ['CMD ["serve", "-p"]'], {"Cmd": ["serve", "-p"]}, {"Cmd": ["python3"]}),
        (["CMD python3"], ['ENTRYPOINT ["x"]'], {"Entrypoint": ["x"]}, {}),
        (["USER app"], ["USER root"], {"User": "root"}, {"User": "app"}),
        ([], ["WORKDIR /srv"], {"WorkingDir": "/srv"}, {}),
        ([], ["LABEL a=1"], {"Labels": {"a": "1", "b": "2"}}, {"Labels": {"b": "2"}}),
        (["LABEL a=0"], ["LABEL a=1"], {"Labels": {"a": "1"}}, {"Labels": {"a": "0"}}),
        (["EXPOSE 80/tcp"], ["EXPOSE 80 8000"], {"ExposedPorts": {"80/tcp": {}, "8000/tcp": {}}},
         {"ExposedPorts": {"80/tcp": {}}}),
        ([], ['VOLUME ["/data"]'], {"Volumes": {"/data": {}}}, {}),
        (['SHELL ["/bin/bash", "-c"]'], [], {"Shell": ["/bin/bash", "-c"]}, {"Shell": ["/bin/bash", "-c"]}),
        ([], ["HEALTHCHECK CMD true"], {"Healthcheck": {"Test": ["CMD", "true"]}}, {}),
    ],
)  # fmt: skip
def test_what_a_later_step_set_is_what_it_was(
    base: list[str], own: list[str], runtime: dict[str, Any], expected: dict[str, Any]
) -> None:
    """As an earlier step set it, or not there; what no later step set stays."""
    below = [ADD, *(step(each, empty=True) for each in base)]
    above = [*(step(each, empty=True, created=OWN_TIME) for each in own), RUN]
    cut = cut_config(make(*below, *above, **runtime), 1)
    assert json.loads(cut.content)["config"] == expected
    assert len(cut.history) == len(below)
    assert len(cut.rootfs) == 1
    assert json.loads(cut.content)["created"] == BASE_TIME


def test_steps_without_a_layer_belong_to_the_build_whose_time_is_theirs() -> None:
    """Those written with the last layer that counts are the base's, later ones are not; without times none is."""
    later = step("ENV A=1", empty=True, created=OWN_TIME)
    base = step("ENV B=1", empty=True)
    assert [each.created_by for each in cut_config(make(ADD, base, later, RUN), 1).history] == ["ADD root /", "ENV B=1"]
    assert len(cut_config(make(ADD, base, later, layers=1), 1).history) == 2
    timeless: list[dict[str, Any]] = [{"created_by": "ADD root /"}, {"created_by": "ENV B=1", "empty_layer": True}]
    assert len(cut_config(make(*timeless, RUN), 1).history) == 1


@pytest.mark.parametrize(
    "text", ["CMD [", "ENV =", "ENV", "LABEL x", "EXPOSE", "CMD {}", "HEALTHCHECK", "USER", 'ENV A="']
)
def test_an_instruction_that_tells_nothing_is_no_error(text: str) -> None:
    """Histories are free text."""
    cut_config(make(ADD, step(text, empty=True), RUN, step(text, empty=True, created=OWN_TIME), Cmd=["x"]), 1)


def test_a_config_without_history_is_the_images() -> None:
    """There is nothing to take away."""
    assert json.loads(cut_config(make(User="app"), 1).content)["config"] == {"User": "app"}
