"""CONF004 missing-entrypoint: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.system.programs import Program, ProgramState
from layerscope.rules.config.missing_entrypoint import NAME_PROGRAM, MissingEntrypoint
from layerscope.rules.severity import Confidence, Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROCESS, found, missing


def test_flags_a_program_that_no_layer_has() -> None:
    """The message says what is started and where it was expected."""
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, program=missing("/app/serve")))
    assert finding.message == "The entrypoint starts /app/serve, but no layer has /app/serve"
    assert finding.severity is Severity.HIGH


def test_flags_a_program_in_no_folder_of_the_path() -> None:
    """Bare names are searched for."""
    program = Program("serve", ProgramState.MISSING)
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, program=program))
    assert finding.message == "The entrypoint starts serve, which is in no folder of PATH"


def test_names_the_layer_that_removed_the_program() -> None:
    """A deletion took too much."""
    program = Program("/app/serve", ProgramState.MISSING, "app/serve", removed_by=4)
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, program=program))
    assert finding.message.endswith("but layer 4 removed /app/serve")
    assert finding.locations[0].layer == 4


def test_names_the_target_of_a_dangling_link() -> None:
    """The link is there; what it points to is not."""
    program = Program("/app/serve", ProgramState.MISSING, "app/serve", 1, link_target="/opt/serve")
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, program=program))
    assert finding.message.endswith("but /app/serve is a link to /opt/serve, which is not in the image")


def test_flags_a_file_without_execute_permission() -> None:
    """The fix is a permission, given where the file is copied."""
    program = Program("/app/serve", ProgramState.NOT_EXECUTABLE, "app/serve", 1, 0o644)
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, program=program))
    assert finding.message.endswith("but /app/serve has no execute permission (mode 0644)")
    assert finding.fixes[0].steps[0] == "COPY --chmod=0755 … /app/serve"


def test_flags_a_directory_in_the_programs_place() -> None:
    """Directories cannot be run."""
    program = Program("/app", ProgramState.NOT_A_FILE, "app", 1)
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, program=program))
    assert finding.message.endswith("but /app is not a regular file")


def test_flags_the_program_of_a_shell_form_with_less_confidence() -> None:
    """The shell may do something before that we do not see."""
    process = replace(PROCESS, program=found("/bin/sh"), inner=missing("/app/serve"))
    (finding,) = flags(MissingEntrypoint, process)
    assert finding.message.startswith("The shell form of the entrypoint starts /app/serve")
    assert finding.confidence is Confidence.MEDIUM


def test_flags_the_program_of_a_health_check() -> None:
    """Without it the container is called unhealthy for ever."""
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, health_program=missing("/bin/curl")))
    assert finding.message == "The health check starts /bin/curl, but no layer has /bin/curl"
    assert finding.severity is Severity.MEDIUM


def test_tells_an_image_without_any_command_as_information() -> None:
    """Base images are like that."""
    (finding,) = flags(MissingEntrypoint, replace(PROCESS, entrypoint=(), program=None))
    assert finding.severity is Severity.INFO
    assert finding.fixes == (NAME_PROGRAM,)


def test_ignores_a_program_that_is_there() -> None:
    """It may need an interpreter, which is another rule's."""
    ignores(MissingEntrypoint, PROCESS)


def test_ignores_a_missing_program_where_a_layer_could_not_be_read() -> None:
    """It may lie in that layer."""
    ignores(MissingEntrypoint, DAMAGED, replace(PROCESS, program=missing("/app/serve")))
