"""Whether an output is to be made, given what the log and the disk say."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Literal, get_args

Overwrite = Literal["never", "changed", "all"]
OVERWRITE_RULES: tuple[Overwrite, ...] = get_args(Overwrite)

STEPS = ("load", "decode", "transform", "encode", "save")
"""What can fail."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run does where an earlier one has been.

    `overwrite` says which existing files give way, as in PipelineConfig; a run that `resumes`
    redoes what has changed, and nothing that is done. What failed in one of the steps of `retries`
    is tried again.
    """

    overwrite: Overwrite = "never"
    resumes: bool = False
    retries: Collection[str] = STEPS

    @property
    def redoes(self) -> bool:
        """Whether even what is up to date is made anew."""
        return self.overwrite == "all" and not self.resumes


class Decision(Enum):
    """What is to become of one output; the value says why, for people."""

    MAKE = "new"
    REPLACE = "made anew over an older one"
    UP_TO_DATE = "up to date"
    STALE = "made earlier from another input or with other settings"
    FOREIGN = "a file of that name was there before"
    UNNEEDED = "wider than the picture"
    FAILED = "failed in an earlier run"

    @property
    def is_skip(self) -> bool:
        """Whether nothing is done."""
        return self is not Decision.MAKE and self is not Decision.REPLACE

    @property
    def reason_to_leave(self) -> str | None:
        """Why a file that we would make otherwise is left as it is."""
        return self.value if self is Decision.STALE or self is Decision.FOREIGN else None


def with_sidecar(
    decision: Decision, existing_size: int | None, our_size: int | None, rules: Rules
) -> Decision:
    """What to do about an output that was decided on, given the file that goes beside it.

    `existing_size` and `our_size` are as in `decide`, of that file.
    """
    if decision is not Decision.UP_TO_DATE or our_size in (None, existing_size):
        return decision
    lost = existing_size is None or rules.overwrite == "all"
    return Decision.REPLACE if lost else Decision.FOREIGN


def decide(
    existing_size: int | None, our_size: int | None, same_key: bool, rules: Rules
) -> Decision:
    """What to do about an output.

    `existing_size` is that of the file under its name, None where there is none; `our_size` that
    of the file we last put there, None where we have not; `same_key` says whether ours was made
    from the same input with the same settings.
    """
    if existing_size is None:
        return Decision.MAKE
    ours = existing_size == our_size
    if ours and same_key and not rules.redoes:
        return Decision.UP_TO_DATE
    if rules.overwrite == "all" or (ours and (rules.resumes or rules.overwrite == "changed")):
        return Decision.REPLACE
    return Decision.STALE if ours else Decision.FOREIGN
