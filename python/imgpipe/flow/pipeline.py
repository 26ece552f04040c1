"""`Pipeline`: the whole road, from folders of pictures to results, under way."""

import asyncio
import itertools
import os
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from imgpipe import __version__
from imgpipe.cancel import CancellationToken
from imgpipe.config import PipelineConfig
from imgpipe.errors import Cancelled, ConfigError, ImageError, NoPictures, SaveError, StorageFull
from imgpipe.files import ImageData
from imgpipe.flow.budget import Account, Budget, process_budget
from imgpipe.flow.channel import Channel
from imgpipe.flow.domains import Domain, is_input, plan_domains
from imgpipe.flow.failures import Failures
from imgpipe.flow.pages import check_pages, write_pages
from imgpipe.flow.parcels import SMALL_BYTES, Item, Parcel, cut
from imgpipe.flow.recorder import Made, Recorder
from imgpipe.flow.road import Drawn, load_picture, make_outputs, stage_outputs, weigh, weigh_drawn
from imgpipe.flow.storage import Storage
from imgpipe.limits import format_bytes
from imgpipe.recipe import config_from_json, recipe_to_json
from imgpipe.results import ProcessingResult
from imgpipe.runlog import STEPS, Decision, Row, Rules, RunLog
from imgpipe.steps.plan import Job

T = TypeVar("T")
A = TypeVar("A")

LOAD_THREADS = 2
SAVE_THREADS = 4


