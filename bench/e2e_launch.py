"""Run a program to its end, and print what it took: `e2e_launch.py COMMAND...`.

In a small process of its own, as the system counts the memory of the one that forks, too. Of
several processes, that is the most any of them took.
"""

import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawnp(
    sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)]
)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - start
if status:
    sys.exit(f"{sys.argv[1:]} ended with {os.waitstatus_to_exitcode(status)}")
taken = {"wall": seconds, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}
print(json.dumps(taken))
