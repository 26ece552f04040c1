"""The command: arguments in, text and an exit code out."""

import os

# Read when numpy is loaded: its threads for linear algebra, which is not done here, take 80 ms.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
