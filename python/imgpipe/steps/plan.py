"""Plan: where the outputs of each picture go, decided before the first is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from imgpipe.codecs import supported
from imgpipe.codecs.base import Encoding
from imgpipe.errors import CollisionError
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.naming import Template
from imgpipe.policy import Policy
from imgpipe.steps.scan import Found
from imgpipe.transforms import ImageTransform

_NOWHERE = PurePath()


@dataclass(frozen=True, slots=True)
class Output:
    """One picture to be made: its path below the output folder and how to make it.

    `format` None means the input's own. `variant` is its name among several, empty where it is
    alone. `template` names it where that takes its content, `picture` being its input's path. A
    picture narrower than `widest` does not get it. `mark` tells one watermark from another.
    """

    path: PurePath = _NOWHERE
    transforms: tuple[ImageTransform, ...] = ()
    format: ImageFormat | None = None
    encoding: Encoding = field(default_factory=Encoding)
    max_bytes: int | None = None
    policy: Policy = field(default_factory=Policy)
    variant: str = ""
    template: Template | None = None
    picture: PurePath = _NOWHERE
    widest: int = 0
    mark: str = ""


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
    pictures: Iterable[Found], wanted: Sequence[Output] = (Output(),), *, flat: bool = False
) -> list[Job]:
    """A job for each picture, with an output like each of `wanted`, all named.

    A name follows the template, or else is the input's with the variant's behind it; no folders
    when `flat`. `pictures` is all that can meet in one folder. Raises CollisionError when two of
    them would land on one output.
    """
    jobs = []
    owners: dict[PurePath, Path] = {}
    for found in pictures:
        picture = PurePath(found.relative.name) if flat else found.relative
        outputs = tuple(_named(output, picture) for output in wanted)
        for output in outputs:
            if output.path in owners:
                raise _collision(output.path, owners[output.path], found.file.path)
            owners[output.path] = found.file.path
        jobs.append(Job(found, outputs))
    return jobs


def _named(output: Output, picture: PurePath) -> Output:
    if output.template:
        extension = output.format.extension if output.format else picture.suffix
        path = output.template.pattern(picture, output.variant, extension)
        if output.template.needs_content:  # what is not known yet could look alike
            path = PurePath(f"{picture}#{output.variant}{extension}")
    else:
        suffix = f"_{output.variant}" if output.variant else ""
        path = picture.with_name(f"{picture.stem}{suffix}{picture.suffix}")
        path = path if output.format is None else named_as(path, output.format)
    return replace(output, path=path, picture=picture)


def _collision(path: PurePath, first: Path, second: Path) -> CollisionError:
    if first == second:
        return CollisionError(
            f"Expected an output of its own for each variant, but two of {first} would become "
            f"{path}; put {{variant}} into the name, or give the variants other names"
        )
    return CollisionError(
        f"Expected an output of its own for each picture, but {first} and {second} would both "
        f"become {path}; rename one, or keep their folders"
    )


def settle(output: Output, content: ImageFormat) -> Output:
    """`output` with the format it is written in, now that the input's content is known.

    Without one asked for it is the input's own, or else PNG; an extension that says otherwise is
    put right.
    """
    if output.format is not None:
        return output
    format = content if content in supported() else ImageFormat.PNG
    return replace(output, format=format, path=named_as(output.path, format))


def named_by_content(output: Output, size: tuple[int, int], data: bytes) -> Output:
    """`output` under its final name, now that its (width, height) and bytes are known."""
    if not output.template or not output.template.needs_content:
        return output
    path = output.template.name(output.picture, output.variant, output.path.suffix, size, data)
    return replace(output, path=path)


def named_as(path: PurePath, format: ImageFormat) -> PurePath:
    """`path`, with the extension of `format` where its own says something else."""
    return path if detect_format(path) is format else path.with_suffix(format.extension)
