"""Plan: where the outputs of each picture go, decided before the first is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from imgpipe.codecs import supported
from imgpipe.codecs.base import Encoding
from imgpipe.errors import CollisionError
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.policy import Policy
from imgpipe.steps.scan import Found
from imgpipe.transforms import ImageTransform


@dataclass(frozen=True, slots=True)
class Output:
    """One picture to be made: its path below the output folder and how to make it.

    `format` None means the input's own.
    """

    path: PurePath
    transforms: tuple[ImageTransform, ...] = ()
    format: ImageFormat | None = None
    encoding: Encoding = field(default_factory=Encoding)
    max_bytes: int | None = None
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True)
class Job:
    """A picture and the outputs to make of it."""

    found: Found
    outputs: tuple[Output, ...]

    @property
    def path(self) -> Path:
        """Where the picture is read from."""
        return self.found.file.path


def plan(
    pictures: Iterable[Found],
    how: Output,
    *,
    flat: bool = False,
) -> list[Job]:
    """A job for each picture, made as `how` says and named as the input; no folders when `flat`.

    `pictures` is all that can meet in one folder. Raises CollisionError when two of them would
    land on one output.
    """
    jobs = []
    owners: dict[PurePath, Path] = {}
    for found in pictures:
        path = PurePath(found.relative.name) if flat else found.relative
        if how.format is not None:
            path = named_as(path, how.format)
        if path in owners:
            raise CollisionError(
                f"Expected an output of its own for each picture, but {owners[path]} and "
                f"{found.file.path} would both become {path}; rename one, or keep their folders"
            )
        owners[path] = found.file.path
        jobs.append(Job(found, (replace(how, path=path),)))
    return jobs


def settle(output: Output, content: ImageFormat) -> Output:
    """`output` with the format it is written in, now that the input's content is known.

    Without one asked for it is the input's own, or else PNG; an extension that says otherwise is
    put right.
    """
    if output.format is not None:
        return output
    format = content if content in supported() else ImageFormat.PNG
    return replace(output, format=format, path=named_as(output.path, format))


def named_as(path: PurePath, format: ImageFormat) -> PurePath:
    """`path`, with the extension of `format` where its own says something else."""
    return path if detect_format(path) is format else path.with_suffix(format.extension)
