"""`Pipeline`: the whole road, from folders of pictures to results, under way."""

import asyncio
import itertools
import os
import threading
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imgpipe import __version__
from imgpipe.bytesize import format_bytes
from imgpipe.cancel import CancellationToken
from imgpipe.codecs import versions
from imgpipe.config import PipelineConfig
from imgpipe.errors import Cancelled, ConfigError, NoPictures, StorageFull
from imgpipe.flow.budget import Account, Budget, process_budget, process_cores
from imgpipe.flow.channel import Channel
from imgpipe.flow.domains import Page, plan_pages
from imgpipe.flow.finish import finish
from imgpipe.flow.lanes import Lanes, Statistics, check
from imgpipe.flow.measure import PipelineMetrics
from imgpipe.flow.pages import check_pages, write_pages
from imgpipe.flow.road import Place
from imgpipe.flow.threads import Threads
from imgpipe.flow.watch import Progress, Watch
from imgpipe.recipe import config_from_json, recipe_to_json
from imgpipe.results import ProcessingResult
from imgpipe.runlog import STEPS, Rules, RunLog

_STOPPED = "Expected to finish, but was asked to stop; run again to go on"


class Pipeline:
    """Runs a `PipelineConfig`, giving results as they come.

    ::

        async with Pipeline(config) as run:
            async for result in run:
                print(result)

    Results come in no particular order, one for each output, or one for a picture that failed
    before it had any. Memory stays bounded: whoever iterates slowly slows the run down. Leaving the
    block early stops it; what is saved stays, and what was in flight leaves no trace.

    Entering raises ConfigError, before anything is written, where there is nothing to do or no
    place to put it. Iterating raises CollisionError, StorageFull, CircuitOpen or TooManyFailures
    where the run cannot go on, and Cancelled once `token` is. Leaving raises what a `progress` that
    is called has raised.
    """

    def __init__(
        self,
        config: PipelineConfig,
        *,
        progress: Progress | None = None,
        token: CancellationToken | None = None,
        keep_log: bool = True,
        rules: Rules | None = None,
        metrics: PipelineMetrics | None = None,
    ) -> None:
        """`token` stops the run; `keep_log` False leaves no log in the output folder.

        `progress` is called with a ProgressUpdate for every picture, in a thread of its own, or is
        an asyncio.Queue that gets them, and None at the end. `rules` say what is done where an
        earlier run has been, other than by `config.overwrite`. `metrics` are counted into, by
        several runs where they share them.
        """
        self.config = config
        limit = config.memory_bytes
        self.metrics = metrics or PipelineMetrics()
        """What the run measures of itself."""
        self._memory = Account(Budget(limit) if limit else process_budget(), self.metrics.memory)
        workers = config.worker_count
        self._cores = Account(Budget(workers + 1) if workers else process_cores())
        self._progress = progress
        self._token = token or CancellationToken()
        self._keep_log = keep_log
        self._rules = rules or Rules(config.overwrite)
        self._stopped = threading.Event()
        self._closing = ExitStack()  # in the log's thread
        self.changed_codecs: list[str] = []
        """What reads or writes a format in another version than in the last run, for people."""
        self._results: Channel[Sequence[ProcessingResult]] = Channel(config.buffer)

    @classmethod
    def resume(
        cls,
        output_dir: str | os.PathLike[str],
        *,
        log: str | os.PathLike[str] | None = None,
        retry_failed: Collection[str] = (),
        progress: Progress | None = None,
        token: CancellationToken | None = None,
        metrics: PipelineMetrics | None = None,
        **changes: Any,
    ) -> Self:
        """The last run into `output_dir` once more: what is left of it, and what has changed since.

        What failed is left at that, but for failures in one of the steps `retry_failed`, of
        `load decode transform encode save`. `log` is where its log is, None for the output folder.
        `changes` are fields of PipelineConfig, such as
        `worker_count`. Raises ConfigError where no run has been, or for a step that is none.
        """
        if unknown := set(retry_failed) - set(STEPS):
            raise ConfigError(f"Expected steps among {', '.join(STEPS)}, got {min(unknown)!r}")
        place = Path(output_dir)
        known = RunLog.existing(place, Path(log) if log is not None else None)
        run = known.history.last_run()
        known.close()
        if not run:
            raise ConfigError(f"Expected a run to resume in {place}, found none in its log")
        config = config_from_json(run.recipe, place, **{"log": log, **changes})
        rules = Rules(config.overwrite, True, retry_failed)
        return cls(config, progress=progress, token=token, rules=rules, metrics=metrics)

    async def __aenter__(self) -> Self:
        config = self.config
        self._threads = threads = Threads(config.workers, flushes_each=config.flushes_each)
        self._token.on_cancel(self._stopped.set)
        try:
            pages = plan_pages(config, self._stopped)
            first = await self._first(pages)
            check(first)
            if config.widths:
                await threads.hop("plan", check_pages, config)
            self._log = await threads.hop("log", self._open)
        except BaseException:
            self._stopped.set()
            self._token.forget(self._stopped.set)
            closed = threads.call("log", self._closing.close)
            try:
                await finish(asyncio.wait([closed]))
            finally:
                threads.close(wait=False)
            raise
        self._watch = Watch(self._progress)
        self._lanes = Lanes(
            config,
            self._log,
            Place(config.destination, self._log.scratch, config.flush),
            rules=self._rules,
            memory=self._memory,
            cores=self._cores,
            watch=self._watch,
            results=self._results,
            metrics=self.metrics,
            threads=threads,
            stopped=self._stopped,
        )
        self._run = asyncio.create_task(self._drive(itertools.chain([first], pages)))
        # However it ends, even before it has begun.
        self._run.add_done_callback(lambda _: self._results.close())
        loop = asyncio.get_running_loop()
        self._stop = partial(loop.call_soon_threadsafe, self._lanes.stop)
        self._token.on_cancel(self._stop)
        return self

    async def _first(self, pages: Iterator[Page]) -> Page:
        """The first page that holds anything. Raises Cancelled where the token came first."""
        try:
            page = await self._threads.hop("plan", first_of, pages, self.config)
        except NoPictures:
            page = Page()
            if not self._token.is_cancelled():
                raise
        if self._token.is_cancelled():
            raise Cancelled(_STOPPED)
        return page

    def cancel(self) -> None:
        """Ask the run to stop, as its token does. Safe from any thread and a signal handler."""
        self._token.cancel()

    @property
    def statistics(self) -> Statistics:
        """How the run stands at this moment."""
        return self._lanes.statistics

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._token.forget(self._stop)
        self._token.forget(self._stopped.set)
        self._stopped.set()
        if not self._run.done():
            self._lanes.stop()
        try:
            await finish(self._leave())
        finally:  # where that was cancelled, as all tasks are when a loop is left
            self._run.cancel()
            self._threads.close()
            self._closing.close()
            self._give_back()

    async def _leave(self) -> None:
        """See the run to its end, and everything of it closed."""
        async for _ in self._results:  # nobody else listens any more
            continue
        await asyncio.wait([self._run])
        # Asked for, so that asyncio does not call it never retrieved.
        error = None if self._run.cancelled() else self._run.exception()
        ended = error or ("stopped" if self._lanes.stopped else None)
        # Threads cannot be stopped, so what is in their hands is waited for.
        await asyncio.to_thread(self._threads.settle)
        self._give_back()
        await self._threads.hop("log", self._close, ended and str(ended))
        await self._watch.close()

    def _give_back(self) -> None:
        self._lanes.abandon()
        self._memory.close()
        self._cores.close()

    def _open(self) -> RunLog:
        config = self.config
        if self._keep_log:
            log = RunLog.open(config.destination, config.log_file, config.durability)
        else:
            log = RunLog.forgotten(config.destination)
        self._closing.callback(log.close)
        last = log.history.last_run()
        self.changed_codecs = _changes(last.codecs if last else {}, versions())
        log.begin(recipe_to_json(self.config), __version__)
        return log

    def _close(self, outcome: str | None) -> None:
        # Whoever runs it has been told of a full disk; the next run settles it.
        with self._closing, suppress(StorageFull):
            self._lanes.recorder.finish()
            if self.config.durability == "run":
                os.sync()
            self._log.end(outcome)

    async def __aiter__(self) -> AsyncIterator[ProcessingResult]:
        async for results in self._results:
            for result in results:
                yield result
        await self._run  # raises what ended the run early
        if self._lanes.stopped:
            raise Cancelled(_STOPPED)

    async def _drive(self, pages: Iterator[Page]) -> None:
        """All lanes to their end, then what is left to write."""
        try:
            await self._lanes.run(pages)
            if self._lanes.stopped:
                return
            if self.config.widths:
                await self._threads.hop("log", write_pages, self._log, self.config)
            self._watch.complete()
        except StorageFull as error:
            raise await self._threads.hop("log", _missing, error, self._log) from error.__cause__


def _changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    return [
        f"{format}: {before[format]}, now {library}"
        for format, library in now.items()
        if before.get(format, library) != library
    ]


def _missing(error: StorageFull, log: RunLog) -> StorageFull:
    """The error with about how much room is missing."""
    count, size = log.history.left()
    more = f", about {format_bytes(count * size)} for the {count} outputs left" if size else ""
    return StorageFull(f"{error}{more}")


def first_of(pages: Iterator[Page], config: PipelineConfig) -> Page:
    """The first page that holds anything. Raises NoPictures where none does."""
    for page in pages:
        if page.jobs or page.failures or page.collision:
            return page
    places = ", ".join(str(source) for source in config.sources)
    raise NoPictures(f"Expected pictures in {places}, found no file with a picture's extension")
