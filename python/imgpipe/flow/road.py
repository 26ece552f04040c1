"""The steps between the lanes: of one picture, and of a parcel in one hop to a thread."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from typing import Any, Literal, TypeVar

from imgpipe.config import PipelineConfig
from imgpipe.cores import share, working
from imgpipe.errors import ImageError, LimitExceeded
from imgpipe.files import ImageData
from imgpipe.flow.budget import Account
from imgpipe.flow.measure import QUEUE, Lap, PipelineMetrics
from imgpipe.flow.parcels import Item, Parcel, is_light
from imgpipe.flow.recorder import Made
from imgpipe.flow.storage import Storage
from imgpipe.formats import ImageFormat
from imgpipe.naming import sidecar_name
from imgpipe.runlog import Row
from imgpipe.steps.decode import decode_for
from imgpipe.steps.demand import demand_of
from imgpipe.steps.encode import Encoded, encode, smaller_of, transcoded
from imgpipe.steps.load import load, peek
from imgpipe.steps.plan import Job, Target, named_by_content, settle
from imgpipe.steps.save import Staged, flush_file, stage
from imgpipe.steps.sidecar import Sidecar, sidecar_of
from imgpipe.steps.source import Source
from imgpipe.steps.transform import render
from imgpipe.watermark import WatermarkConfig, apply_watermark

A = TypeVar("A")

Step = Callable[[Item[Any], Any], Any]

WORK_SECONDS = 0.02  # that quick pictures may take together in one hop
_TINY_BYTES = 2**20  # that a picture takes, a decoder's rows among them
_SLOW_FORMATS = {
    ImageFormat.AVIF,
    ImageFormat.HEIC,
    ImageFormat.JPEG2000,
    ImageFormat.JXL,
    ImageFormat.WEBP,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One output's bytes and where they go, or the error that came in their way.

    None where its picture is too narrow to get it.
    """

    row: Row
    target: Target
    result: Encoded | ImageError | None = None


def load_picture(
    _: Item[Job], job: Job, *, storage: Storage, metrics: PipelineMetrics
) -> ImageData:
    """The load lane's step."""
    start = perf_counter_ns()
    loaded = storage.attempt(lambda: load(job.found.file, job.limits))
    metrics.span("load", start, perf_counter_ns(), job.path)
    metrics.read_bytes.add(len(loaded.data))
    return loaded


def weigh(item: Item[Job] | Item[ImageData]) -> int:
    """Bytes of memory a picture will take; only its header is read where it is not loaded yet."""
    if isinstance(item.result, ImageError):
        return 0
    if isinstance(item.result, ImageData):
        head, size = item.result.head, len(item.result.data)
    else:
        head, size = peek(item.job.found.file, item.job.limits), item.job.found.size
    return demand_of(head, item.job.outputs).cost(size) if head else size


def weigh_drawn(item: Item[tuple[Drawn, ...]]) -> int:
    """Bytes of memory a picture takes once its outputs are drawn, never more than before."""
    if isinstance(item.result, ImageError):
        return 0
    made = [one.result for one in item.result if isinstance(one.result, Encoded)]
    held = sum(len(one.data) + len(one.sidecar or b"") for one in made)
    return min(held, item.reserved)


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """The seconds a picture may be worked on, None for any number, and when that began."""

    seconds: float | None
    start: float

    def check(self, done: str, path: Path) -> None:
        """Raise LimitExceeded where they have passed once something is `done`."""
        elapsed = time.perf_counter() - self.start
        if self.seconds is not None and elapsed > self.seconds:
            raise LimitExceeded(
                f"Expected to be done within {self.seconds:g} s, got {elapsed:.1f} s once it was "
                f"{done}; a larger timeout allows it",
                path,
            )


def make_outputs(
    item: Item[ImageData],
    loaded: ImageData,
    *,
    watermark: WatermarkConfig | None,
    timeout: float | None,
    metrics: PipelineMetrics,
) -> tuple[Drawn, ...]:
    """The work lane's step: one decode, then every output's transforms and encode.

    How far the decode goes follows from all outputs of the picture, not from those left to make.
    """
    lap = Lap(metrics, item.job.path, item.since)
    with working():
        metrics.kernel_threads.set(share())
        limit = TimeLimit(timeout, time.perf_counter())
        source = decode_for(loaded, item.job.outputs, len(item.rows))
        lap.took("decode", loaded.file.format)
        limit.check("decoded", item.job.path)
        beside = sidecar_of(loaded, item.job.outputs[0].policy)
        return tuple(
            _make_output(item.job, row, source, loaded, beside, watermark, limit, lap)
            for row in item.rows
        )


