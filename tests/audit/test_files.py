"""Where an image has the program or the library that a message names."""

from typing import Final

import pytest

from layerscope.audit.files import find_program, tell_file, tell_program, tell_soname
from layerscope.audit.result import AuditResult
from layerscope.audit.statement import Bearing
from layerscope.image.config import RuntimeConfig
from support.results import ResultRecipe, make_result
from support.tar_member import TarMember, symlink

RUNTIME: Final = RuntimeConfig(env=("PATH=/opt/bin:bin:/usr/bin",), working_dir="/srv")


def make(*members: TarMember, above: tuple[TarMember, ...] = ()) -> AuditResult:
    """An image of one or two layers."""
    return make_result(ResultRecipe(layers=[members, above] if above else [members], runtime=RUNTIME))


@pytest.mark.parametrize(
    ("program", "path"), [("/srv/run.sh", "srv/run.sh"), ("./run.sh", "srv/run.sh"), ("tool", "usr/bin/tool")]
)
def test_a_program_that_is_there_is_told(program: str, path: str) -> None:
    """By its path, from the working directory, or by PATH."""
    result = make(TarMember(path))
    found = find_program(result, program)
    assert found is not None
    assert found.path == path
    ((told),) = tell_program(result, program)
    assert f"/{path} (layer 0)" in told.text
    assert told.bearing is (Bearing.OPEN if "/" in program else Bearing.CONTRADICTS)


def test_a_program_that_is_not_there_is_told() -> None:
    """With files of its name elsewhere, and the layer that removed it."""
    result = make(TarMember("app/run.sh"), TarMember("srv/x"))
    ((told),) = tell_program(result, "/srv/run.sh")
    assert (told.bearing, told.text) == (
        Bearing.EXPLAINS,
        "/srv/run.sh is not in the image; of that name there is /app/run.sh",
    )
    result = make(TarMember("srv/run.sh"), above=(TarMember("srv/.wh.run.sh"),))
    ((told),) = tell_program(result, "/srv/run.sh")
    assert told.text == "/srv/run.sh is not in the image; layer 1 removed it"
    ((told),) = tell_program(result, "gunicorn")
    assert told.text == "gunicorn is in no folder of PATH"


def test_a_link_that_leads_nowhere_is_told() -> None:
    """With its end."""
    ((told),) = tell_program(make(symlink("srv/run.sh", "/opt/run.sh")), "/srv/run.sh")
    assert told.text == "/srv/run.sh leads by a link to /opt, which is not there"


def test_a_library_is_looked_up_by_its_name() -> None:
    """A link to nowhere is none."""
    path = "usr/lib/x86_64-linux-gnu/libGL.so.1"
    ((told),) = tell_soname(make(TarMember(path)), "libGL.so.1")
    assert told.bearing is Bearing.OPEN
    assert told.text.startswith(
        f"/{path} (layer 0) is there: a program that does not find it does not search /usr/lib/"
    )
    ((told),) = tell_soname(make(symlink(path, "libGL.so.1.7.0")), "libGL.so.1")
    assert (told.bearing, told.text) == (Bearing.EXPLAINS, "libGL.so.1 is not in the image")
    result = make(TarMember(path), above=(TarMember("usr/lib/x86_64-linux-gnu/.wh.libGL.so.1"),))
    ((told),) = tell_soname(result, "libGL.so.1")
    assert told.text == f"libGL.so.1 is not in the image; layer 1 removed /{path}"


def test_a_file_of_a_message_that_is_not_there_is_told() -> None:
    """By its path or its name; of one that is there, rules tell what is wrong with it."""
    result = make(TarMember("opt/lib/liba.so"))
    for name in ("/opt/lib/liba.so", "liba.so"):
        assert list(tell_file(result, name)) == []
    for name in ("/opt/liba.so", "libb.so"):
        ((told),) = tell_file(result, name)
        assert (told.bearing, told.text) == (
            Bearing.OPEN,
            f"{name} is not in the image: the message is from another one",
        )
