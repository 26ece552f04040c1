"""What a run is asked to do: frozen, and checked once, when it is made."""

import math
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path

from imgpipe.bytesize import parse_bytes
from imgpipe.codecs.base import Encoding
from imgpipe.cores import available
from imgpipe.errors import ConfigError
from imgpipe.formats import ImageFormat
from imgpipe.limits import (
    MAX_FILE_BYTES,
    MAX_FRAMES,
    MAX_PIXELS,
    MAX_SIDE,
    Limits,
)
from imgpipe.losses import check_kinds
from imgpipe.metadata import check_keep
from imgpipe.naming import Template
from imgpipe.policy import MARGIN, Policy, Reading
from imgpipe.recovery import CircuitBreaker, ErrorLimit, ErrorRecoveryStrategy
from imgpipe.runlog.decide import OVERWRITE_RULES, Overwrite
from imgpipe.steps.encode import check_writable
from imgpipe.steps.plan import COLLISION_RULES, Collision, Output
from imgpipe.steps.save import DURABILITIES, Durability, flush_file
from imgpipe.transforms import ImageTransform
from imgpipe.variants import (
    OutputVariant,
    check_max_bytes,
    check_variants,
    checked_transforms,
    responsive,
)
from imgpipe.watermark import WatermarkConfig

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
        object.__setattr__(self, "transforms", checked_transforms(self.transforms))


