"""Which pictures are planned together: all that could land on one output."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from imgpipe.config import PipelineConfig
from imgpipe.errors import CollisionError, ConfigError, LoadError
from imgpipe.steps.plan import Job, folds_case, plan
from imgpipe.steps.scan import Listing, scan


@dataclass(frozen=True, slots=True)
class Domain:
    """Jobs whose outputs can meet in one folder, and what could not be listed there."""

    jobs: tuple[Job, ...]
    failures: tuple[LoadError, ...]
    collision: CollisionError | None = None
    """Why there are no jobs: some of their outputs would have one name."""


def plan_domains(config: PipelineConfig, stopped: threading.Event) -> Iterator[Domain]:
    """Scan and plan, one folder at a time where its structure is kept, else all at once.

    So the first results of a large tree come early, and names are still decided whole. No further
    folder is listed once `stopped` is set. Raises ConfigError.
    """
    _check_places(config)
    everything = scan(config.sources, recursive=config.recursive, exclude_folder=config.destination)
    listings = takewhile(lambda _: not stopped.is_set(), everything)
    template = config.outputs[0].template
    merges = template is not None and (template.needs_content or not template.needs_folder)
    if config.flat or merges or len(config.sources) > 1:
        listings = takewhile(lambda _: not stopped.is_set(), [_merged(listings)])
    folds = folds_case(config.destination)
    for listing in listings:
        try:
            jobs = plan(
                listing.pictures,
                config.outputs,
                flat=config.flat,
                on_collision=config.on_collision,
                folds_case=folds,
            )
            yield Domain(tuple(jobs), listing.failures)
        except CollisionError as error:
            yield Domain((), listing.failures, error)


def _check_places(config: PipelineConfig) -> None:
    output = config.destination
    if output.exists() and not output.is_dir():
        raise ConfigError(f"Expected a folder for the outputs, got the file {output}")
    for source in config.sources:
        if source.is_dir() and output.is_dir() and source.samefile(output):
            raise ConfigError(
                f"Expected an output folder other than the input folder, got {output} for both"
            )


def _merged(listings: Iterable[Listing]) -> Listing:
    everything = list(listings)
    return Listing(
        tuple(found for listing in everything for found in listing.pictures),
        tuple(failure for listing in everything for failure in listing.failures),
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
