"""Shapes that do not fit, out of what transformers raises or prints."""

import logging

from layerscope.probe.payload.load_report import LoadReport, tell_shapes

TOLD = "model.embed_tokens.weight is [256, 64] in the files and [300, 64] by config.json"


def test_the_row_of_a_report_is_read() -> None:
    """As transformers 5 prints it, with its colours."""
    row = (
        "model.embed_tokens.weight | \x1b[33mMISMATCH\x1b[0m | Reinit due to size mismatch - "
        "ckpt: torch.Size([256, 64]) vs model:torch.Size([300, 64])"
    )
    assert tell_shapes(row) == TOLD


def test_the_line_of_an_exception_is_read() -> None:
    """As transformers 4 raises it."""
    line = (
        "size mismatch for model.embed_tokens.weight: copying a param with shape torch.Size([256, 64]) from "
        "checkpoint, the shape in current model is torch.Size([300, 64])."
    )
    assert tell_shapes(f"Error(s) in loading:\n\t{line}\n\tYou may consider adding `ignore_mismatched_sizes`") == TOLD
    assert tell_shapes("For details look at the above report!") == ""


def test_a_report_is_kept_while_it_is_listened_to() -> None:
    """And no longer."""
    with LoadReport() as report:
        logging.getLogger("transformers.modeling_utils").warning("it is %s", "so")
    logging.getLogger("transformers.modeling_utils").warning("not this")
    assert report.text == "it is so\n"
