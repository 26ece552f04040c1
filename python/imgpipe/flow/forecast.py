"""What a run would do, and about what it would take, without anything being written."""

import random
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from imgpipe.config import PipelineConfig
from imgpipe.errors import CollisionError, LoadError
from imgpipe.flow.budget import process_budget
from imgpipe.flow.domains import Page, plan_pages
from imgpipe.flow.measure import PipelineMetrics
from imgpipe.flow.parcels import Item
from imgpipe.flow.pipeline import first_of
from imgpipe.flow.road import load_picture, make_outputs, weigh
from imgpipe.flow.storage import Storage
from imgpipe.flow.threads import LOAD_THREADS
from imgpipe.runlog import Decision, Row, Rules, RunLog
from imgpipe.steps.encode import Encoded
from imgpipe.steps.plan import Job

T = TypeVar("T")

_HEADERS = 1000
_PICTURES = 16
_SECONDS = 3.0


@dataclass
class Forecast:
    """A run as far as it can be told before it is made.

    `decisions` counts outputs by what is to become of them, `reads` is the bytes of the pictures
    that anything is made of, `writes` about how many bytes come of them, `seconds` about how long
    it takes, None where no picture could be tried; `memory` is the most that is taken, in bytes,
    by the headers of `headers` of the pictures and with what this process takes anyway.
    """

    pictures: int = 0
    decisions: Counter[Decision] = field(default_factory=Counter)
    collisions: list[CollisionError] = field(default_factory=list)
    unlisted: list[LoadError] = field(default_factory=list)
    reads: int = 0
    writes: float | None = None
    seconds: float | None = None
    memory: int = 0
    headers: int = 0


class _Sample(Generic[T]):
    """Up to `size` of all that is added, each as likely as any other.

    Algorithm R (J. S. Vitter, Random Sampling with a Reservoir, 1985), the same each time.
    """

    def __init__(self, size: int) -> None:
        self.items: list[T] = []
        self.seen = 0
        self._size = size
        self._random = random.Random(0)

    def add(self, item: T) -> None:
        """Take it in, perhaps, in the place of another."""
        self.seen += 1
        if len(self.items) < self._size:
            self.items.append(item)
        elif (place := self._random.randrange(self.seen)) < self._size:
            self.items[place] = item


def forecast(
    config: PipelineConfig, tell: Callable[[Path, Path, Decision], object] = lambda *_: None
) -> Forecast:
    """Plan all of a run, read some headers, and try a few pictures.

    `tell` gets the input, the output and the decision of each output. Raises ConfigError as a run
    does when it begins.
    """
    outlook = Forecast()
    sample: _Sample[Item[Job]] = _Sample(_HEADERS)
    pages = plan_pages(config, threading.Event())
    page: Page | None = first_of(pages, config)
    log = RunLog.copied(config.destination, config.log_file)
    try:
        while page:
            outlook.unlisted += page.failures
            outlook.collisions += [page.collision] if page.collision else []
            rows = log.plan(page.jobs, Rules(config.overwrite))
            for job, planned in zip(page.jobs, rows, strict=True):
                _count(outlook, sample, job, planned)
                for row in planned:
                    tell(job.path, config.destination / row.existing, row.decision)
            page = next(pages, None)
    finally:
        log.close()
    if sample.items:
        _weigh(outlook, sample, config)
        _try_some(outlook, sample, config)
    return outlook


def _count(outlook: Forecast, sample: _Sample[Item[Job]], job: Job, rows: Sequence[Row]) -> None:
    outlook.pictures += 1
    outlook.decisions.update(row.decision for row in rows)
    if to_make := tuple(row for row in rows if not row.decision.is_skip):
        outlook.reads += job.found.size
        sample.add(Item(job, to_make, job))


def _weigh(outlook: Forecast, sample: _Sample[Item[Job]], config: PipelineConfig) -> None:
    costs = sorted(map(weigh, sample.items), reverse=True)
    at_a_time = LOAD_THREADS + config.buffer + config.workers
    limit = config.memory_bytes or process_budget().limit
    unit = 1 if sys.platform == "darwin" else 1024
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    outlook.headers = len(costs)
    outlook.memory = ours + max(costs[0], min(limit, sum(costs[:at_a_time])))


def _try_some(outlook: Forecast, sample: _Sample[Item[Job]], config: PipelineConfig) -> None:
    """Make a few pictures' outputs, none of which is written."""
    metrics, storage = PipelineMetrics(), Storage(1, None, threading.Event())
    load = partial(load_picture, storage=storage, metrics=metrics)
    make = partial(make_outputs, watermark=config.watermark, timeout=None, metrics=metrics)
    start, tried, read, written = time.perf_counter(), 0, 0, 0
    for item in sample.items[:_PICTURES]:
        drawn = item.through(load).through(make).result
        if isinstance(drawn, tuple):
            tried += 1
            read += item.job.found.size
            written += sum(len(one.result.data) for one in drawn if isinstance(one.result, Encoded))
        if time.perf_counter() - start > _SECONDS:
            break
    if tried:
        outlook.writes = written / tried * sample.seen
        spent = time.perf_counter() - start
        outlook.seconds = spent / max(1, read) * outlook.reads / config.workers
