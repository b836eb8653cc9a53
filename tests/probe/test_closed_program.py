"""What engines say of a program that a container's user may not start, and of all else that they are denied."""

import pytest

from layerscope.probe.container_run import is_closed_program


@pytest.mark.parametrize(
    "refusal",
    [
        'runc create failed: unable to start container process: exec: "/root/venv/bin/p": permission denied: unknown',
        'unable to start container process: exec: "/opt/p": stat /opt/p: permission denied: unknown',
        "crun: open executable: Permission denied: OCI permission denied",
        'runc: unable to start container process: exec: "/root/p": permission denied: OCI permission denied',
    ],
)
def test_a_program_that_may_not_be_started_is_known(refusal: str) -> None:
    """By runc and crun, below Docker and podman."""
    assert is_closed_program(refusal)


@pytest.mark.parametrize(
    "refusal",
    [
        "crun: writing file /sys/fs/cgroup/x/cgroup.procs: Permission denied: OCI permission denied",
        "crun: mount proc to proc: Operation not permitted: OCI permission denied",
        "error running hook #0: fork/exec /usr/bin/nvidia-container-runtime-hook: permission denied: unknown",
        "failed to create shim task: fork/exec /usr/bin/runc: permission denied: unknown",
        'exec: "python3": executable file not found in $PATH: unknown',
    ],
)
def test_what_an_engine_was_denied_itself_is_no_fault_of_the_image(refusal: str) -> None:
    """Nor is a program that is not there one that is closed."""
    assert not is_closed_program(refusal)
