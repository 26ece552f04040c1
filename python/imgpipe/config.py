"""What a run is asked to do: frozen, and checked once, when it is made."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from imgpipe.cores import available
from imgpipe.errors import ConfigError
from imgpipe.formats import ImageFormat
from imgpipe.runlog.decide import OVERWRITE_RULES, Overwrite
from imgpipe.steps.encode import check_quality, check_writable
from imgpipe.transforms import ImageTransform

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class ProcessingConfig:
    """How `process_directory_concurrent` works.

    `worker_count` pictures are worked on at a time, None meaning one for each core; up to
    `batch_size` small pictures travel together. Raises ConfigError for values out of range.
    """

    worker_count: int | None = None
    batch_size: int = 8
    transforms: Sequence[ImageTransform] = ()

    def __post_init__(self) -> None:
        _check_counts(worker_count=self.worker_count, batch_size=self.batch_size)
        object.__setattr__(self, "transforms", _checked_transforms(self.transforms))


@dataclass(frozen=True)
class PipelineConfig:
    """How `Pipeline` works.

    The pictures of `input_dirs`, folders or single files, go through `transforms` into
    `output_dir`, under their own names; `format` None keeps each one's format, `quality` None is
    the format's default. `recursive` descends into folders, and their structure is kept unless
    `flat`.

    `worker_count` pictures are worked on at a time, None meaning one for each core; up to
    `batch_size` small pictures travel together; `buffer_size` bounds what waits before each lane,
    None meaning four for each worker. A good size is 2 to 10 times the time a picture is worked
    on, divided by the time it takes to load.

    `overwrite` says which existing files give way: `never` any, `changed` those made by an
    earlier run of ours whose input or settings have changed since, `all` every one but inputs.

    Raises ConfigError for values out of range.
    """

    input_dirs: Sequence[PathLike] | PathLike
    output_dir: PathLike
    worker_count: int | None = None
    buffer_size: int | None = None
    _: KW_ONLY
    transforms: Sequence[ImageTransform] = ()
    format: ImageFormat | None = None
    quality: int | None = None
    batch_size: int = 8
    overwrite: Overwrite = "never"
    recursive: bool = True
    flat: bool = False

    def __post_init__(self) -> None:
        given = self.input_dirs
        many = (given,) if isinstance(given, (str, os.PathLike)) else tuple(given)
        object.__setattr__(self, "input_dirs", many)
        object.__setattr__(self, "transforms", _checked_transforms(self.transforms))
        _check_counts(
            worker_count=self.worker_count,
            buffer_size=self.buffer_size,
            batch_size=self.batch_size,
        )
        if not self.input_dirs:
            raise ConfigError("Expected at least one folder or file of pictures, got none")
        if self.overwrite not in OVERWRITE_RULES:
            rules = ", ".join(OVERWRITE_RULES)
            raise ConfigError(f"Expected overwrite to be one of {rules}, got {self.overwrite!r}")
        if self.format is not None:
            check_writable(self.format)
        check_quality(self.quality)

    @property
    def sources(self) -> tuple[Path, ...]:
        """The folders and files that pictures are taken from."""
        return tuple(Path(path) for path in self.input_dirs)  # type: ignore[union-attr]  # a tuple

    @property
    def destination(self) -> Path:
        """The folder that outputs go to."""
        return Path(self.output_dir)

    @property
    def workers(self) -> int:
        """Pictures worked on at a time."""
        return self.worker_count or available()

    @property
    def buffer(self) -> int:
        """Parcels that may wait before each lane."""
        return self.buffer_size or 4 * self.workers


def _check_counts(**counts: int | None) -> None:
    for name, count in counts.items():
        whole = isinstance(count, int) and not isinstance(count, bool)
        if count is not None and (not whole or count < 1):
            raise ConfigError(f"Expected {name} to be a whole number from 1 on, got {count!r}")


def _checked_transforms(transforms: Sequence[ImageTransform]) -> tuple[ImageTransform, ...]:
    given = tuple(transforms) if isinstance(transforms, Iterable) else (transforms,)
    for transform in given:
        if not isinstance(transform, ImageTransform):
            raise ConfigError(f"Expected transforms such as Thumbnail(256), got {transform!r}")
    return given
