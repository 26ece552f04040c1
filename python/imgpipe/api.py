"""The async doors: what the steps and the pipeline do, for programs on an event loop."""

import asyncio
import os
import time
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import tenacity

from imgpipe.cancel import CancellationToken
from imgpipe.config import PipelineConfig, ProcessingConfig
from imgpipe.errors import Cancelled, ConfigError, ImageError, LoadError, NoPictures
from imgpipe.files import ImageData, ImageFile
from imgpipe.flow.backoff import BACKOFF
from imgpipe.flow.pipeline import Pipeline
from imgpipe.flow.watch import Progress, Watch
from imgpipe.formats import ImageFormat
from imgpipe.image import Image
from imgpipe.kernels import Kernel
from imgpipe.policy import Policy
from imgpipe.progress import ProgressUpdate
from imgpipe.results import LogKeeper, ProcessingLog, ProcessingResult, ProcessingStats
from imgpipe.steps.decode import decode, decode_for
from imgpipe.steps.encode import encode, encode_image
from imgpipe.steps.load import load
from imgpipe.steps.plan import Output, Target, settle
from imgpipe.steps.save import save_image, write_whole
from imgpipe.steps.scan import scan
from imgpipe.steps.source import Source
from imgpipe.steps.transform import render, transform
from imgpipe.transforms import ImageTransform, apply_kernel, apply_transforms
from imgpipe.variants import OutputVariant, check_variants

T = TypeVar("T")

PathLike = str | os.PathLike[str]

_FILTERS = {
    "blur": Kernel.gaussian_blur(),
    "sharpen": Kernel.sharpen(),
    "edge": Kernel.edge_detect(),
}


@dataclass(frozen=True)
class ProcessedImage:
    """A picture's file, what became of the picture, and by which transforms."""

    original: ImageFile
    image: Image
    transforms: tuple[ImageTransform, ...]


async def iter_images(
    paths: Iterable[PathLike] | PathLike,
    *,
    recursive: bool = True,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
) -> AsyncIterator[ImageFile]:
    """The picture files in folders, folder by folder in the order of names.

    Only one folder's list is held at a time. Hidden folders and links to folders are left out.
    `include` and `exclude` are patterns of file names or of paths below their folder, such as
    `*.jpg` or `raw/*`. Raises ConfigError for a path that is not there, LoadError for a folder
    that cannot be read.
    """
    sources = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    listings = scan(sources, recursive=recursive, include=include, exclude=exclude)
    while listing := await asyncio.to_thread(next, listings, None):
        for failure in listing.failures:
            raise failure
        for found in listing.pictures:
            yield found.file


async def scan_directory(path: PathLike, *, recursive: bool = False) -> list[ImageFile]:
    """The picture files in a folder, sorted by path. Raises as `iter_images` does."""
    files = [file async for file in iter_images(path, recursive=recursive)]
    return sorted(files, key=lambda file: file.path)


async def load_image(file: ImageFile) -> ImageData:
    """Read a picture file whole. Raises LoadError, LimitExceeded or DecodeError."""
    return await asyncio.to_thread(load, file)


async def load_with_retry(file: ImageFile, attempts: int) -> ImageData:
    """`load_image` in up to `attempts` tries; only what storage refuses is tried again."""
    return await retry_with_backoff(lambda: load_image(file), attempts)


async def retry_with_backoff(function: Callable[[], Awaitable[T]], attempts: int) -> T:
    """What `function` returns, in up to `attempts` tries in all.

    Between tries it waits for 0.1 s, then twice as long each time, up to 10 s, and a little more
    by chance. Only OSError and LoadError are tried again; the last one is raised as it came.
    Raises ValueError for fewer attempts than one.
    """
    if attempts < 1:
        raise ValueError(f"Expected attempts of at least 1, got {attempts}")
    retrying = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(attempts),
        wait=BACKOFF,
        retry=tenacity.retry_if_exception_type((OSError, LoadError)),
        reraise=True,
    )

    async def attempt() -> T:  # tenacity awaits only what is an async function itself
        return await function()

    return await retrying(attempt)