class Pipeline:
    """Runs a `PipelineConfig`, giving results as they come.

    ::

        async with Pipeline(config) as run:
            async for result in run:
                print(result)

    Results come in no particular order, one for each output and one for each picture that failed.
    Memory stays bounded: whoever iterates slowly slows the run down. Leaving the block early
    stops it; what is saved stays, and what was in flight leaves no trace.

    Entering raises ConfigError, before anything is written, where there is nothing to do or no
    place to put it. Iterating raises CollisionError, StorageFull, CircuitOpen or TooManyFailures
    where the run cannot go on, and Cancelled once `token` is.
    """

    def __init__(
        self,
        config: PipelineConfig,
        *,
        token: CancellationToken | None = None,
        keep_log: bool = True,
        rules: Rules | None = None,
    ) -> None:
        """`token` stops the run; `keep_log` False leaves no log in the output folder.

        `rules` say what is done where an earlier run has been, other than by `config.overwrite`.
        """
        self.config = config
        self.planned = 0
        """Pictures planned so far, those that are up to date among them."""
        self.scanning = True
        """Whether more pictures may yet be found."""
        limit = config.memory_bytes
        self.budget = Budget(limit) if limit else process_budget()
        """The memory that pictures in flight share."""
        self._memory = Account(self.budget)
        self._token = token or CancellationToken()
        self._keep_log = keep_log
        self._rules = rules or Rules(config.overwrite)
        self._stopped = threading.Event()
        self._results: Channel[ProcessingResult] = Channel(config.buffer * config.batch_size)

    @classmethod
    def resume(
        cls,
        output_dir: str | os.PathLike[str],
        *,
        retry_failed: Collection[str] = (),
        token: CancellationToken | None = None,
        **changes: Any,
    ) -> Self:
        """The last run into `output_dir` once more: what is left of it, and what has changed since.

        What failed is left at that, but for failures in one of the steps `retry_failed`, of
        `load decode transform encode save`. `changes` are fields of PipelineConfig, such as
        `worker_count`. Raises ConfigError where no run has been, or for a step that is none.
        """
        if unknown := set(retry_failed) - set(STEPS):
            raise ConfigError(f"Expected steps among {', '.join(STEPS)}, got {min(unknown)!r}")
        place = Path(output_dir)
        log = RunLog.existing(place)
        runs = log.history.runs()
        log.close()
        if not runs:
            raise ConfigError(f"Expected a run to resume in {place}, found none in its log")
        config = config_from_json(runs[-1].recipe, place, **changes)
        return cls(config, token=token, rules=Rules(config.overwrite, True, retry_failed))

    async def __aenter__(self) -> Self:
        config = self.config
        self._threads = ThreadPoolExecutor(
            LOAD_THREADS + config.workers + SAVE_THREADS + 1, "imgpipe"
        )
        self._log_thread = ThreadPoolExecutor(1, "imgpipe-log")
        try:
            domains = plan_domains(config, self._stopped)
            first = await self._hop(first_of, domains, config)
            _check(first)
            if config.widths:
                await self._hop(check_pages, config)
            self._log = await self._log_hop(self._open)
        except BaseException:
            self._stopped.set()
            self._threads.shutdown(wait=False)
            self._log_thread.shutdown(wait=False)
            raise
        self._recorder = Recorder(self._log, config.destination)
        self._failures = Failures(config.error_limit)
        self._storage = Storage(config.attempts, config.circuit_breaker, self._stopped)
        self._run = asyncio.create_task(self._drive(itertools.chain([first], domains)))
        loop = asyncio.get_running_loop()
        self._stop = partial(loop.call_soon_threadsafe, self._run.cancel)
        self._token.on_cancel(self._stop)
        return self

    @property
    def memory_used(self) -> int:
        """Bytes set aside for this run's pictures in flight."""
        return self._memory.held

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._token.forget(self._stop)
        self._run.cancel()
        self._stopped.set()
        await asyncio.wait([self._run])
        # Asked for, so that asyncio does not call it never retrieved.
        ended = "stopped" if self._run.cancelled() else self._run.exception()
        # Threads cannot be stopped, so what is in their hands is waited for.
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._memory.close()
        try:
            await self._log_hop(self._close, ended and str(ended))
        finally:
            self._log_thread.shutdown()

    def _open(self) -> RunLog:
        log = (RunLog.open if self._keep_log else RunLog.in_memory)(self.config.destination)
        try:
            log.begin(recipe_to_json(self.config), __version__)
        except BaseException:
            log.close()
            raise
        return log

    def _close(self, outcome: str | None) -> None:
        try:
            self._recorder.finish()
            with suppress(StorageFull):  # whoever runs it has been told
                self._log.end(outcome)
        finally:
            self._log.close()

    async def __aiter__(self) -> AsyncIterator[ProcessingResult]:
        async for result in self._results:
            yield result
        await asyncio.wait([self._run])
        if self._run.cancelled() and self._token.is_cancelled():
            raise Cancelled("Expected to finish, but was asked to stop; run again to go on")
        await self._run  # raises what ended the run early

    async def _hop(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a thread of the lanes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)

    async def _log_hop(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the one thread that talks to the log."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._log_thread, function, *arguments)

    async def _drive(self, domains: Iterator[Domain]) -> None:
        """Run all lanes to their end; what ends one early ends all, and is raised by itself."""
        config = self.config
        to_load: Channel[Parcel[Job]] = Channel(config.buffer)
        to_work: Channel[Parcel[ImageData]] = Channel(config.buffer, LOAD_THREADS)
        to_save: Channel[Parcel[tuple[Drawn, ...]]] = Channel(config.buffer, config.workers)
        to_record: Channel[Parcel[tuple[Made, ...]]] = Channel(config.buffer, SAVE_THREADS)
        stage = partial(
            stage_outputs,
            output_dir=config.destination,
            scratch=self._log.scratch,
            storage=self._storage,
        )
        make = partial(make_outputs, watermark=config.watermark, timeout=config.timeout)
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._feed(domains, to_load))
                for _ in range(LOAD_THREADS):
                    lanes.create_task(self._load(to_load, to_work))
                for _ in range(config.workers):
                    lanes.create_task(self._work(to_work, to_save, make))
                for _ in range(SAVE_THREADS):
                    lanes.create_task(self._lane(to_save, to_record, stage))
                lanes.create_task(self._record(to_record))
        except BaseExceptionGroup as group:
            error = group.exceptions[0]
            if isinstance(error, StorageFull):
                raise await self._log_hop(_missing, error, self._log) from error.__cause__
            raise error from error.__cause__
        finally:
            self._results.close()

    async def _lane(
        self,
        source: Channel[Parcel[Any]],
        sink: Channel[Parcel[Any]],
        step: Callable[[Item[Any], Any], Any],
    ) -> None:
        """Take parcels, put each through `step` in one hop to a thread, and pass it on."""
        async for parcel in source:
            await sink.send(await self._hop(_carry, parcel, step))
        sink.close()

    async def _load(self, source: Channel[Parcel[Job]], sink: Channel[Parcel[ImageData]]) -> None:
        """Set memory aside for each parcel before a large picture is read.

        Small ones are read at once, as their files weigh nothing beside what is made of them.
        """
        step = partial(load_picture, storage=self._storage)
        async for parcel in source:
            await self._storage.ready()
            if parcel[0].job.found.file.size_bytes > SMALL_BYTES:
                loaded = await self._hop(_carry, await self._reserve(parcel), step)
            else:
                loaded = await self._reserve(await self._hop(_carry, parcel, step))
            await sink.send(loaded)
        sink.close()

    async def _reserve(self, parcel: Parcel[Any]) -> Parcel[Any]:
        weights = await self._hop(_weights, parcel, weigh)
        await self._memory.reserve(sum(weights))
        return tuple(map(_reserving, parcel, weights))

    async def _work(
        self,
        source: Channel[Parcel[ImageData]],
        sink: Channel[Parcel[tuple[Drawn, ...]]],
        step: Callable[[Item[Any], Any], Any],
    ) -> None:
        """The lane that gives back memory, as files weigh less than pixels."""
        async for parcel in source:
            drawn = await self._hop(_carry, parcel, step)
            drawn = tuple(map(_reserving, drawn, map(weigh_drawn, drawn)))
            self._memory.release(
                sum(item.reserved for item in parcel) - sum(item.reserved for item in drawn)
            )
            await sink.send(drawn)
        sink.close()

    async def _feed(self, domains: Iterator[Domain], to_load: Channel[Parcel[Job]]) -> None:
        """Write each domain's plan into the log, then send its pictures on their way."""
        while domain := await self._hop(next, domains, None):
            _check(domain)
            if domain.failures:
                await self._log_hop(self._log.record_unlisted, domain.failures)
            for error in domain.failures:
                await self._give(_failure(error))
            rows = await self._log_hop(self._log.plan, domain.jobs, self._rules)
            self.planned += len(domain.jobs)
            items = []
            for job, planned in zip(domain.jobs, rows, strict=True):
                for row in planned:
                    if row.decision.is_skip:
                        await self._results.send(_skip(job, row, self.config.destination))
                if to_make := tuple(row for row in planned if not row.decision.is_skip):
                    items.append(Item(job, to_make, self._refuse_inputs(job, to_make)))
            for parcel in cut(items, self.config.batch_size, self.config.workers):
                await to_load.send(parcel)
        self.scanning = False
        to_load.close()

    async def _give(self, result: ProcessingResult) -> None:
        """Hand over what became of a picture. Raises TooManyFailures."""
        self._failures.count(result)
        await self._results.send(result)
        self._failures.check()

    def _refuse_inputs(self, job: Job, rows: Iterable[Row]) -> Job | ImageError:
        """The job, or an error where one of its outputs would replace an input."""
        for row in rows:
            target = self.config.destination / row.existing
            if row.decision is Decision.REPLACE and is_input(target, job, self.config):
                return SaveError(f"Expected an output that is no input, got {target}", job.path)
        return job

    async def _record(self, to_record: Channel[Parcel[tuple[Made, ...]]]) -> None:
        """Publish whatever has gathered while the last group was recorded."""
        async for parcel in to_record:
            group = tuple(itertools.chain(parcel, *to_record.gather()))
            results = await self._log_hop(self._recorder.record, group)
            self._memory.release(sum(item.reserved for item in group))
            for result in results:
                await self._give(result)
        await self._log_hop(self._recorder.finish)
        self._failures.check(final=True)
        if self.config.widths:
            await self._log_hop(write_pages, self._log, self.config)


def _missing(error: StorageFull, log: RunLog) -> StorageFull:
    """The error with about how much room is missing."""
    count, size = log.history.left()
    more = f", about {format_bytes(count * size)} for the {count} outputs left" if size else ""
    return StorageFull(f"{error}{more}")


def _check(domain: Domain) -> None:
    if domain.collision:
        raise domain.collision


def first_of(domains: Iterator[Domain], config: PipelineConfig) -> Domain:
    """The first domain that holds anything. Raises NoPictures where none does."""
    for domain in domains:
        if domain.jobs or domain.failures or domain.collision:
            return domain
    places = ", ".join(str(source) for source in config.sources)
    raise NoPictures(f"Expected pictures in {places}, found no file with a picture's extension")


def _carry(parcel: Parcel[Any], step: Callable[[Item[Any], Any], Any]) -> Parcel[Any]:
    return tuple(item.through(step) for item in parcel)


def _weights(parcel: Parcel[Any], weigh: Callable[[Item[Any]], int]) -> list[int]:
    return [weigh(item) for item in parcel]


def _reserving(item: Item[A], reserved: int) -> Item[A]:
    return replace(item, reserved=reserved)


def _failure(error: ImageError) -> ProcessingResult:
    path = error.path or Path()
    return ProcessingResult(path, False, None, str(error), 0.0, step=error.step)


def _skip(job: Job, row: Row, output_dir: Path) -> ProcessingResult:
    if row.failure:
        step, error = row.failure
        return ProcessingResult(
            *(job.path, False, None, error, 0.0),
            skipped=row.decision.value,
            step=step,
            variant=row.output.variant,
        )
    path = None if row.decision is Decision.UNNEEDED else output_dir / row.output.path
    return ProcessingResult(
        *(job.path, True, path, None, 0.0),
        skipped=row.decision.value,
        variant=row.output.variant,
    )
