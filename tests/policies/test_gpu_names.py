"""Models and compute capabilities are understood as people and drivers write them."""

import pytest

from layerscope.policies.gpu_names import normalise_model, parse_capability, tell_capability


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("h100-sxm5-80gb", "H100"),
        ("Tesla V100-SXM2-16GB", "V100"),
        ("NVIDIA A100-PCIE-40GB", "A100"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "RTX4090"),
        ("rtx4090", "RTX4090"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTXPRO6000"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX6000ADA"),
        ("NVIDIA H100 NVL MIG 1g.10gb", "H100"),
    ],
)
def test_models_are_reduced_to_one_spelling(written: str, model: str) -> None:
    """Maker, form, memory and case are left out."""
    assert normalise_model(written) == model


@pytest.mark.parametrize("written", ["9.0", "sm_90", "SM_90a", "compute_90", "90", " cc 9.0 ", "sm90"])
def test_capabilities_are_numbers(written: str) -> None:
    """With or without the dot."""
    assert parse_capability(written) == 90


@pytest.mark.parametrize("written", ["H100", "9", "9.0.1", "", "RTX 5090"])
def test_other_text_is_no_capability(written: str) -> None:
    """A model's number is not one."""
    assert parse_capability(written) is None


def test_capabilities_are_told_with_a_dot() -> None:
    """As NVIDIA's pages have them."""
    assert (tell_capability(86), tell_capability(121)) == ("8.6", "12.1")
