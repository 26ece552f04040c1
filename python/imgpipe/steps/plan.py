"""Plan: where the outputs of each picture go, decided before the first is written."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, count, groupby, islice, pairwise
from operator import itemgetter
from pathlib import Path, PurePath
from typing import Literal, get_args
from unicodedata import normalize

from imgpipe.codecs import versions, written_as
from imgpipe.codecs.base import Encoding
from imgpipe.errors import CollisionError
from imgpipe.formats import ImageFormat, detect_format, split_extension
from imgpipe.limits import Limits
from imgpipe.naming import Template
from imgpipe.policy import Policy
from imgpipe.spool import Row, Spool
from imgpipe.steps.scan import Found, Roll
from imgpipe.transforms import ImageTransform

Collision = Literal["error", "suffix", "keep-ext", "hash"]
COLLISION_RULES: tuple[Collision, ...] = get_args(Collision)

PAGE = 100  # pictures that are planned at a time; what is planned ahead is kept in memory
_PATH_DIGITS = 8
_TOLD = 1000  # collisions that an error lists


@dataclass(frozen=True)
class Output:
    """How one output of each picture is made.

    `format` None means the input's own. `variant` is its name among several, empty where it is
    alone. `template` names it. A picture narrower than `widest` does not get it. `mark` tells one
    watermark from another.
    """

    transforms: tuple[ImageTransform, ...] = ()
    format: ImageFormat | None = None
    encoding: Encoding = field(default_factory=Encoding)
    max_bytes: int | None = None
    policy: Policy = field(default_factory=Policy)
    variant: str = ""
    template: Template | None = None
    widest: int = 0
    mark: str = ""

    @cached_property
    def key(self) -> bytes:
        """What its pixels and bytes depend on beside the input, in 16 bytes."""
        parts = (
            *(transform.spell() for transform in self.transforms),
            *(self.format, self.encoding, self.max_bytes),
            *(self.policy.spell(), self.widest, self.mark, versions()),
        )
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Target:
    """An output of one picture: how it is made, and its path below the output folder.

    `picture` is its input's path as names are made of it; `format` is None as long as that depends
    on the input's content.
    """

    output: Output
    path: str
    picture: str
    format: ImageFormat | None


@dataclass(frozen=True, slots=True)
class Job:
    """A picture and the outputs to make of it."""

    found: Found
    targets: tuple[Target, ...]

    @property
    def path(self) -> Path:
        """Where the picture is read from."""
        return self.found.path

    @property
    def outputs(self) -> tuple[Output, ...]:
        """How each is made."""
        return tuple([target.output for target in self.targets])

    @property
    def limits(self) -> Limits:
        """What its picture may have."""
        return self.targets[0].output.policy.limits


def plan(
    pictures: Roll,
    wanted: Sequence[Output] = (Output(),),
    *,
    flat: bool = False,
    on_collision: Collision = "error",
    folds_case: bool = False,
) -> Iterator[tuple[Job, ...]]:
    """A job for each picture, with an output like each of `wanted`, all named.

    They come up to 100 at a time. A name follows the template, or else is the input's with
    the variant's behind it; no folders when `flat`. `pictures` is all that can meet in one folder,
    which takes `A` for `a` where it `folds_case`; the ways to write an accent are one everywhere.
    What would land on one output goes by `on_collision`. Raises CollisionError, before the first
    jobs, where that does not tell them apart.
    """
    with closing(_Names(folds_case)) as names:
        for number, found in enumerate(pictures):
            for place, target in enumerate(_targets(found, wanted, flat)):
                names.add(target.path, number, place, found)
        if on_collision == "error":
            names.check()
        else:
            names.tell_apart(on_collision)
        renamed = iter(names.renamed)
        other = next(renamed, None)
        numbered = enumerate(pictures)
        while page := list(islice(numbered, PAGE)):
            jobs = []
            for number, found in page:
                targets = _targets(found, wanted, flat)
                while other and other[0] == number:
                    targets[other[1]] = replace(targets[other[1]], path=os.fsdecode(other[2]))
                    other = next(renamed, None)
                jobs.append(Job(found, tuple(targets)))
            yield tuple(jobs)


def _targets(found: Found, wanted: Sequence[Output], flat: bool) -> list[Target]:
    below = "" if flat else found.folder.below
    picture = below + found.name
    return [Target(how, _path(how, picture), picture, how.format) for how in wanted]


def _path(how: Output, picture: str) -> str:
    extension = how.format.extension if how.format else split_extension(picture)[1]
    if how.template:
        if how.template.needs_content:  # what is not known yet could look alike
            return f"{picture}#{how.variant}{extension}"
        return str(how.template.pattern(PurePath(picture), how.variant, extension))
    if how.variant:
        stem, own = split_extension(picture)
        picture = f"{stem}_{how.variant}{own}"
    return named_as(picture, how.format) if how.format else picture


class _Names:
    """Every name of a domain, and other ones where they would meet."""

    def __init__(self, folds_case: bool) -> None:
        self._folds_case = folds_case
        self._rows = Spool(5, keys=3)  # key, picture's number, output's place, path, picture's path
        self.renamed = Spool(3, keys=2)
        """(picture's number, output's place, path) of all that get another name."""

    def close(self) -> None:
        self._rows.close()
        self.renamed.close()

    def add(self, path: str, number: int, place: int, found: Found) -> None:
        source = os.path.join(found.folder.raw, os.fsencode(found.name))
        self._rows.add((self._key(path), number, place, os.fsencode(path), source))

    def _key(self, path: str) -> bytes:
        if not path.isascii():
            path = normalize("NFC", path)
        return os.fsencode(path.casefold() if self._folds_case else path)

    def check(self) -> None:
        """Raise CollisionError where two are one."""
        collisions = []
        for row, after in pairwise(self._rows):
            if row[0] == after[0]:
                collisions.append((PurePath(_text(after[3])), _source(row), _source(after)))
                if len(collisions) == _TOLD:
                    break
        if collisions:
            raise CollisionError(_explain(*collisions[0]), collisions)

    def tell_apart(self, rule: Collision) -> None:
        """Find other names for what would meet, and make sure that nothing meets then."""
        final = _Names(self._folds_case)
        for _, group in groupby(self._rows, itemgetter(0)):
            for row, path in self._apart(group, rule):
                final._rows.add((self._key(_text(path)), row[1], row[2], path, row[4]))
                if path != row[3]:
                    self.renamed.add((row[1], row[2], path))
        with closing(final):
            final.check()

    def _apart(self, same: Iterator[Row], rule: Collision) -> Iterator[tuple[Row, bytes]]:
        """The rows of one name, with a path for each: its own where there is only one."""
        first = next(same)
        second = next(same, None)
        if not second:
            yield first, first[3]
            return
        numbers = count(2)
        for row in chain((first, second), same):
            stem, extension = split_extension(_text(row[3]))
            if rule == "keep-ext":
                stem += split_extension(_text(row[4]))[1]
            elif rule == "hash":
                digest = hashlib.sha256(os.path.abspath(row[4])).hexdigest()
                stem += f"-{digest[:_PATH_DIGITS]}"
            elif row[1] != first[1]:
                free = (f"{stem}-{number}" for number in numbers)
                stem = next(name for name in free if self._key(name + extension) not in self._rows)
            yield row, os.fsencode(stem + extension)


def _text(path: bytes) -> str:
    return os.fsdecode(path)


def _source(row: Row) -> Path:
    return Path(_text(row[4]))


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


def settle(target: Target, content: ImageFormat) -> Target:
    """`target` with the format it is written in, now that the input's content is known.

    Without one asked for it is the input's own, or else PNG; an extension that says otherwise is
    put right.
    """
    if target.format is not None:
        return target
    format = written_as(None, content)
    return Target(target.output, named_as(target.path, format), target.picture, format)


def named_by_content(target: Target, size: tuple[int, int], data: bytes) -> Target:
    """`target` under its final name, now that its (width, height) and bytes are known."""
    how = target.output
    if not how.template or not how.template.needs_content:
        return target
    extension = split_extension(target.path)[1]
    path = how.template.name(PurePath(target.picture), how.variant, extension, size, data)
    return replace(target, path=str(path))


def named_as(path: str, format: ImageFormat) -> str:
    """`path`, with the extension of `format` where its own says something else."""
    if detect_format(path) is format:
        return path
    return split_extension(path)[0] + format.extension
