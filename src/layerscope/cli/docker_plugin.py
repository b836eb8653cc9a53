"""The plugin of Docker's command line: a file `docker-layerscope`, written, taken out, and never over another's.

https://docs.docker.com/engine/cli/plugins/ and https://github.com/docker/cli/tree/v26.1.5/cli-plugins/manager: docker
runs the file for what it is, whenever it lists its commands, and again for what it is to do.
"""

import os
import shlex
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import layerscope
from layerscope.cli.docker_call import METADATA_COMMAND, NAME, render_metadata
from layerscope.errors import UsageError

FILE: Final = f"docker-{NAME}"
SYSTEM_FOLDER: Final = Path("/usr/local/lib/docker/cli-plugins")
"""The first of the folders in which docker looks for the plugins of all users."""

_MARK: Final = "# The Docker CLI plugin of layerscope"
_MARK_WITHIN: Final = 200
"""Bytes of the file in which the mark stands."""

_SCRIPT: Final = f"""\
#!/bin/sh
{_MARK}: `layerscope docker-plugin install` writes it, `layerscope docker-plugin uninstall` takes it out.
python={{python}}
package={{package}}
if [ -x "$python" ] && {{{{ [ -d "$package" ] || "$python" -P -c "import layerscope" 2>/dev/null; }}}}; then
    exec "$python" -P -m layerscope docker-plugin run "$@"
fi
if [ "$1" = {METADATA_COMMAND} ]; then
    echo '{{metadata}}'
    exit 0
fi
echo "layerscope: the Python of this plugin is gone, or layerscope is no longer in it: $python" >&2
echo "layerscope: 'layerscope docker-plugin install' writes the plugin anew; this one is $0" >&2
exit 2
"""
_MODE: Final = 0o755


@dataclass(frozen=True)
class PluginPlace:
    """A folder in which docker looks for plugins."""

    folder: Path

    @property
    def file(self) -> Path:
        """The plugin's file."""
        return self.folder / FILE

    @property
    def is_own(self) -> bool:
        """Whether the file that is there is layerscope's."""
        if self.file.is_symlink() or not self.file.is_file():
            return False
        with self.file.open("rb") as file:
            return _MARK.encode() in file.read(_MARK_WITHIN)

    def install(self) -> None:
        """Write the file, anew where it is layerscope's already; raises UsageError where another's is there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._check_own()
            self._write()
        except OSError as error:
            raise UsageError(f"writing the plugin {str(self.file)!r}: {error.strerror}") from error

    def uninstall(self) -> bool:
        """Take the file out; False where there is none. Raises UsageError for one that is another's."""
        try:
            self._check_own()
            self.file.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UsageError(f"taking out the plugin {str(self.file)!r}: {error.strerror}") from error
        return True

    def _check_own(self) -> None:
        if os.path.lexists(self.file) and not self.is_own:
            raise UsageError(f"{str(self.file)!r} is not layerscope's; it is left as it is")

    def _write(self) -> None:
        """Write the file beside its place, and put it there at once; another's that appears meanwhile is kept."""
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=f".{FILE}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(_make_script())
                os.fchmod(file.fileno(), _MODE)
            if self.is_own:
                Path(temporary).replace(self.file)
            else:
                os.link(temporary, self.file)
        finally:
            Path(temporary).unlink(missing_ok=True)


def find_plugin_place(environment: Mapping[str, str], *, is_system: bool) -> PluginPlace:
    """Where docker looks for the plugins of this user, or of all; raises UsageError for a user without a home."""
    if is_system:
        return PluginPlace(SYSTEM_FOLDER)
    if folder := environment.get("DOCKER_CONFIG"):
        return PluginPlace(Path(folder).absolute() / "cli-plugins")
    if home := environment.get("HOME"):
        return PluginPlace(Path(home).absolute() / ".docker" / "cli-plugins")
    raise UsageError("looking for docker's folder of plugins: expected HOME or DOCKER_CONFIG to be set")


def _make_script() -> str:
    """The file; what it says of itself without its Python says that this is gone."""
    return _SCRIPT.format(
        python=shlex.quote(sys.executable),
        package=shlex.quote(str(Path(layerscope.__file__).parent)),
        metadata=render_metadata("Its Python is gone: layerscope docker-plugin install mends it"),
    )