async def process_image(data: ImageData, transforms: Sequence[ImageTransform]) -> ProcessedImage:
    """Decode and change a picture. Raises DecodeError or TransformError."""

    def process() -> Image:
        return transform(decode(data), transforms, data.file.path)

    return ProcessedImage(data.file, await asyncio.to_thread(process), tuple(transforms))


async def process_with_filter(image: Image, name: str) -> Image:
    """`image` through the 3x3 kernel called `name`: `blur`, `sharpen`, `edge`, else the box."""
    kernel = _FILTERS.get(name) or Kernel.box_blur()
    return await asyncio.to_thread(apply_kernel, apply_transforms(image, ()), kernel)


async def save_processed_image(
    image: Image, path: PathLike, format: ImageFormat, *, quality: int | None = None
) -> None:
    """`save_image`, off the event loop."""
    await asyncio.to_thread(save_image, image, path, format=format, quality=quality)


async def process_image_worker(
    data: ImageData, transforms: Sequence[ImageTransform], output_dir: PathLike
) -> ProcessingResult:
    """One picture through `transforms` into `output_dir`, under its own name and format.

    A picture that fails gives a result that says why; StorageFull is raised.
    """
    start = time.perf_counter()
    path = data.file.path

    def process() -> Path:
        image = transform(decode(data), transforms, path)
        named = settle(Target(Output(), path.name, path.name, None), data.file.format)
        target = Path(output_dir) / named.path
        write_whole(encode_image(image, named.format or data.file.format, None, path), target)
        return target

    try:
        target = await asyncio.to_thread(process)
    except ImageError as error:
        return _failed(data, error, start)
    return ProcessingResult(path, True, target, None, time.perf_counter() - start)


async def process_with_variants(
    data: ImageData, variants: Sequence[OutputVariant], output_dir: PathLike
) -> list[ProcessingResult]:
    """A picture in several variants, from one decode, into `output_dir`.

    Files are named `{stem}_{name}{extension}` and replace older ones. One result for each variant,
    in their order; one that fails says why and costs itself alone. Raises ConfigError for two
    variants of one name, StorageFull.
    """
    given = check_variants(variants)
    if not given:
        return []

    def process() -> list[ProcessingResult]:
        start = time.perf_counter()
        try:
            outputs = (Output(tuple(variant.transforms), variant.format) for variant in given)
            source = decode_for(data, tuple(outputs))
        except ImageError as error:
            return [_failed(data, error, start) for _ in given]
        return [_make_variant(data, source, variant, Path(output_dir)) for variant in given]

    return await asyncio.to_thread(process)


def _make_variant(
    data: ImageData, source: Source, variant: OutputVariant, output_dir: Path
) -> ProcessingResult:
    start, path = time.perf_counter(), data.file.path
    target = output_dir / f"{path.stem}_{variant.name}{variant.format.extension}"
    policy = Policy()
    try:
        image = render(source, tuple(variant.transforms), policy, path)
        made = encode(image, variant.format, variant.encoding, policy, path, variant.max_bytes)
        write_whole(made.data, target)
    except ImageError as error:
        return _failed(data, error, start)
    seconds = time.perf_counter() - start
    return ProcessingResult(path, True, target, None, seconds, lost=made.lost)


def _failed(data: ImageData, error: ImageError, start: float) -> ProcessingResult:
    seconds = time.perf_counter() - start
    return ProcessingResult(data.file.path, False, None, str(error), seconds, step=error.step)


async def process_directory_concurrent(
    input_dir: PathLike, output_dir: PathLike, config: ProcessingConfig | None = None
) -> ProcessingStats:
    """The pictures of `input_dir`, without its folders, through `config.transforms`.

    Outputs have their inputs' names and formats and replace older ones, never an input. An empty
    folder gives empty stats. Pictures that fail are counted and cost themselves alone. Raises
    ConfigError where a folder cannot be used, CollisionError or StorageFull.
    """
    return await _process_directory(input_dir, output_dir, config)


