"""imgpipe against other programs, end to end: `python -m bench.e2e [WORKLOAD...]`.

Whole processes over whole folders, PHOTOS=DIR or generated photographs. What was measured is kept
in build/e2e, so that single workloads can be measured anew, and bench/results/e2e.md and e2e.svg
are written from all that is there; of pictures of one's own, figures are only printed.
"""

import os
import pickle
import sys
from pathlib import Path

from .e2e_contest import Outcome, hold
from .e2e_inputs import PLACE, photos
from .e2e_report import describe, write
from .e2e_single import kernels_on_two_cores, start_up, two_workers
from .e2e_workloads import WORKLOADS

RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> None:
    """Do the workloads of those names, or all."""
    photos()
    kept = PLACE / "outcomes.pickle"
    own = bool(os.environ.get("PHOTOS"))
    outcomes: dict[str, Outcome] = {}
    if names and not own and kept.exists():
        outcomes = pickle.loads(kept.read_bytes())
    # Before this run removes thousands of files, after which ext4 takes its time with new ones.
    figures = [] if own else [kernels_on_two_cores(), two_workers(), *start_up()]
    for workload in WORKLOADS:
        if not names or workload.name in names:
            outcomes[workload.name] = hold(workload)
            print(describe(outcomes[workload.name]), flush=True)
            if not own:
                kept.write_bytes(pickle.dumps(outcomes))
    if not own:
        every = [outcomes[workload.name] for workload in WORKLOADS if workload.name in outcomes]
        write(every, figures, RESULTS)
        print(f"Written: {RESULTS / 'e2e.md'}, {RESULTS / 'e2e.svg'}")


if __name__ == "__main__":
    main(sys.argv[1:])
