"""Plan: where the outputs of each picture go, decided before the first is written."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path, PurePath
from typing import Literal, get_args
from unicodedata import normalize

from imgpipe.codecs import supported
from imgpipe.codecs.base import Encoding
from imgpipe.errors import CollisionError
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.naming import Template
from imgpipe.policy import Policy
from imgpipe.steps.scan import Found
from imgpipe.transforms import ImageTransform

Collision = Literal["error", "suffix", "keep-ext", "hash"]
COLLISION_RULES: tuple[Collision, ...] = get_args(Collision)

_NOWHERE = PurePath()
_PATH_DIGITS = 8


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
    pictures: Iterable[Found],
    wanted: Sequence[Output] = (Output(),),
    *,
    flat: bool = False,
    on_collision: Collision = "error",
    folds_case: bool = False,
) -> list[Job]:
    """A job for each picture, with an output like each of `wanted`, all named.

    A name follows the template, or else is the input's with the variant's behind it; no folders
    when `flat`. `pictures` is all that can meet in one folder, which takes `A` for `a` where it
    `folds_case`; the ways to write an accent are one everywhere. What would land on one output goes
    by `on_collision`. Raises CollisionError where that does not tell them apart.
    """
    jobs = []
    for found in pictures:
        picture = PurePath(found.relative.name) if flat else found.relative
        jobs.append(Job(found, tuple(_named(output, picture) for output in wanted)))
    met = Counter(_name_key(output.path, folds_case) for job in jobs for output in job.outputs)
    if on_collision != "error" and len(met) < sum(met.values()):
        jobs = _told_apart(jobs, met, on_collision, folds_case)
    _check_apart(jobs, folds_case)
    return jobs


def _name_key(path: PurePath, folds_case: bool) -> str:
    text = normalize("NFC", str(path))
    return text.casefold() if folds_case else text


def _told_apart(
    jobs: Iterable[Job], met: Counter[str], rule: Collision, folds_case: bool
) -> list[Job]:
    """The jobs, with other names for outputs that would meet those of another picture."""
    taken = set(met)
    first: dict[str, Path] = {}

    def rename(job: Job, output: Output) -> Output:
        path, key = output.path, _name_key(output.path, folds_case)
        if met[key] == 1 or (first.setdefault(key, job.path) == job.path and rule == "suffix"):
            return output
        if rule == "keep-ext":
            path = path.with_name(f"{path.stem}{job.path.suffix}{path.suffix}")
        elif rule == "hash":
            digest = hashlib.sha256(os.fsencode(job.path.absolute())).hexdigest()
            path = path.with_name(f"{path.stem}-{digest[:_PATH_DIGITS]}{path.suffix}")
        else:
            numbered = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in count(2))
            path = next(other for other in numbered if _name_key(other, folds_case) not in taken)
            taken.add(_name_key(path, folds_case))
        return replace(output, path=path)

    return [Job(job.found, tuple(rename(job, output) for output in job.outputs)) for job in jobs]


def _check_apart(jobs: Iterable[Job], folds_case: bool) -> None:
    owners: dict[str, Path] = {}
    collisions = []
    for job in jobs:
        for output in job.outputs:
            key = _name_key(output.path, folds_case)
            if key in owners:
                collisions.append((output.path, owners[key], job.path))
            owners.setdefault(key, job.path)
    if collisions:
        raise CollisionError(_explain(*collisions[0]), collisions)


def folds_case(folder: Path) -> bool:
    """Whether `folder`, or where it is to be made, takes names for one that differ by case alone.

    Asked of a folder's own name, so that nothing has to be written.
    """
    folder = folder.absolute()
    for place in (folder, *folder.parents):
        other = place.with_name(place.name.swapcase()) if place.name else place
        if place.exists() and other != place:
            return other.exists() and other.samefile(place)
    return False


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


def _explain(path: PurePath, first: Path, second: Path) -> str:
    if first == second:
        return (
            f"Expected an output of its own for each variant, but two of {first} would become "
            f"{path}; put {{variant}} into the name, or give the variants other names"
        )
    return (
        f"Expected an output of its own for each picture, but {first} and {second} would both "
        f"become {path}; rename one, keep their folders, or say on_collision"
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
