"""The Dockerfile instruction behind a history entry, whichever builder wrote it.

Docker's classic builder and buildah write `/bin/sh -c #(nop)  CMD ["x"]` and `|1 ARG=value /bin/sh -c make`, BuildKit
`RUN |1 ARG=value /bin/sh -c make # buildkit`, kaniko the instruction itself; bazel, ko and Nix write what they like,
which is left as it is. What comes out is for people: the entry as written stays beside it.
"""

import json
import re

LONGEST_CLEANED = 1 << 16
"""Characters of an entry that is cleaned; a longer one, which few instructions reach, stays as it is."""

_BUILDKIT_MARK = "# buildkit"
_NO_OPERATION = re.compile(r"(?:\S+ ){1,16}?#\(nop\)\s+")

# The options of a SHELL instruction are single words, each of one alternative only, so that matching stays linear.
_UNIX_SHELL = (
    r"(?:/\S*/)?(?:ba|da|a|z|k)?sh(?: -[a-zA-Z]+| --[a-z]+| (?:pipefail|errexit|nounset|xtrace))*? -[a-zA-Z]*c"
)
_WINDOWS_SHELL = r"cmd(?:\.exe)? /S /C|(?:powershell|pwsh)(?:\.exe)?(?: -[a-zA-Z]+)*? -[cC]ommand"
_SHELL = re.compile(f"(?:{_UNIX_SHELL}|{_WINDOWS_SHELL}) ")
_LATER_SHELL = re.compile(f" (?:{_UNIX_SHELL}|{_WINDOWS_SHELL}) ")
_BUILD_ARGUMENTS = re.compile(r"\|(\d{1,4}) ")

# Docker 20.10 leaves out the blank between a COPY's options and what was copied.
_STORED_SOURCE = re.compile(r"(ADD|COPY)((?: --\S+?)*) ?(file|dir|multi):([0-9a-f]{12})[0-9a-f]* in (.*)", re.DOTALL)
_GO_SET = re.compile(r'(EXPOSE|VOLUME) (?:map)?\[([^\]"]*)\]')
_EXEC_FORM = re.compile(r"((?:ONBUILD )?(?:CMD|ENTRYPOINT|SHELL|RUN)) \[(.*)\]", re.DOTALL)
_HEALTHCHECK = re.compile(r'HEALTHCHECK &\{\["(CMD|CMD-SHELL|NONE)" ?(.*)\]((?: "\w+"){2,4}) .{1,24}\}', re.DOTALL)
_HEALTHCHECK_TIMES = ("interval", "timeout", "start-period", "start-interval")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_QUOTED_ITEMS = re.compile(rf"(?:{_QUOTED.pattern}\s*)*", re.DOTALL)
_BLANKS = re.compile(r"[ \t]{2,}|\t")


def read_instruction(created_by: str) -> str:
    """Return the instruction that a history entry records; empty for an empty entry."""
    text = created_by.strip()
    if len(text) > LONGEST_CLEANED:
        return text
    text = text.removesuffix(_BUILDKIT_MARK).rstrip()
    no_operation = _NO_OPERATION.match(text)
    if no_operation:
        return _tidy(text[no_operation.end() :])
    command = text.removeprefix("RUN ")
    bare = _strip_shell(_strip_build_arguments(command))
    is_run = command != text or bare != command
    return f"RUN {_squeeze(bare)}" if is_run else _tidy(text)


def _strip_shell(command: str) -> str:
    shell = _SHELL.match(command)
    return command if shell is None else command[shell.end() :].strip()


def _strip_build_arguments(command: str) -> str:
    """The command after `|COUNT NAME=VALUE…`; values may hold spaces, so the shell's name is what ends them."""
    arguments = _BUILD_ARGUMENTS.match(command)
    if arguments is None:
        return command
    shell = _LATER_SHELL.search(command, arguments.end() - 1)
    if shell is not None:
        return command[shell.start() + 1 :]
    return command.split(" ", int(arguments[1]) + 1)[-1]


def _squeeze(command: str) -> str:
    """Join what the classic builder left of continued lines; lines of their own (heredocs) keep their indentation."""
    return command if "\n" in command else _BLANKS.sub(" ", command)


def _tidy(text: str) -> str:
    """Turn what Go printed of its own values back into an instruction's operands."""
    if stored := _STORED_SOURCE.fullmatch(text):
        name, options, kind, digest, target = stored.groups()
        return f"{name}{options} {kind}:{digest} {target.strip()}"
    if go_set := _GO_SET.fullmatch(text):
        return " ".join((go_set[1], *(word.removesuffix(":{}") for word in go_set[2].split())))
    if exec_form := _EXEC_FORM.fullmatch(text):
        return f"{exec_form[1]} {_to_list(exec_form[2])}"
    if healthcheck := _HEALTHCHECK.fullmatch(text):
        return _to_healthcheck(*healthcheck.groups())
    return text


def _to_list(items: str) -> str:
    """Go prints a list of strings without commas; anything else inside the brackets stays as it is."""
    return f"[{', '.join(_QUOTED.findall(items))}]" if _QUOTED_ITEMS.fullmatch(items) else f"[{items}]"


def _to_healthcheck(kind: str, test: str, times: str) -> str:
    if kind == "NONE":
        return "HEALTHCHECK NONE"
    options = "".join(
        f"--{name}={time} "
        for name, time in zip(_HEALTHCHECK_TIMES, times.replace('"', "").split(), strict=False)
        if time != "0s"
    )
    return f"HEALTHCHECK {options}CMD {_unquote(test) if kind == 'CMD-SHELL' else _to_list(test)}"


def _unquote(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted
