"""The lanes of a run: asyncio tasks that carry parcels from channel to channel."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from imgpipe.config import PipelineConfig
from imgpipe.errors import ImageError, SaveError
from imgpipe.flow.budget import Account, Budget
from imgpipe.flow.channel import Channel
from imgpipe.flow.domains import Page, is_input
from imgpipe.flow.failures import Failures
from imgpipe.flow.measure import LANES, PipelineMetrics
from imgpipe.flow.parcels import Item, Parcel, cut, file_bytes, heavy_bytes, is_light, is_small
from imgpipe.flow.recorder import Recorder, failure
from imgpipe.flow.road import WORK_SECONDS, Held, Onward, Place, Road
from imgpipe.flow.storage import Storage
from imgpipe.flow.threads import Threads
from imgpipe.flow.watch import Watch
from imgpipe.naming import sidecar_name
from imgpipe.progress import ProcessingStage
from imgpipe.results import ProcessingResult
from imgpipe.runlog import Decision, Row, Rules, RunLog
from imgpipe.steps.plan import Job

Task = asyncio.Task[None]

READ_TOGETHER = 8  # large pictures that are read in one hop, where so many wait
READ_AHEAD = 8 * 2**20  # bytes of heavy files for each worker that are read before it comes to them


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
        self._output_dir = config.destination
        self._log = log
        self._rules = rules
        self._memory = memory
        self._cores = cores
        self._watch = watch
        self._results = results
        self._metrics = metrics
        self._hop = threads.hop
        self._storage = Storage(config.attempts, config.circuit_breaker, stopped)
        self._road = Road(config, place, storage=self._storage, memory=memory, metrics=metrics)
        self._failures = Failures(config.error_limit)
        self.recorder = Recorder(
            log,
            self._output_dir,
            config.flushes_each,
            storage=self._storage,
            metrics=metrics,
        )
        self._scanning = True
        self._admitting: list[Task] = []
        self.stopped = False
        """Whether it was asked to stop before its end."""
        self._in_flight = 0
        self._ahead = Budget(READ_AHEAD * config.workers)
        self._counts = threads.counts
        loading = self._counts["small"] + self._counts["load"]
        # One more than threads: it has a parcel at hand for the first thread to be done.
        self._workers = config.workers + 1
        front = loading + self._workers
        senders = {
            "small": 1,
            "load": 1,
            "work": loading,
            "save": front,
            "record": front + self._counts["save"],
        }
        self._channels = {
            lane: Channel[Parcel[Any]](
                config.buffer, senders[lane], metrics.waiting[lane], file_bytes
            )
            for lane in LANES
        }

    def abandon(self) -> None:
        """Give back and forget what will not come to its end."""
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
        small, load, work, save, record = self._channels.values()
        onward, counts = (work, save, record), self._counts
        try:
            async with asyncio.TaskGroup() as group:

                def start(lane: Coroutine[Any, Any, None], *sinks: Channel[Any]) -> Task:
                    task = group.create_task(lane)
                    for sink in sinks:  # however it ends, even before it has begun
                        task.add_done_callback(partial(_close, sink))
                    return task

                self._admitting = [
                    start(self._feed(pages), small, load),
                    *(start(self._load_small(), *onward) for _ in range(counts["small"])),
                    *(start(self._load(), *onward) for _ in range(counts["load"])),
                    *(start(self._work(), save, record) for _ in range(self._workers)),
                ]
                for _ in range(counts["save"]):
                    start(self._save(), record)
                start(self._record())
                if self.stopped:  # before it had begun
                    self.stop()
        except BaseExceptionGroup as group_error:
            error = group_error.exceptions[0]
            raise error from error.__cause__

    def stop(self) -> None:
        """Admit nothing more, let go of what is not drawn yet, and save what is."""
        self.stopped = True
        for task in self._admitting:
            task.cancel()

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
            await self._channels["small" if is_small(parcel) else "load"].send(parcel)

    def _skips(self, job: Job, rows: Sequence[Row]) -> tuple[ProcessingResult, ...]:
        """What is told of outputs that nothing is done about."""
        failures = {row.failure for row in rows}
        if len(failures) == 1 and len(rows) > 1 and rows[0].failure:  # that of the whole picture
            return (replace(_skip(job, rows[0], self._output_dir), variant=""),)
        return tuple(_skip(job, row, self._output_dir) for row in rows if row.decision.is_skip)

    def _refuse_inputs(self, job: Job, rows: Sequence[Row]) -> Job | ImageError:
        """The job, or an error where one of its outputs would replace an input."""
        for path in chain.from_iterable(map(self._replaced, rows)):
            if is_input(path, job, self._config):
                return SaveError(f"Expected an output that is no input, got {path}", job.path)
        return job

    def _replaced(self, row: Row) -> Iterator[Path]:
        """Files that an output takes the place of."""
        if row.decision is Decision.REPLACE:
            yield self._output_dir / row.existing
        if row.replaces_sidecar:
            beside = self._output_dir / sidecar_name(row.existing)
            if beside.exists():
                yield beside

    async def _load(self) -> None:
        """Read large pictures: a few in one hop where they are light, else one at a time."""
        waiting = self._channels["load"]
        async for parcel in waiting:
            await self._storage.ready()
            parcels = _up_to_a_heavy_one(parcel, waiting, self._at_once(READ_TOGETHER))
            heavy = [] if is_light(parcels[-1]) else [parcels.pop()]
            if parcels:
                await self._admit(parcels)
            if heavy:
                await self._ahead.reserve(heavy_bytes(heavy[0]))
                await self._admit(heavy)

    async def _admit(self, parcels: Sequence[Parcel[Job]]) -> None:
        """Set memory aside for large pictures, and read their files.

        While a header is looked for, which may be at the end of its file, a heavy file's own
        bytes are set aside.
        """
        self._tell_loading(parcels)
        looked_at = sum(map(heavy_bytes, parcels))
        if looked_at:
            await self._memory.reserve(looked_at)
        admitted = await self._hop("load", self._road.admit, parcels)
        self._memory.release(looked_at)
        for onward in admitted:
            if isinstance(onward, Held):
                reserved = await self._reserve(onward)
                onward = await self._hop("load", self._road.read, reserved)
            await self._send(onward)

    async def _load_small(self) -> None:
        """Read whatever has gathered of small pictures, and set memory aside for what is in them.

        What is made of tiny ones is made in the same hop.
        """
        waiting = self._channels["small"]
        async for parcel in waiting:
            await self._storage.ready()
            most = self._at_once(1 + self._config.buffer // self._counts["small"])
            parcels = [parcel, *waiting.gather(most - 1)]
            self._tell_loading(parcels)
            admitted = await self._hop("small", self._road.admit_small, parcels)
            for onward in admitted:
                if isinstance(onward, Held):
                    onward = Onward("work", await self._reserve(onward))
                await self._send(onward)

    def _at_once(self, most: int) -> int:
        """Parcels to read in one hop: one alone where a breaker has to be asked before each."""
        return 1 if self._config.circuit_breaker else most

    def _tell_loading(self, parcels: Sequence[Parcel[Job]]) -> None:
        for parcel in parcels:
            self._watch.tell(parcel, ProcessingStage.LOADING)

    async def _reserve(self, held: Held) -> Parcel[Any]:
        """The parcel once memory is set aside for it."""
        await self._memory.reserve(sum(held.weights))
        return held.reserved()

    async def _work(self) -> None:
        """Draw what is in one parcel, or in a few where they are quick and more wait."""
        waiting, together = self._channels["work"], 1
        async for parcel in waiting:
            share = min(together, (1 + waiting.waiting) // self._config.workers)
            parcels = _up_to_a_heavy_one(parcel, waiting, share)  # no worker hoards those
            self._ahead.release(sum(map(heavy_bytes, parcels)))
            while parcels:
                await self._cores.reserve(1)
                start = time.perf_counter()
                drawn = await self._hop("work", self._road.work, parcels)
                self._cores.release(1)
                together = round(WORK_SECONDS * len(drawn) / (time.perf_counter() - start))
                parcels = parcels[len(drawn) :]
                for onward in drawn:
                    await self._send(onward)

    async def _save(self) -> None:
        async for parcel in self._channels["save"]:
            self._watch.tell(parcel, ProcessingStage.SAVING)
            await self._send(await self._hop("save", self._road.save, parcel))

    async def _send(self, onward: Onward) -> None:
        await self._channels[onward.lane].send(onward.parcel)

    async def _record(self) -> None:
        """Publish whatever has gathered while the last group was recorded."""
        async for parcel in self._channels["record"]:
            group = tuple(chain(parcel, *self._channels["record"].gather()))
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


def _up_to_a_heavy_one(
    parcel: Parcel[Any], waiting: Channel[Parcel[Any]], most: int
) -> list[Parcel[Any]]:
    """A parcel and what waits behind it, up to so many and to the first that is heavy."""
    parcels = [parcel]
    while len(parcels) < most and is_light(parcels[-1]) and (more := waiting.gather(1)):
        parcels += more
    return parcels


def _close(sink: Channel[Any], _: object) -> None:
    sink.close()


def _skip(job: Job, row: Row, output_dir: Path) -> ProcessingResult:
    variant, reason = row.target.output.variant, row.decision.value
    if row.failure:
        step, error = row.failure
        return ProcessingResult(
            job.path, False, None, error, 0.0, skipped=reason, step=step, variant=variant
        )
    path = None if row.decision is Decision.UNNEEDED else output_dir / row.existing
    return ProcessingResult(job.path, True, path, None, 0.0, skipped=reason, variant=variant)
