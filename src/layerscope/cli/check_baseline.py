"""Where the baseline of `layerscope check` lies, and how a new one is written."""

from pathlib import Path, PurePosixPath

from layerscope.cli.console import Console
from layerscope.cli.outputs import write_file
from layerscope.errors import SettingsError, UnreadableBaselineError
from layerscope.gate.baseline import Accepted, Baseline, keep_worse, read_baseline
from layerscope.gate.outcome import list_accepted
from layerscope.gate.setting import Origin, Setting
from layerscope.gate.verdict import ImageVerdict
from layerscope.rules.wording import tell_count


def find_baseline(setting: Setting, folder: Path, *, is_updated: bool, console: Console) -> tuple[Path, Baseline]:
    """The file and what is in it; raises SettingsError for one that is named and not there, or that is none.

    A name of the settings file, and the default, are meant from its folder, a flag's from where the person is.
    """
    text = setting.read_text("the path of a file")
    is_own = setting.origin in {Origin.FLAG, Origin.VARIABLE}
    if not is_own and (PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts):
        # The file is part of the project, which must not choose what is written elsewhere.
        raise setting.refuse(f"a path below {folder}; one elsewhere is named by --baseline")
    path = Path(text) if is_own else folder / text
    try:
        found = read_baseline(path)
    except UnreadableBaselineError as error:
        if not is_updated:
            raise SettingsError(f"{error}; --update-baseline writes it anew") from error
        console.complain(f"warning: {error}; it is written anew, with the images alone that are checked now")
        return path, Baseline()
    if found is None and setting.origin is not Origin.DEFAULT and not is_updated:
        raise SettingsError(f"{setting.where}: there is no file {str(path)!r}; --update-baseline writes it")
    return path, found or Baseline()


def accept_findings(path: Path, old: Baseline, verdicts: tuple[ImageVerdict, ...], console: Console) -> Baseline:
    """Write what was found in the images that were checked in place of what the baseline knew of them.

    Of one that could not be read whole, what was known stays beside; of a damaged one, nothing is accepted.
    """
    found: dict[str, dict[str, Accepted]] = {}
    for verdict in verdicts:
        if verdict.subject is None or not verdict.subject.result.is_intact:
            continue
        known = {} if verdict.subject.result.is_whole else old.findings.get(verdict.key, {})
        found[verdict.key] = keep_worse(found.get(verdict.key, {}), {**known, **list_accepted(verdict)})
    new = old.update(found)
    write_file(path, new.render())
    count = sum(map(len, found.values()))
    console.say(f"{tell_count(count, 'finding')} of {tell_count(len(found), 'image')} accepted in {path}")
    return new
