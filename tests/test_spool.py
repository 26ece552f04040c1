import random

import pytest
from imgpipe.spool import Spool


@pytest.mark.parametrize("count", [0, 1, 9_999, 10_000, 25_001])
def test_rows_come_in_order_any_number_of_times(count: int) -> None:
    rows = [(b"%d" % (number // 2), number % 2, "text") for number in range(count)]
    spool = Spool(3, keys=2)
    for row in random.Random(0).sample(rows, count):
        spool.add(row)
    assert len(spool) == count
    assert list(spool) == list(spool) == sorted(rows)
    assert [spool.at(number) for number in range(0, count, 5000)] == sorted(rows)[::5000]
    assert b"x" not in spool
    assert all(row[0] in spool for row in rows[::1000])


def test_rows_may_come_after_some_were_read() -> None:
    spool = Spool(1, keys=1)
    for number in range(30_000, 0, -1):
        spool.add((number,))
        if number % 10_000 == 0:
            assert spool.at(0) == (number,)
    assert [row[0] for row in spool] == list(range(1, 30_001))


def test_a_long_spool_takes_little_memory() -> None:
    import subprocess
    import sys

    script = """
import resource
from imgpipe.spool import Spool
def fill(count):
    spool = Spool(2, keys=1)
    for number in range(count):
        spool.add((b"IMG_%08d.jpg" % (number * 7919 % count), number))
    assert sum(1 for _ in spool) == count
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
few = fill(20_000)
print(fill(400_000) - few)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 4_000_000
