"""The truth about a run: what was planned, what is done, what failed, in one SQLite file."""

from imgpipe.runlog.decide import STEPS, Decision, Overwrite, Rules, decide, with_sidecar
from imgpipe.runlog.history import Entry, History, Run
from imgpipe.runlog.log import RunLog
from imgpipe.runlog.rows import Intent, Row

__all__ = [
    "STEPS",
    "Decision",
    "Entry",
    "History",
    "Intent",
    "Overwrite",
    "Row",
    "Rules",
    "Run",
    "RunLog",
    "decide",
    "with_sidecar",
]
