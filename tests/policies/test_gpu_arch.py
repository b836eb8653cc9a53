"""GPU models, and which device code runs on which compute capability."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from layerscope.errors import PolicyError
from layerscope.policies import gpu_arch
from layerscope.policies.gpu_arch import read_gpu_architectures

TABLE = Path(gpu_arch.__file__).parent / "tables" / "gpu_arch.toml"
GPUS = read_gpu_architectures()


@pytest.mark.parametrize(
    ("code", "runs", "does_not"),
    [
        ((80, ""), (80, 86, 89), (75, 87, 90, 120)),
        ((86, ""), (86, 89), (80, 90)),
        ((90, "a"), (90,), (100, 89)),
        ((100, ""), (100, 103, 107), (110, 120, 90)),
        ((100, "a"), (100,), (103,)),
        ((100, "f"), (100, 103, 107), (110, 120)),
        ((103, "f"), (103, 107), (100,)),
        ((120, ""), (120, 121), (100,)),
        ((87, ""), (87,), (86, 89)),
        ((101, ""), (110,), (103, 107)),
    ],
)
def test_machine_code_stays_in_its_generation(
    code: tuple[int, str], runs: tuple[int, ...], does_not: tuple[int, ...]
) -> None:
    """Upwards within a major number; a suffix narrows it, and Tegra parts keep to themselves."""
    assert [cc for cc in runs if not GPUS.runs_sass(*code, cc)] == []
    assert [cc for cc in does_not if GPUS.runs_sass(*code, cc)] == []


def test_ptx_goes_up() -> None:
    """To every newer GPU, unless a suffix keeps it."""
    assert all(GPUS.compiles_ptx(80, "", cc) for cc in (80, 90, 100, 121))
    assert not GPUS.compiles_ptx(80, "", 75)
    assert [cc for cc in GPUS.capabilities if GPUS.compiles_ptx(90, "a", cc)] == [90]
    assert [cc for cc in GPUS.capabilities if GPUS.compiles_ptx(120, "f", cc)] == [120, 121]


def test_toolkits_bring_and_drop_architectures() -> None:
    """Volta came before 10.0 and went with 13.0; Thor was called 101 first."""
    assert (GPUS.first_toolkit(90), GPUS.dropped_in(90)) == ("11.8", None)
    assert (GPUS.first_toolkit(70), GPUS.dropped_in(70)) == ("10.0", "13.0")
    assert (GPUS.first_toolkit(110), GPUS.dropped_in(110)) == ("12.8", None)


def test_common_models_are_in_order_of_capability() -> None:
    """They are what a table without a question shows."""
    common = [model.capability for model in GPUS.common]
    assert common == sorted(common)
    assert {"V100", "T4", "A100", "H100", "B200", "RTX 5090"} <= {model.name for model in GPUS.common}


def test_hosts_are_known_where_all_are_alike() -> None:
    """Superchips, Jetsons and the GB10 have Arm processors; a capability tells it where all its models do."""
    hosts = {model.name: model.host for model in GPUS.models}
    assert {hosts[name] for name in ("GH200", "GB200", "GB300", "GB10", "T4G", "Vera Rubin")} == {"arm64"}
    assert {model.host for model in GPUS.models if model.is_tegra} == {"arm64"}
    assert {hosts[name] for name in ("H100", "H200", "B200", "B300", "R100", "RTX 5090", "A100", "T4")} == {""}
    assert [cc for cc in GPUS.capabilities if GPUS.host_of(cc)] == [53, 62, 72, 87, 110, 121]


def drop_family_member(text: str) -> str:
    """A family that does not hold its own architecture."""
    return text.replace("members = [103, 107]", "members = [107]")


def repeat_model(text: str) -> str:
    """A name in two rows."""
    return text.replace('models = ["K80"]', 'models = ["K80", "tesla k40"]')


def name_stray(text: str) -> str:
    """A common model that is not in the row."""
    return text.replace('common = ["T4"]', 'common = ["T5"]')


def bring_back(text: str) -> str:
    """An architecture that was dropped before."""
    return text.replace(
        "sm = [75, 80, 86, 87, 88, 89, 90, 100, 103, 107", "sm = [70, 75, 80, 86, 87, 88, 89, 90, 100, 103, 107"
    )


def repeat_capability(text: str) -> str:
    """Two rows of one capability."""
    return text.replace("cc = 37", "cc = 35")


def host_stray(text: str) -> str:
    """A host of a model that no row has."""
    return text.replace('models = ["T4G"]', 'models = ["T4Q"]')


def repeat_host(text: str) -> str:
    """A model with two kinds of host."""
    return text.replace('models = ["GB10", "DGX Spark"]\n\n', 'models = ["GB10", "DGX Spark", "T4G"]\n\n')


@pytest.mark.parametrize(
    "spoil",
    [drop_family_member, repeat_model, name_stray, bring_back, repeat_capability, host_stray, repeat_host],
)
def test_contradictions_are_refused(spoil: Callable[[str], str], tmp_path: Path) -> None:
    """A table in a folder of one's own keeps the same law."""
    text = TABLE.read_text()
    spoiled = spoil(text)
    assert spoiled != text
    (tmp_path / "gpu_arch.toml").write_text(spoiled)
    with pytest.raises(PolicyError, match="reading gpu_arch"):
        read_gpu_architectures(tmp_path)


def test_every_row_has_a_source() -> None:
    """That is what makes a table more than an opinion."""
    table = tomli.loads(TABLE.read_text())
    assert all(row["source"] for name, rows in table.items() if name != "policy" for row in rows)
