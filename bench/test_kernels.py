"""Every row of the table: answers compared, then both sides timed in turn in one run."""

import pytest

from . import scaling
from .book import Book
from .contest import Missing, Outcome, Row, hold
from .rows import ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row, book: Book, benchmark) -> None:
    try:
        contest = row.contest()
    except Missing as reason:
        book.outcomes.append(Outcome(row, skipped=str(reason)))
        pytest.skip(str(reason))
    outcome = hold(row, contest, benchmark)
    book.outcomes.append(outcome)
    print(f"\n{row.name}: {outcome.ratio:.2f} times, wanted {row.wanted or row.limit}")


@pytest.mark.parametrize("series", scaling.SERIES, ids=lambda series: series.__name__)
def test_series(series, book: Book, benchmark) -> None:
    try:
        book.series.append(benchmark.pedantic(series))
    except Missing as reason:
        pytest.skip(str(reason))
