"""How much an instruction of a Dockerfile is like a step of an image's history, whichever builder wrote that.

The builders leave traces of their own: variables have their values (but in RUN), quotes are gone, the classic builder
names what it copied by digest, a shell stands in front of the shell form.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final

from layerscope.fixes.dockerfile.own_edits import is_edited
from layerscope.formats.dockerfile import Instruction, parse_exec_form
from layerscope.formats.dockerfile_words import UNKNOWN, expand_variables, find_assignments, find_words, strip_quotes
from layerscope.image.history import BuildStep

LONGEST: Final = 1 << 16
"""Characters of a step or an instruction that are compared; what is longer is no match."""

_STORED: Final = re.compile(r"(?:file|dir|multi):[0-9a-f]{12} ")
_FLAG: Final = re.compile(r"--\S+ ")
_SHELL: Final = re.compile(r"(?:RUN )?(?:\S*/)?\w+ -\w*c ")
_BUILDKIT: Final = " # buildkit"
_KEPT_FLAGS: Final = ("--chown=", "--chmod=")
_VALUES: Final = frozenset({"ENV", "LABEL"})


class Likeness(IntEnum):
    """How alike they are."""

    NONE = 0
    PARTS = 1
    """Of one keyword, with half of the words or more in common."""
    EDITED = 3
    """What layerscope writes into a RUN was put in since, and nothing else."""
    SAME = 4
    """As far as the history tells: it names copied files by digest, where the classic builder wrote it."""


def is_as_written(instruction: Instruction, step: BuildStep) -> bool:
    """Whether a step is an instruction as it stands in the file, as buildah writes it: without values of variables.

    It names the arguments that were known by then, and leaves out how files are copied and what they were called.
    """
    keyword, _, told = step.instruction.partition(" ")
    if keyword != instruction.keyword or len(told) + len(instruction.operands) > LONGEST:
        return False
    if keyword == "ARG":
        return {name for name, _ in find_assignments(instruction.operands)} <= set(told.split())
    if keyword in {"COPY", "ADD"}:
        stored = _STORED.match(told)
        words = instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))
        return stored is not None and told[stored.end() :].rstrip("/") == words[-1].rstrip("/")
    return _squeeze(told) == _squeeze(instruction.operands)


def compare_step(
    instruction: Instruction, step: BuildStep, variables: Mapping[str, str], shell: Sequence[str] = ()
) -> Likeness:
    """How alike an instruction is to a step, its variables having these values, and SHELL having named that shell."""
    if (told := _find_in_shell(instruction, step, shell)) is not None:
        return _compare_commands(instruction, variables, told)
    if instruction.keyword == "RUN" and instruction.words is not None and _is_run_by_words(instruction, step):
        return Likeness.SAME
    keyword, _, told = step.instruction.partition(" ")
    if keyword != instruction.keyword:
        return Likeness.NONE
    if len(told) + len(instruction.operands) > LONGEST:
        return Likeness.NONE
    if keyword in {"COPY", "ADD"}:
        return _compare_copy(instruction, told, variables)
    if keyword == "ARG":
        own, other = (find_assignments(text)[0][0] for text in (instruction.operands, told or "="))
        return Likeness.SAME if own == other else Likeness.NONE
    if keyword == "HEALTHCHECK":
        told = re.sub(r"--\S+ ", "", told)
    return _compare_commands(instruction, variables, _normalize(keyword, told))


def _compare_commands(instruction: Instruction, variables: Mapping[str, str], told: str) -> Likeness:
    own = _tell(instruction, variables)
    if instruction.keyword == "RUN" and instruction.words is None and is_edited(own, told):
        return Likeness.EDITED
    return _compare_texts(own, told)


def _is_run_by_words(instruction: Instruction, step: BuildStep) -> bool:
    """Whether a step has the words of a RUN in JSON form, which may name a shell as the other form would."""
    told = step.created_by.removesuffix(_BUILDKIT).removeprefix("RUN ")
    return not step.empty and _squeeze(told) == _tell_run(instruction)


def _find_in_shell(instruction: Instruction, step: BuildStep, shell: Sequence[str]) -> str | None:
    """What the shell of SHELL was given in a step that may be this instruction; None where it was given nothing."""
    if not shell or instruction.words is not None or len(step.instruction) + len(instruction.operands) > LONGEST:
        return None
    lead = f"{' '.join(shell)} "
    if instruction.keyword == "RUN" and not step.empty:
        told = _squeeze(step.instruction.removeprefix("RUN "))
    elif instruction.keyword in {"CMD", "ENTRYPOINT"} and step.instruction.startswith(f"{instruction.keyword} "):
        told = _squeeze(" ".join(parse_exec_form(step.instruction.partition(" ")[2]) or ()))
    else:
        return None
    return told.removeprefix(lead) if told.startswith(lead) else None


def _compare_copy(instruction: Instruction, told: str, variables: Mapping[str, str]) -> Likeness:
    """By flags, sources and place; by the place alone where the sources are digests."""
    flags = [expand_variables(flag, variables) for flag in instruction.flags if flag.startswith(_KEPT_FLAGS)]
    words = instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))
    own = " ".join((*sorted(flags), *(expand_variables(word, variables) for word in words)))
    told_flags = sorted(flag.strip() for flag in _FLAG.findall(told) if flag.startswith(_KEPT_FLAGS))
    bare = _FLAG.sub("", told)
    if stored := _STORED.match(bare):
        place = expand_variables(words[-1], variables)
        is_same = _fits(place.rstrip("/"), bare[stored.end() :].rstrip("/")) and sorted(flags) == told_flags
        return Likeness.SAME if is_same else Likeness.NONE
    return _compare_texts(own, _squeeze(" ".join((*told_flags, bare))))


def _compare_texts(own: str, told: str) -> Likeness:
    if _fits(own, told):
        return Likeness.SAME
    words, others = Counter(own.split()), Counter(told.split())
    shared = (words & others).total()
    return Likeness.PARTS if shared and 2 * shared >= max(words.total(), others.total()) else Likeness.NONE


def _fits(own: str, told: str) -> bool:
    """Whether the texts are equal, each unknown value being any text."""
    first, *others = own.split(UNKNOWN)
    if not others:
        return own == told
    if not told.startswith(first) or not told.endswith(others[-1]):
        return False
    position = len(first)
    for part in others[:-1]:
        found = told.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return position <= len(told) - len(others[-1])


def _tell(instruction: Instruction, variables: Mapping[str, str]) -> str:
    """An instruction's operands as a history would tell them."""
    if instruction.keyword == "RUN":
        return _tell_run(instruction)
    if instruction.keyword in _VALUES:
        pairs = find_assignments(instruction.operands)
        return _squeeze(" ".join(f"{name}={expand_variables(value, variables)}" for name, value in pairs))
    if instruction.keyword in {"CMD", "ENTRYPOINT", "SHELL"}:
        return " ".join(instruction.words or (_squeeze(instruction.operands),))
    if instruction.keyword in {"HEALTHCHECK", "ONBUILD", "MAINTAINER"}:
        return _normalize(instruction.keyword, instruction.operands)
    words = instruction.words or find_words(instruction.operands)
    text = " ".join(expand_variables(strip_quotes(word), variables) for word in words)
    return _normalize(instruction.keyword, text)


def _tell_run(instruction: Instruction) -> str:
    """A command in JSON form is told word by word; one that is a document alone, by the document."""
    if instruction.words is not None:
        return _squeeze(" ".join(instruction.words))
    documents = instruction.documents
    if len(documents) == 1 and re.fullmatch(r"<<-?\S+", instruction.operands):
        return _squeeze(documents[0].content)
    parts = (part for document in documents for part in (document.content, document.name))
    return _squeeze(" ".join((instruction.operands, *parts)))


def _normalize(keyword: str, told: str) -> str:
    """A step's operands without what only one of the builders writes."""
    if keyword in {"CMD", "ENTRYPOINT"}:
        words = parse_exec_form(told)
        return _SHELL.sub("", _squeeze(told if words is None else " ".join(words)), count=1)
    if keyword == "SHELL":
        words = parse_exec_form(told)
        return told.strip("[]") if words is None else " ".join(words)
    if keyword == "EXPOSE":
        return " ".join(sorted(word.removesuffix("/tcp") for word in told.split()))
    if keyword == "VOLUME":
        words = parse_exec_form(told)
        return " ".join(sorted(told.split() if words is None else words))
    return _squeeze(told)


def _squeeze(text: str) -> str:
    return " ".join(text.split())
