"""A value that no builder takes is told before one is started."""

import pytest

from layerscope.errors import UsageError
from layerscope.fixes.builds.option_values import check_values
from layerscope.formats.dockerfile import parse_dockerfile

STAGES = parse_dockerfile(b"FROM a AS Build\nFROM b AS runtime\n").stages


@pytest.mark.parametrize(
    "option",
    [
        "--platform=linux/amd64",
        "--platform=linux/arm64/v8",
        "--platform=arm64",
        "--platform=Linux",
        "--platform=local",
        "--platform=windows(10.0.17763)/amd64",
        "--build-arg=A=1",
        "--build-arg=A=",
        "--build-arg=HTTP_PROXY",
        "--build-arg=A=b=c\nd",
        "--label=x=y",
        "--secret=id=token,src=/x/y",
        '--secret=id=token,"src=/x,y"',
        "--secret=type=env,id=token,env=TOKEN",
        "--ssh=default",
        "--add-host=a:1.2.3.4",
        "--add-host=a=::1",
        "--no-cache",
        "--no-cache=false",
        "--pull",
        "--pull=never",
        "--network=none",
        "--network=",
        "--memory=512m",
        "-m4g",
        "-m=4g",
        "--memory-swap=-1",
        "--shm-size=1.5GiB",
        "--shm-size=64 m",
        "--cpu-quota=0x10",
        "--ulimit=nofile=1024:2048",
        "--ulimit=core=-1",
        "--no-cache-filter=build,runtime",
        "--build-context=x=docker-image://y",
        "--something-new",
        "--something-new=anything",
    ],
)
def test_what_builders_take_passes(option: str) -> None:
    """And so does what only they may know."""
    check_values((option,), STAGES)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--platform=bogus", "'--platform=bogus': expected one platform, as linux/amd64"),
        ("--platform=linux/amd64,linux/arm64", "expected one platform, as linux/amd64"),
        ("--platform=", "expected one platform, as linux/amd64"),
        ("--platform", "expected one platform, as linux/amd64, behind an equals sign: --platform=…"),
        ("--platform=a/b/c/d", "expected one platform, as linux/amd64"),
        ("--build-arg", "expected NAME=VALUE, or NAME, behind an equals sign: --build-arg=…"),
        ("--build-arg=", "'--build-arg=': expected NAME=VALUE, or NAME"),
        ("--build-arg==x", "'--build-arg=***': expected NAME=VALUE, or NAME"),
        ("--secret=token", "'--secret=***': expected id=NAME, with src=FILE or env=VARIABLE behind a comma"),
        ("--secret=id=x,file=y", "expected id=NAME, with src=FILE or env=VARIABLE behind a comma"),
        ("--ssh", "expected a value, behind an equals sign: --ssh=…"),
        ("--add-host=localhost", "expected HOST:ADDRESS"),
        ("--no-cache=maybe", "expected true or false"),
        ("--pull=sometimes", "expected true or false, or a policy of podman"),
        ("--memory=lots", "'--memory=lots': expected a size, as 512m or 2g"),
        ("--memory=-1", "expected a size, as 512m or 2g"),
        ("-mlots", "'-mlots': expected a size, as 512m or 2g"),
        ("--cpu-quota=1.5", "expected a whole number"),
        ("--ulimit=nofile", "expected NAME=SOFT[:HARD], as nofile=1024:2048"),
        ("--format=zip", "expected oci or docker"),
        ("--no-cache-filter=build,nosuch", "expected a stage of the Dockerfile: build, runtime"),
        ("--build-context=x", "expected NAME=VALUE"),
    ],
)
def test_a_value_that_no_builder_takes_is_wrong_use(option: str, told: str) -> None:
    """The option, its value, and what was expected, in one line."""
    with pytest.raises(UsageError) as refused:
        check_values(("--pull", option), STAGES)
    assert str(refused.value).startswith("--build-option ")
    assert str(refused.value).endswith(told)


def test_a_secret_in_an_option_is_not_told() -> None:
    """It is hidden where it looks like one."""
    with pytest.raises(UsageError) as refused:
        check_values(("--build-arg==ghp_0123456789abcdefghijABCDEFGHIJ012345",), ())
    assert "ghp_0123456789abcdefghij" not in str(refused.value)


def test_podman_wants_both_parts_of_a_platform() -> None:
    """Docker takes a processor alone."""
    check_values(("--platform=linux/arm64",), STAGES, is_podman=True)
    with pytest.raises(UsageError, match="expected one platform as podman names it: OS/ARCHITECTURE"):
        check_values(("--platform=arm64",), STAGES, is_podman=True)