def _make_output(
    job: Job,
    row: Row,
    source: Source,
    loaded: ImageData,
    beside: Sidecar | None,
    watermark: WatermarkConfig | None,
    limit: TimeLimit,
    lap: Lap,
) -> Drawn:
    target = settle(row.target, loaded.file.format)
    how, format = target.output, target.format
    if source.size[0] < how.widest:
        return Drawn(row, target)
    assert format is not None  # settle saw to it
    try:
        image = render(source, how.transforms, how.policy, job.path)
        if watermark:
            image = apply_watermark(image, watermark)
        if beside:
            image = image.losing(*beside.lost)
        lap.took("transform")
        limit.check("transformed", job.path)
        untouched = source.is_untouched(image)
        made = transcoded(image, loaded, format, how.encoding, how.policy) if untouched else None
        if made is None:
            made = encode(image, format, how.encoding, how.policy, job.path, how.max_bytes)
        if how.policy.if_larger == "keep" and untouched:
            made = smaller_of(made, loaded)
        if beside:
            made = replace(made, sidecar=beside.data)
        lap.took("encode", format)
        limit.check("encoded", job.path)
    except ImageError as error:
        return Drawn(row, target, error)
    return Drawn(row, named_by_content(target, made.size, made.data), made)


class Place:
    """Where outputs go, by way of which folder, and how they are flushed to the disk."""

    def __init__(
        self, output_dir: Path, scratch: Path, flush: Callable[[int], object] = flush_file
    ) -> None:
        self.output_dir = output_dir
        self.flush = flush
        self._scratch = scratch
        self._device = os.stat(scratch).st_dev
        self._chosen: dict[str, Path | None] = {}

    def scratch_for(self, below: str) -> Path | None:
        """The folder for the temporary file; None for the output's own, where a disk is mounted."""
        folder = os.path.dirname(below)
        if folder not in self._chosen:
            target = self.output_dir / below
            there = next(above for above in target.parents if above.exists())
            same = os.stat(there).st_dev == self._device
            self._chosen[folder] = self._scratch if same else None
        return self._chosen[folder]


def stage_outputs(
    item: Item[tuple[Drawn, ...]],
    drawn: tuple[Drawn, ...],
    *,
    place: Place,
    storage: Storage,
    metrics: PipelineMetrics,
) -> tuple[Made, ...]:
    """The save lane's step: every output flushed to the disk under a temporary name."""
    start = perf_counter_ns()
    metrics.span(QUEUE, item.since, start, item.job.path)
    made = tuple(_stage_output(item.job, one, place, storage) for one in drawn)
    metrics.span("save", start, perf_counter_ns(), item.job.path)
    return made


def _stage_output(job: Job, drawn: Drawn, place: Place, storage: Storage) -> Made:
    if not isinstance(drawn.result, Encoded):
        return Made(drawn.row, error=drawn.result)
    made, path = drawn.result, drawn.target.path
    dated = job.found.mtime_ns if "dates" in drawn.target.output.policy.keep else None

    def put(data: bytes, below: str) -> Staged:
        target, scratch = place.output_dir / below, place.scratch_for(below)
        return storage.attempt(lambda: stage(data, target, scratch, dated, place.flush))

    sidecar = None
    try:
        if made.sidecar is not None:
            sidecar = put(made.sidecar, sidecar_name(path))
        return Made(drawn.row, path, put(made.data, path), made, sidecar=sidecar)
    except ImageError as error:
        if sidecar:
            sidecar.temporary.unlink()
        return Made(drawn.row, error=error)


