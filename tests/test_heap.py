import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource, threading
from imgpipe import heap

def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        thread = threading.Thread(target=bytearray, args=(b"x" * size,))
        thread.start()
        thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

size = 48 * 2**20
fresh = faults(size)
assert heap.keep_freed_memory()
faults(size)
print(fresh, faults(size))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_freed_memory_is_not_asked_of_the_system_again() -> None:
    command = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    fresh, kept = map(int, run.stdout.split())
    assert kept < fresh / 4  # a block may land beside another one that is still in use