async def process_with_progress(
    input_dir: PathLike,
    output_dir: PathLike,
    config: ProcessingConfig | None,
    progress: Progress,
) -> ProcessingStats:
    """`process_directory_concurrent`, telling `progress` of every picture that is finished.

    `progress` is any callable that takes a ProgressUpdate, called in a thread of its own, or an
    asyncio.Queue, which gets None at the end. One that lags far behind, or is full, loses its
    oldest updates.
    """
    return await _process_directory(input_dir, output_dir, config, progress)


async def process_with_cancellation(
    input_dir: PathLike,
    output_dir: PathLike,
    config: ProcessingConfig | None,
    token: CancellationToken,
) -> ProcessingStats:
    """`process_directory_concurrent` until `token` is cancelled; the stats of what was done."""
    return await _process_directory(input_dir, output_dir, config, token=token)


async def _process_directory(
    input_dir: PathLike,
    output_dir: PathLike,
    config: ProcessingConfig | None,
    progress: Progress | None = None,
    token: CancellationToken | None = None,
) -> ProcessingStats:
    config = config or ProcessingConfig()
    pipeline = PipelineConfig(
        input_dir,
        output_dir,
        config.worker_count,
        transforms=config.transforms,
        batch_size=config.batch_size,
        overwrite="all",
        recursive=False,
    )
    stats = ProcessingStats()
    run = Pipeline(pipeline, progress=progress, token=token, keep_log=False)
    try:
        async for result in _until_stopped(run):
            stats.add(result)
    except NoPictures:
        watch = Watch(progress)
        watch.complete()
        await watch.close()
    return stats


async def _until_stopped(pipeline: Pipeline) -> AsyncIterator[ProcessingResult]:
    """What a run gives until its end, or until somebody asks it to stop."""
    try:
        async with pipeline as run:
            async for result in run:
                yield result
    except Cancelled:
        return


async def monitor_progress(
    updates: "asyncio.Queue[ProgressUpdate | None] | AsyncIterable[ProgressUpdate]",
) -> None:
    """Print updates, a line each, until a queue gives None or an iterable ends."""
    if isinstance(updates, asyncio.Queue):
        while update := await updates.get():
            print(update.format())
        return
    async for update in updates:
        print(update.format())


async def streaming_pipeline(
    config: PipelineConfig,
    progress: Progress | None = None,
    token: CancellationToken | None = None,
) -> ProcessingLog:
    """Run `config` to its end and tell what became of each picture.

    `progress` and `token` are as for `process_with_progress` and `process_with_cancellation`; a run
    that was stopped gives the log of what it came to. Raises as `Pipeline` does.
    """
    keeper = LogKeeper()
    async for result in _until_stopped(Pipeline(config, progress=progress, token=token)):
        keeper.add(result)
    return await asyncio.to_thread(keeper.log)


def run_pipeline(
    config: PipelineConfig,
    progress: Callable[[ProgressUpdate], object] | None = None,
    token: CancellationToken | None = None,
) -> ProcessingLog:
    """`streaming_pipeline` for programs without asyncio; also where an event loop is running.

    It has a thread and an event loop of its own, in which `progress` is called.
    """
    with ThreadPoolExecutor(1, "imgpipe-run") as thread:
        return thread.submit(asyncio.run, streaming_pipeline(config, progress, token)).result()


async def save_log(log: ProcessingLog, path: PathLike) -> None:
    """Write a log to `path` as JSON, whole or not at all. Raises SaveError or StorageFull."""
    data = log.to_json().encode()
    await asyncio.to_thread(write_whole, data, Path(path))


async def load_log(path: PathLike) -> ProcessingLog:
    """The log that `save_log` wrote, equal to what it was.

    Raises ConfigError for a file that is not there or is no log.
    """
    try:
        text = await asyncio.to_thread(Path(path).read_bytes)
    except OSError as error:
        raise ConfigError(f"Expected a log at {path}, got: {error.strerror}") from error
    return ProcessingLog.from_json(text)
