"""`Spool`: rows in order that need not fit into memory."""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

_ROWS = 500  # that are kept in memory
_PACKET = 250  # that are written at a time
_CACHE = 256  # KiB: as much is quick, and a run has several of these

Row = tuple[Any, ...]


class Spool:
    """Rows of bytes, text and whole numbers, given back in order, any number of times.

    Up to five hundred stay in memory; more go to a file of SQLite's that the system deletes by
    itself, however the process ends. The first `keys` columns tell rows apart and order them.
    """

    def __init__(self, columns: int, keys: int) -> None:
        self._names = [f"c{number}" for number in range(columns)]
        self._order = ", ".join(self._names[:keys])
        self._rows: list[Row] = []  # on their way to the file, once there is one
        self._sorted = True
        self._file: sqlite3.Connection | None = None
        self._length = 0

    def add(self, row: Row) -> None:
        """Take in one more row; none while somebody iterates."""
        self._rows.append(row)
        self._length += 1
        self._sorted = False
        if len(self._rows) >= (_PACKET if self._file else _ROWS):
            self._spill()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        if self._file:
            return self._settle().execute(f"select * from rows order by {self._order}")
        self._sort()
        return iter(self._rows)

    def at(self, number: int) -> Row:
        """The row at a place in their order, counted from 0."""
        if self._file:
            query = f"select * from rows order by {self._order} limit 1 offset ?"
            row: Row = self._settle().execute(query, (number,)).fetchone()
            return row
        self._sort()
        return self._rows[number]

    def __contains__(self, first: object) -> bool:
        """Whether a row begins with `first`."""
        if self._file:
            found = self._settle().execute("select 1 from rows where c0 = ? limit 1", (first,))
            return found.fetchone() is not None
        self._sort()
        place = bisect_left(self._rows, (first,))
        return place < len(self._rows) and self._rows[place][0] == first

    def _sort(self) -> None:
        if not self._sorted:
            self._rows.sort()
            self._sorted = True

    def _spill(self) -> None:
        marks = ", ".join("?" * len(self._names))
        if not self._file:
            # A file without a name: kept in a small cache, and on the disk beyond that.
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._file.execute("pragma journal_mode = off")
            self._file.execute(f"pragma cache_size = -{_CACHE}")
            columns = ", ".join(self._names)
            self._file.execute(f"create table added ({columns})")
            self._file.execute(
                f"create table rows ({columns}, primary key ({self._order})) without rowid"
            )
        self._file.execute("begin")
        self._file.executemany(f"insert into added values ({marks})", self._rows)
        self._file.execute("commit")
        self._rows.clear()

    def _settle(self) -> sqlite3.Connection:
        """The file with all rows in their order: sorted at once, which takes half the time."""
        assert self._file
        if not self._sorted:
            self._spill()
            self._file.execute(f"insert into rows select * from added order by {self._order}")
            self._file.execute("delete from added")
            self._sorted = True
        return self._file

    def close(self) -> None:
        """Let the file go."""
        if self._file:
            self._file.close()

    def __del__(self) -> None:
        self.close()
