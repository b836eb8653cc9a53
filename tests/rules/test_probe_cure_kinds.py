"""What a probe's cure changes is told from its words."""

import pytest

from layerscope.rules.fix import FixKind
from layerscope.rules.probe_cure_kinds import find_cure_kind


@pytest.mark.parametrize(
    ("cure", "kind"),
    [
        ("Update the driver of the host", FixKind.HOST_ACTION),
        ("Generate the specification anew: sudo nvidia-ctk cdi generate", FixKind.HOST_ACTION),
        ("Give it more: docker run --gpus all --shm-size=8g IMAGE", FixKind.RUN_FLAGS),
        ("Let fewer threads start: docker run -e OMP_NUM_THREADS=4 IMAGE", FixKind.RUN_FLAGS),
        ("Give it more: --memory 16GiB", FixKind.RUN_FLAGS),
        ("Build the layer that brings it anew: docker build --no-cache -t IMAGE .", FixKind.REBUILD),
        ("Install the CUDA wheel: pip install torch --index-url URL", FixKind.DOCKERFILE_EDIT),
        ("Ask nobody: RUN hf download REPOSITORY, ENV HF_HUB_OFFLINE=1", FixKind.DOCKERFILE_EDIT),
        ("Do not keep lines back: ENV PYTHONUNBUFFERED=1", FixKind.CONFIG_EDIT),
        ("Take the tokenizer of the same model", FixKind.DOCKERFILE_EDIT),
    ],
)
def test_a_cure_is_of_the_kind_that_its_words_tell(cure: str, kind: FixKind) -> None:
    """Flags of pip are none of docker run, and a variable that docker run sets is none of the image."""
    assert find_cure_kind(cure) is kind
