"""The lanes of a run: asyncio tasks that carry parcels from channel to channel."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from imgpipe.config import PipelineConfig
from imgpipe.errors import ImageError, SaveError
from imgpipe.files import ImageData
from imgpipe.flow.budget import Account
from imgpipe.flow.channel import Channel
from imgpipe.flow.domains import Page, is_input
from imgpipe.flow.failures import Failures
from imgpipe.flow.measure import LANES, PipelineMetrics
from imgpipe.flow.parcels import SMALL_BYTES, Item, Parcel, cut
from imgpipe.flow.recorder import Made, Recorder, failure
from imgpipe.flow.road import (
    Drawn,
    Place,
    load_picture,
    make_outputs,
    stage_outputs,
    weigh,
    weigh_drawn,
)
from imgpipe.flow.storage import Storage
from imgpipe.flow.threads import LOAD_THREADS, SAVE_THREADS, Threads
from imgpipe.flow.watch import Watch
from imgpipe.progress import ProcessingStage
from imgpipe.results import ProcessingResult
from imgpipe.runlog import Decision, Row, Rules, RunLog
from imgpipe.steps.plan import Job

A = TypeVar("A")
Step = Callable[[Item[Any], Any], Any]


@dataclass(frozen=True, slots=True)
class Statistics:
    """A run at one moment.

    `planned`, `finished` and `failed` count pictures, those that are up to date among the first
    two; while it is `scanning`, more may be planned. `in_flight` are pictures between the log and
    the end of the road. `waiting` is how many parcels wait before each lane, `waiting_peak` the
    most that ever did, `buffer` the most that may. `memory_used` is bytes set aside for this run's
    pictures; `memory_peak` and `memory_limit` are of the budget it draws on, which other runs may
    share.
    """

    planned: int
    finished: int
    failed: int
    scanning: bool
    in_flight: int
    waiting: dict[str, int]
    waiting_peak: dict[str, int]
    buffer: int
    memory_used: int
    memory_peak: int
    memory_limit: int


class Lanes:
    """Load, work, save and record, for one run."""

    def __init__(
        self,
        config: PipelineConfig,
        log: RunLog,
        place: Place,
        *,
        rules: Rules,
        memory: Account,
        cores: Account,
        watch: Watch,
        results: Channel[Sequence[ProcessingResult]],
        metrics: PipelineMetrics,
        threads: Threads,
        stopped: threading.Event,
    ) -> None:
        self._config = config
        self._log = log
        self._place = place
        self._rules = rules
        self._memory = memory
        self._cores = cores
        self._watch = watch
        self._results = results
        self._metrics = metrics
        self._hop = threads.hop
        self._storage = Storage(config.attempts, config.circuit_breaker, stopped)
        self._failures = Failures(config.error_limit)
        self.recorder = Recorder(log, config.destination, config.durability == "file", metrics)
        self._scanning = True
        self._admitting: list[asyncio.Task[None]] = []
        self.stopped = False
        """Whether it was asked to stop before its end."""
        self._in_flight = 0
        size, gauges = config.buffer, metrics.waiting
        self._to_load = Channel[Parcel[Job]](size, 1, gauges["load"])
        self._to_work = Channel[Parcel[ImageData]](size, LOAD_THREADS, gauges["work"])
        self._to_save = Channel[Parcel[tuple[Drawn, ...]]](size, config.workers, gauges["save"])
        self._to_record = Channel[Parcel[tuple[Made, ...]]](size, SAVE_THREADS, gauges["record"])

    @property
    def _channels(self) -> dict[str, Channel[Any]]:
        return dict(
            zip(LANES, (self._to_load, self._to_work, self._to_save, self._to_record), strict=True)
        )

    def abandon(self) -> None:
        """Let the gauges forget what will not come to its end."""
        self._carry_along(-self._in_flight)
        for channel in self._channels.values():
            channel.abandon()

    def _carry_along(self, pictures: int) -> None:
        self._in_flight += pictures
        self._metrics.in_flight.add(pictures)

    @property
    def statistics(self) -> Statistics:
        """How the run stands at this moment."""
        lanes = self._channels
        return Statistics(
            self._watch.planned,
            self._watch.finished,
            self._failures.failed,
            self._scanning,
            self._in_flight,
            {name: channel.waiting for name, channel in lanes.items()},
            {name: channel.peak for name, channel in lanes.items()},
            self._config.buffer,
            self._memory.held,
            self._memory.budget.peak,
            self._memory.budget.limit,
        )

    async def run(self, pages: Iterator[Page]) -> None:
        """Carry every picture to its end, or until stopped what is about to be saved.

        What ends one lane early ends all, and is raised.
        """
        config = self._config
        storage, metrics = self._storage, self._metrics
        load = partial(load_picture, storage=storage, metrics=metrics)
        make = partial(
            make_outputs, watermark=config.watermark, timeout=config.timeout, metrics=metrics
        )
        stage = partial(stage_outputs, place=self._place, storage=storage, metrics=metrics)
        try:
            async with asyncio.TaskGroup() as lanes:
                self._admitting = [
                    lanes.create_task(self._feed(pages)),
                    *(lanes.create_task(self._load(load)) for _ in range(LOAD_THREADS)),
                    *(lanes.create_task(self._work(make)) for _ in range(config.workers)),
                ]
                if self.stopped:  # before it had begun
                    self.stop()
                for _ in range(SAVE_THREADS):
                    lanes.create_task(self._save(stage))
                lanes.create_task(self._record())
        except BaseExceptionGroup as group:
            error = group.exceptions[0]
            raise error from error.__cause__

    def stop(self) -> None:
        """Admit nothing more, let go of what is not drawn yet, and save what is."""
        self.stopped = True
        for task in self._admitting:
            task.cancel()
        self._to_save.end()

    async def _feed(self, pages: Iterator[Page]) -> None:
        """Write each page's plan into the log, then send its pictures on their way."""
        while page := await self._hop("plan", next, pages, None):
            check(page)
            if page.failures:
                await self._hop("log", self._log.record_unlisted, page.failures)
                self._watch.plan(len(page.failures))
                for error in page.failures:
                    await self._give([(failure(error, error.path or self._config.sources[0]),)])
            if page.jobs:
                await self._feed_jobs(page.jobs)
        self._scanning = False
        self._to_load.close()

    async def _feed_jobs(self, jobs: Sequence[Job]) -> None:
        rows = await self._hop("log", self._log.plan, jobs, self._rules)
        self._watch.plan(len(jobs))
        items: list[Item[Job]] = []
        done: list[tuple[ProcessingResult, ...]] = []
        left: list[ProcessingResult] = []
        for job, planned in zip(jobs, rows, strict=True):
            to_make = tuple(row for row in planned if not row.decision.is_skip)
            skips = self._skips(job, planned) if len(to_make) < len(planned) else ()
            if to_make:
                items.append(Item(job, to_make, self._refuse_inputs(job, to_make)))
                left.extend(skips)
            else:
                done.append(skips)
        await self._offer(left)
        await self._give(done)
        for parcel in cut(
            items, self._config.batch_size, self._config.workers, lambda: self._in_flight
        ):
            self._carry_along(len(parcel))
            await self._to_load.send(parcel)

    def _skips(self, job: Job, rows: Sequence[Row]) -> tuple[ProcessingResult, ...]:
        """What is told of outputs that nothing is done about."""
        failures = {row.failure for row in rows}
        if len(failures) == 1 and len(rows) > 1 and rows[0].failure:  # that of the whole picture
            return (replace(_skip(job, rows[0], self._config), variant=""),)
        return tuple(_skip(job, row, self._config) for row in rows if row.decision.is_skip)

    def _refuse_inputs(self, job: Job, rows: Sequence[Row]) -> Job | ImageError:
        """The job, or an error where one of its outputs would replace an input."""
        for row in rows:
            target = self._config.destination / row.existing
            if row.decision is Decision.REPLACE and is_input(target, job, self._config):
                return SaveError(f"Expected an output that is no input, got {target}", job.path)
        return job

    async def _load(self, step: Step) -> None:
        """Set memory aside for each parcel before a large picture is read.

        Small ones are read at once, as their files weigh nothing beside what is made of them.
        """
        async for parcel in self._to_load:
            await self._storage.ready()
            self._watch.tell(parcel, ProcessingStage.LOADING)
            if parcel[0].job.found.size > SMALL_BYTES:
                weights = await self._hop("load", _weights, parcel)
                await self._memory.reserve(sum(weights))
                loaded = await self._hop("load", _carry, parcel, step)
            else:
                loaded, weights = await self._hop("load", _carry_and_weigh, parcel, step)
                await self._memory.reserve(sum(weights))
            await self._to_work.send(tuple(map(_reserving, loaded, weights)))
        self._to_work.close()

    async def _work(self, step: Step) -> None:
        """Draw the outputs, and give back memory, as files weigh less than pixels."""
        async for parcel in self._to_work:
            await self._cores.reserve(1)
            drawn = await self._hop("work", _carry, parcel, step)
            self._cores.release(1)
            drawn = tuple(map(_reserving, drawn, map(weigh_drawn, drawn)))
            self._memory.release(
                sum(item.reserved for item in parcel) - sum(item.reserved for item in drawn)
            )
            await self._to_save.send(drawn)
        self._to_save.close()

    async def _save(self, step: Step) -> None:
        async for parcel in self._to_save:
            self._watch.tell(parcel, ProcessingStage.SAVING)
            await self._to_record.send(await self._hop("save", _carry, parcel, step))
        self._to_record.close()

    async def _record(self) -> None:
        """Publish whatever has gathered while the last group was recorded."""
        async for parcel in self._to_record:
            group = tuple(chain(parcel, *self._to_record.gather()))
            results = await self._hop("log", self.recorder.record, group)
            self._memory.release(sum(item.reserved for item in group))
            self._carry_along(-len(group))
            await self._give(results)
        await self._hop("log", self.recorder.finish)
        self._failures.check(final=not self.stopped)

    async def _give(self, pictures: Sequence[tuple[ProcessingResult, ...]]) -> None:
        """Hand over what became of pictures, all of each. Raises TooManyFailures."""
        given: list[ProcessingResult] = []
        for results in pictures:
            self._failures.count(results)
            self._watch.finish(results[0].original_path)
            given.extend(results)
            if self._failures.exceeded():
                break
        await self._offer(given)
        self._failures.check()

    async def _offer(self, results: Sequence[ProcessingResult]) -> None:
        if results:
            self._metrics.count(results)
            await self._results.send(results)


def check(page: Page) -> None:
    """Raise the page's CollisionError, if it has one."""
    if page.collision:
        raise page.collision


def _carry(parcel: Parcel[Any], step: Step) -> Parcel[Any]:
    return tuple(item.through(step) for item in parcel)


def _weights(parcel: Parcel[Any]) -> list[int]:
    return [weigh(item) for item in parcel]


def _carry_and_weigh(parcel: Parcel[Any], step: Step) -> tuple[Parcel[Any], list[int]]:
    carried = _carry(parcel, step)
    return carried, _weights(carried)


def _reserving(item: Item[A], reserved: int) -> Item[A]:
    return replace(item, reserved=reserved)


def _skip(job: Job, row: Row, config: PipelineConfig) -> ProcessingResult:
    variant, reason = row.target.output.variant, row.decision.value
    if row.failure:
        step, error = row.failure
        return ProcessingResult(
            job.path, False, None, error, 0.0, skipped=reason, step=step, variant=variant
        )
    path = None if row.decision is Decision.UNNEEDED else config.destination / row.existing
    return ProcessingResult(job.path, True, path, None, 0.0, skipped=reason, variant=variant)
