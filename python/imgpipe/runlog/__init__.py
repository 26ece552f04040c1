"""The truth about a run: what was planned, what is done, what failed, in one SQLite file."""

from imgpipe.runlog.decide import Decision, Overwrite, decide
from imgpipe.runlog.log import Intent, Row, RunLog

__all__ = ["Decision", "Intent", "Overwrite", "Row", "RunLog", "decide"]
