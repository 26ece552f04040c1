"""`Row` and `Intent`: what the log says of one output, to who makes it and to who asks for it."""

from dataclasses import dataclass

from imgpipe.runlog.decide import Decision
from imgpipe.steps.encode import Encoded
from imgpipe.steps.plan import Target
from imgpipe.steps.save import Staged


@dataclass(frozen=True, slots=True)
class Row:
    """A planned output's place in the log, and what is to become of it.

    `existing` is the file that it was decided about, below the output folder: the planned one, or
    where our last one went.
    """

    id: int
    target: Target
    decision: Decision
    existing: str
    failure: tuple[str, str] | None = None
    """The step and the reason, where an earlier run failed and it is left at that."""
    sidecar: bytes | None = None
    """The digest of what we left beside it, if that is still there."""
    replaces_sidecar: bool = False
    """Whether what is beside it may be replaced."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An output about to get its name."""

    row: Row
    staged: Staged
    encoded: Encoded
    sidecar: Staged | None = None

    @property
    def told(self) -> tuple[int | bytes | str | None, ...]:
        """What is written down of it, by the names of `INTENT_TOLD`."""
        staged, sidecar, encoded = self.staged, self.sidecar, self.encoded
        beside = (sidecar.size, sidecar.digest) if sidecar else (None, None)
        lost = "; ".join(map(str, encoded.lost)) or None
        made = staged.size, staged.digest, *beside, encoded.format.name
        return self.row.id, *made, *encoded.size, lost


INTENT_TOLD = (
    "id",
    "bytes",
    "digest",
    "sidecar_bytes",
    "sidecar_digest",
    "format",
    "width",
    "height",
    "lost",
)