@dataclass(frozen=True, slots=True)
class Onward:
    """A parcel, and the lane that it goes to next."""

    lane: Literal["work", "save", "record"]
    parcel: Parcel[Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A parcel and the bytes that each picture takes, which are still to be waited for or not."""

    parcel: Parcel[Any]
    weights: Sequence[int]
    waits: bool = True

    def reserved(self) -> Parcel[Any]:
        """The parcel once they are set aside."""
        return tuple(map(_reserving, self.parcel, self.weights))


class Road:
    """What is done to a parcel in a lane, in one hop, as far as it goes without waiting."""

    def __init__(
        self,
        config: PipelineConfig,
        place: Place,
        *,
        storage: Storage,
        memory: Account,
        metrics: PipelineMetrics,
    ) -> None:
        self._memory = memory
        self._load = partial(load_picture, storage=storage, metrics=metrics)
        self._make = partial(
            make_outputs, watermark=config.watermark, timeout=config.timeout, metrics=metrics
        )
        self._stage = partial(stage_outputs, place=place, storage=storage, metrics=metrics)
        self._saving_waits = config.flushes_each

    def _held(self, parcel: Parcel[Any], before: Sequence["Onward | Held"]) -> Held:
        """What a parcel takes, set aside at once where nothing `before` it has to wait.

        Overtaken by one that then waits for it, that would wait for ever.
        """
        weights = [weigh(item) for item in parcel]
        waits = any(isinstance(one, Held) for one in before)
        return Held(parcel, weights, waits or not self._memory.try_reserve(sum(weights)))

    def admit(self, parcels: Iterable[Parcel[Job]]) -> list[Onward | Held]:
        """Set memory aside for large pictures, and read their files.

        Light ones are read first, as opening them once more to look at their headers takes longer.
        """
        admitted: list[Onward | Held] = []
        for parcel in parcels:
            read = _carry(parcel, self._load) if is_light(parcel) else parcel
            held = self._held(read, admitted)
            admitted.append(held if held.waits else self.read(held.reserved()))
        return admitted

    def read(self, parcel: Parcel[Job] | Parcel[ImageData]) -> Onward:
        """Read files that memory is set aside for, where they have not been read."""
        return Onward("work", parcel if is_light(parcel) else _carry(parcel, self._load))

    def admit_small(self, parcels: Iterable[Parcel[Job]]) -> list[Onward | Held]:
        """Read small files, which weigh nothing beside what is made of them.

        What is made of tiny pictures is made at once.
        """
        admitted: list[Onward | Held] = []
        for parcel in parcels:
            held = self._held(_carry(parcel, self._load), admitted)
            admitted.append(held if held.waits else self._go_on(held.reserved()))
        return admitted

    def _go_on(self, parcel: Parcel[ImageData]) -> Onward:
        return self._draw(parcel) if all(map(_is_tiny, parcel)) else Onward("work", parcel)

    def work(self, parcels: Iterable[Parcel[ImageData]]) -> list[Onward]:
        """Draw the outputs of the first parcel, and of as many more as there is time for."""
        start, drawn = time.perf_counter(), []
        for parcel in parcels:
            drawn.append(self._draw(parcel))
            if time.perf_counter() - start > WORK_SECONDS:
                break
        return drawn

    def _draw(self, parcel: Parcel[ImageData]) -> Onward:
        """Draw the outputs, and give back memory, as files weigh less than pixels."""
        drawn = _carry(parcel, self._make)
        drawn = tuple(map(_reserving, drawn, map(weigh_drawn, drawn)))
        self._memory.release(_reserved(parcel) - _reserved(drawn))
        return Onward("save", drawn) if self._saving_waits else self.save(drawn)

    def save(self, parcel: Parcel[tuple[Drawn, ...]]) -> Onward:
        """Write the outputs under temporary names."""
        return Onward("record", _carry(parcel, self._stage))


def _carry(parcel: Parcel[Any], step: Step) -> Parcel[Any]:
    return tuple(item.through(step) for item in parcel)


def _reserving(item: Item[A], reserved: int) -> Item[A]:
    return Item(item.job, item.rows, item.result, item.seconds, reserved, item.since)


def _reserved(parcel: Parcel[Any]) -> int:
    return sum(item.reserved for item in parcel)


def _is_tiny(item: Item[ImageData]) -> bool:
    """Whether a picture is done in less time than it takes to hand over the GIL a few times."""
    formats = {target.format for target in item.job.targets}
    return item.reserved <= _TINY_BYTES and not formats & _SLOW_FORMATS
