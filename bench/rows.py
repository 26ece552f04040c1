"""The table: every kernel, the peer it is measured against, and what is wanted."""

from . import calls, filters, sizes

ROWS = [*filters.ROWS, *sizes.ROWS, *calls.ROWS]
