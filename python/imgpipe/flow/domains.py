"""Which pictures are planned together: all that could land on one output."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from imgpipe.config import PipelineConfig
from imgpipe.errors import CollisionError, ConfigError, LoadError
from imgpipe.files import digest_of
from imgpipe.steps.plan import Job, folds_case, plan
from imgpipe.steps.scan import Listing, Roll, scan


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs of a domain, whose outputs meet no others, or what could not be listed there."""

    jobs: tuple[Job, ...] = ()
    failures: tuple[LoadError, ...] = ()
    collision: CollisionError | None = None
    """Why there are no jobs: some of the domain's outputs would have one name."""


def plan_pages(config: PipelineConfig, stopped: threading.Event) -> Iterator[Page]:
    """Scan and plan, one folder at a time where its structure is kept, else all at once.

    So the first results of a large tree come early, and names are still decided whole. Nothing more
    is listed once `stopped` is set. Raises ConfigError.
    """
    _check_places(config)
    listings = scan(
        config.sources,
        recursive=config.recursive,
        exclude_folder=config.destination,
        stopped=stopped,
    )
    template = config.outputs[0].template
    merges = template is not None and (template.needs_content or not template.needs_folder)
    whole = config.flat or merges or len(config.sources) > 1
    folds = folds_case(config.destination)
    for roll in _domains(listings, whole, stopped):
        if isinstance(roll, Page):
            yield roll
            continue
        with closing(roll):
            yield from _plan_domain(roll, config, folds)


def _domains(
    listings: Iterable[Listing], whole: bool, stopped: threading.Event
) -> Iterator["Roll | Page"]:
    """The pictures of each folder, or of all in the end where they are one `whole`.

    What could not be listed comes as soon as it is known.
    """
    roll = Roll(stopped)
    for listing in listings:
        if listing.failures:
            yield Page(failures=listing.failures)
        for found in listing.pictures:
            roll.add(found)
        if listing.last and not whole:
            yield roll
            roll = Roll(stopped)
    yield roll


def _plan_domain(roll: Roll, config: PipelineConfig, folds: bool) -> Iterator[Page]:
    jobs = plan(
        roll,
        config.outputs,
        flat=config.flat,
        on_collision=config.on_collision,
        folds_case=folds,
    )
    try:
        for page in jobs:
            yield Page(tuple(map(_with_digest, page)) if config.verify else page)
    except CollisionError as error:
        yield Page(collision=error)


def _with_digest(job: Job) -> Job:
    try:
        digest = digest_of(job.path)
    except OSError:  # loading it says why
        return job
    return replace(job, found=replace(job.found, digest=digest))


def _check_places(config: PipelineConfig) -> None:
    output = config.destination
    if output.exists() and not output.is_dir():
        raise ConfigError(f"Expected a folder for the outputs, got the file {output}")
    for source in config.sources:
        if source.is_dir() and output.is_dir() and source.samefile(output):
            raise ConfigError(
                f"Expected an output folder other than the input folder, got {output} for both"
            )


def is_input(target: Path, job: Job, config: PipelineConfig) -> bool:
    """Whether the existing file `target` is one of the run's inputs.

    It is when it is the picture itself, or lies in a source that lies in the output folder.
    """
    if target.samefile(job.path):
        return True
    output, resolved = config.destination.resolve(), target.resolve()
    sources = [source.resolve() for source in config.sources]
    return any(
        output in source.parents and (source == resolved or source in resolved.parents)
        for source in sources
    )