@dataclass(frozen=True)
class PipelineConfig:
    """How `Pipeline` works.

    The pictures of `input_dirs`, folders or single files, go through `transforms` into
    `output_dir`, under their own names; `format` None keeps each one's format, `quality` None is
    the format's default. With `variants`, each is an output of its own, made by `transforms` and
    then by the variant's, in its format, and named with its name. `widths` adds a variant for each
    width in each of `formats` (see `responsive`), and a manifest. `name` is a template for names
    (see `Template`). `watermark` is laid over every output last. `recursive` descends into folders,
    and their structure is kept unless `flat`.

    `worker_count` pictures are worked on at a time, None meaning one for each core; up to
    `batch_size` small pictures travel together; `buffer_size` bounds what waits before each lane,
    None meaning four for each worker. A good size is 2 to 10 times the time a picture is worked
    on, divided by the time it takes to load.

    Pictures in flight take up to `memory_limit` bytes, or text such as "500MB" or "2GiB", by what
    their headers say before they are read; one that takes more goes alone. None means half of what
    this process may use, shared by all runs that say None.

    `effort`, from 0 to 10, is how long a format's encoder tries, None its default; `progressive`
    is for JPEG, `lossless` for WebP, `subsampling` "4:2:0", "4:2:2" or "4:4:4" for JPEG and AVIF.
    `lossless_jpeg` makes of a JPEG to which nothing is done a JPEG XL of the same coefficients.
    `max_bytes` lowers the quality until a file is that small.

    `keep` names the metadata that goes along: `none`, `copyright`, `dates`, `icc`, `exif`, `gps`,
    `dicom`, `all` (all of these but the last two), or several with commas. `dicom` writes all that
    a DICOM picture says, but for its pixels and with its patient, into a file beside each output,
    as `scan.png.dicom.json`, which is made, left, replaced and removed together with its output;
    without it nothing about a patient is read. Without `icc`, colours are converted to sRGB.
    `forbid_loss` names what may not get lost, such as `animation`, `depth` or `alpha`; a picture
    that would lose it fails. `linear_light` resizes light instead of sRGB's numbers.
    `decode_margin`, from 1 to 2, is at how many times its size a JPEG that is made much smaller is
    decoded at least: less is faster, and a little less sharp.
    `background` is what transparency is laid on where a format has none: red, green and blue from
    0 to 255. `if_larger` "keep" takes the input's own bytes where nothing was to be done to a
    picture and its new file would be larger.

    `depth`, 8, 10, 12 or 16, is the most bits a sample has, None meaning as many as picture and
    format have; with `dither` samples that are rounded keep their mean over a few pixels.

    `animation` says what becomes of frames and pages: `keep` takes all of them where an output can
    hold them, `first` the first alone, `error` fails a picture that has more than one. A picture is
    refused that has more than `max_pixels` in all frames that are kept, more than `max_frames`, a
    side of more than `max_side` pixels, or a file of more than `max_file_bytes`. `dicom_window` is
    which values of a DICOM picture are shown where no Window says so: those the `file` names, all
    but a `percentile`, or in `full`.
    `raw`, `raw_exposure` and `raw_highlights` say how RAW is read: see `policy.Reading`.

    What storage refuses is tried again, `retry_attempts` times in all, with longer and longer
    waits; a broken picture never is. `error_strategy` says what a picture that fails means to the
    others; its own `retry(attempts)` wins. More failures than `max_errors`, a number such as 20
    or a share such as "5%" of the finished pictures, stop the run. With `circuit_breaker` storage
    that keeps failing makes the run pause, and stop where that does not help. A picture that is
    worked on for more than `timeout` seconds fails; that is looked at between steps.

    `durability` says what survives a power cut: with `file` every output that has its name, with
    `run` every output of a run that has ended, with `none` what the system has written by then. A
    killed process loses nothing in any of them.

    An input has changed where its size or its time of change has; with `verify` all of it is read
    instead of the time. The log of the run is kept in the file `log`, or else in the output folder.

    `on_collision` says what happens where two pictures would land on one output: `error` stops
    before anything of their folder is written, `suffix` puts -2 and so on behind the later ones,
    `keep-ext` puts the extension of its picture into each name, `hash` a few digits that stand for
    its path. The last two stay as they are when pictures come and go.

    `overwrite` says which existing files give way: `never` any, `changed` those made by an
    earlier run of ours whose input or settings have changed since, `all` every one but inputs.

    Raises ConfigError for values out of range.
    """

    input_dirs: Sequence[PathLike] | PathLike
    output_dir: PathLike
    worker_count: int | None = None
    buffer_size: int | None = None
    retry_attempts: int = 3
    variants: Sequence[OutputVariant] = ()
    watermark: WatermarkConfig | None = None
    _: KW_ONLY
    widths: Sequence[int] = ()
    formats: Sequence[ImageFormat] = (ImageFormat.JPEG,)
    name: str | None = None
    transforms: Sequence[ImageTransform] = ()
    format: ImageFormat | None = None
    quality: int | None = None
    effort: int | None = None
    progressive: bool = False
    lossless: bool = False
    subsampling: str = "4:2:0"
    lossless_jpeg: bool = False
    max_bytes: int | None = None
    keep: str | Collection[str] = "copyright"
    forbid_loss: Collection[str] = ()
    linear_light: bool = False
    decode_margin: float = MARGIN
    background: tuple[int, int, int] = (255, 255, 255)
    if_larger: str = "write"
    depth: int | None = None
    dither: bool = False
    animation: str = "keep"
    dicom_window: str = "file"
    raw: str = "develop"
    raw_exposure: float | None = None
    raw_highlights: str = "clip"
    max_pixels: int = MAX_PIXELS
    max_frames: int = MAX_FRAMES
    max_side: int = MAX_SIDE
    max_file_bytes: int = MAX_FILE_BYTES
    batch_size: int = 8
    memory_limit: int | str | None = None
    error_strategy: ErrorRecoveryStrategy = ErrorRecoveryStrategy.SKIP
    max_errors: int | str | None = None
    circuit_breaker: CircuitBreaker | None = None
    timeout: float | None = None
    durability: Durability = "file"
    verify: bool = False
    log: PathLike | None = None
    on_collision: Collision = "error"
    overwrite: Overwrite = "never"
    recursive: bool = True
    flat: bool = False
    outputs: tuple[Output, ...] = field(init=False, repr=False)
    error_limit: ErrorLimit = field(init=False, repr=False)
    memory_bytes: int | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        given = self.input_dirs
        many = (given,) if isinstance(given, (str, os.PathLike)) else tuple(given)
        object.__setattr__(self, "input_dirs", many)
        object.__setattr__(self, "transforms", checked_transforms(self.transforms))
        _check_counts(
            worker_count=self.worker_count,
            buffer_size=self.buffer_size,
            retry_attempts=self.retry_attempts,
            batch_size=self.batch_size,
        )
        if not self.input_dirs:
            raise ConfigError("Expected at least one folder or file of pictures, got none")
        _check_choice("overwrite", self.overwrite, OVERWRITE_RULES)
        _check_choice("on_collision", self.on_collision, COLLISION_RULES)
        _check_choice("durability", self.durability, DURABILITIES)
        if not isinstance(self.error_strategy, ErrorRecoveryStrategy):
            raise ConfigError(
                f"Expected an ErrorRecoveryStrategy such as SKIP, got {self.error_strategy!r}"
            )
        limit = 0 if self.error_strategy.stops else self.max_errors
        object.__setattr__(self, "memory_bytes", _bytes_of(self.memory_limit))
        object.__setattr__(self, "error_limit", ErrorLimit.of(limit))
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            raise ConfigError(f"Expected timeout to be more than 0 seconds, got {self.timeout!r}")
        if self.format is not None:
            check_writable(self.format)
        check_max_bytes(self.max_bytes)
        object.__setattr__(self, "outputs", self._outputs())

    def _outputs(self) -> tuple[Output, ...]:
        """How each output of a picture is made; its path comes with the plan."""
        policy = self._policy()
        template = Template(self.name) if self.name is not None else None
        if template and "dicom" in policy.keep and not template.ends_in_extension:
            raise ConfigError(
                f"Expected a name that ends in {{ext}} where keep has dicom, got {self.name!r}"
            )
        one = Output(
            tuple(self.transforms),
            self.format,
            Encoding(
                self.quality,
                self.effort,
                self.progressive,
                self.lossless,
                self.subsampling,
                self.lossless_jpeg,
            ),
            self.max_bytes,
            policy,
            template=template,
            mark=self.watermark.fingerprint() if self.watermark else "",
        )
        variants = check_variants(self.variants)
        if self.widths:
            variants = check_variants(
                (*variants, *responsive(self.widths, self.formats, self.quality))
            )
        if not variants:
            return (one,)
        return tuple(
            replace(
                one,
                transforms=(*one.transforms, *variant.transforms),
                format=variant.format,
                encoding=variant.encoding,
                max_bytes=variant.max_bytes or self.max_bytes,
                variant=variant.name,
                widest=variant.widest,
            )
            for variant in variants
        )

    def _policy(self) -> Policy:
        return Policy(
            check_keep(self.keep),
            check_kinds(self.forbid_loss),
            self.linear_light,
            self.decode_margin,
            _checked_colour(self.background),
            self.if_larger,
            self.depth,
            self.dither,
            Reading(
                self.animation,
                self.dicom_window,
                self.raw,
                self.raw_exposure,
                self.raw_highlights,
            ),
            Limits(self.max_file_bytes, self.max_pixels, self.max_frames, self.max_side),
        )

    @property
    def sources(self) -> tuple[Path, ...]:
        """The folders and files that pictures are taken from."""
        return tuple(Path(path) for path in self.input_dirs)  # type: ignore[union-attr]  # a tuple

    @property
    def destination(self) -> Path:
        """The folder that outputs go to."""
        return Path(self.output_dir)

    @property
    def log_file(self) -> Path | None:
        """Where the log is kept, None for the output folder."""
        return Path(self.log) if self.log is not None else None

    @property
    def workers(self) -> int:
        """Pictures worked on at a time."""
        return self.worker_count or available()

    @property
    def attempts(self) -> int:
        """Tries in all of what storage refuses."""
        return self.error_strategy.attempts or self.retry_attempts

    @property
    def flushes_each(self) -> bool:
        """Whether every output is flushed to the disk before it gets its name."""
        return self.durability == "file"

    @property
    def flush(self) -> Callable[[int], object]:
        """What is done with an open file once all is written to it."""
        return flush_file if self.flushes_each else _leave_to_the_system

    @property
    def buffer(self) -> int:
        """Parcels that may wait before each lane."""
        return self.buffer_size or 4 * self.workers


def _leave_to_the_system(_: int) -> None:
    """It writes when it sees fit."""


def _check_counts(**counts: int | None) -> None:
    for name, count in counts.items():
        whole = isinstance(count, int) and not isinstance(count, bool)
        if count is not None and (not whole or count < 1):
            raise ConfigError(f"Expected {name} to be a whole number from 1 on, got {count!r}")


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ConfigError(f"Expected {name} to be one of {', '.join(choices)}, got {value!r}")


def _bytes_of(limit: int | str | None) -> int | None:
    if limit is None:
        return None
    try:
        size = parse_bytes(limit) if isinstance(limit, str) else limit
        if type(size) is int and size >= 1:
            return size
    except ValueError:
        pass
    raise ConfigError(f"Expected memory_limit to be such as 500MB or 2GiB, got {limit!r}")


def _checked_colour(colour: Collection[int]) -> tuple[int, int, int]:
    parts = tuple(colour) if isinstance(colour, Iterable) else ()
    if len(parts) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in parts):
        raise ConfigError(f"Expected a background of 3 numbers from 0 to 255, got {colour!r}")
    return parts
