"""Scan: folders and files in, what is taken for a picture out, folder by folder."""

import os
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePath

from imgpipe.errors import ConfigError, LoadError
from imgpipe.files import ImageFile
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.spool import Spool

PART = 250  # pictures of a folder that are listed at a time

# Left out wherever they appear, as are hidden folders: a NAS's previews, and our own.
_SKIPPED_FOLDERS = frozenset({"@eaDir", ".imgpipe"})


@dataclass(frozen=True)
class Folder:
    """A folder of pictures, and where it is below its source."""

    path: Path
    relative: PurePath

    @cached_property
    def raw(self) -> bytes:
        """`path` as the system knows it."""
        return os.fsencode(self.path)

    @cached_property
    def below(self) -> str:
        """What comes before the name of a picture in it: nothing, or `relative` and a slash."""
        return f"{self.relative}/" if self.relative.parts else ""


@dataclass(frozen=True)
class Found:
    """A picture file, as it was when it was found. A million of them are made: paths come late.

    `digest` is of its content, where that is to tell whether it has changed.
    """

    folder: Folder
    name: str
    size: int
    mtime_ns: int
    digest: bytes = b""

    @cached_property
    def path(self) -> Path:
        """Where it is read from."""
        return self.folder.path / self.name

    @cached_property
    def relative(self) -> PurePath:
        """Where it is below its source."""
        return self.folder.relative / self.name

    @property
    def file(self) -> ImageFile:
        """As everybody else knows it."""
        return ImageFile(self.path, self.size, detect_format(self.name))


class Roll:
    """Any number of pictures in the order they were found in, which need not fit into memory.

    Once `stopped` is set it gives no more of them.
    """

    def __init__(self, stopped: threading.Event | None = None) -> None:
        self._rows = Spool(6, keys=1)
        self._stopped = stopped or threading.Event()

    def add(self, found: Found) -> None:
        """Take in one more."""
        folder, name = found.folder, os.fsencode(found.name)
        below = os.fsencode(folder.below)
        self._rows.add((len(self), folder.raw, below, name, found.size, found.mtime_ns))

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Found]:
        folder, paths = Folder(Path(), PurePath()), (b"", b"")
        for _, path, below, name, size, mtime_ns in self._rows:
            if self._stopped.is_set():
                return
            if paths != (path, below):
                paths = path, below
                folder = Folder(Path(os.fsdecode(path)), PurePath(os.fsdecode(below)))
            yield Found(folder, os.fsdecode(name), size, mtime_ns)

    def close(self) -> None:
        """Let go of them."""
        self._rows.close()


@dataclass(frozen=True, slots=True)
class Listing:
    """Up to 250 pictures of a folder in the order of their names.

    `failures` is what could not be listed; `last` says that the folder has no more.
    """

    pictures: tuple[Found, ...]
    failures: tuple[LoadError, ...] = ()
    last: bool = True


def scan(
    sources: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = True,
    exclude_folder: Path | None = None,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
    stopped: threading.Event | None = None,
) -> Iterator[Listing]:
    """List `sources`, folders or single files, one folder at a time, a large one in parts.

    Within a folder, files with a picture's extension, by name; then its folders, by name. Hidden
    folders, `@eaDir`, `exclude_folder` and links to folders are left out. A file named as a source
    is taken whatever its extension. `include` and `exclude` are patterns of file names or of
    paths relative to their source, such as `*.jpg` or `raw/*`. Nothing more is listed once
    `stopped` is set.

    Raises ConfigError for a source that is not there or out of reach, before the first listing.
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        _check_source(path)

    def wanted(relative: PurePath) -> bool:
        return (not include or _matches(relative, include)) and not _matches(relative, exclude)

    walk = _Walk(recursive, exclude_folder, stopped or threading.Event())
    for path in paths:
        if path.is_dir():
            for listing in walk.below(Folder(path, PurePath())):
                if include or exclude:
                    pictures = tuple(found for found in listing.pictures if wanted(found.relative))
                    listing = replace(listing, pictures=pictures)
                yield listing
        else:
            stat = path.stat()
            folder = Folder(path.parent, PurePath())
            yield Listing((Found(folder, path.name, stat.st_size, stat.st_mtime_ns),))


def _check_source(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(
            f"Expected a folder or file of pictures, found nothing at {path}"
        ) from None
    except OSError as error:
        raise ConfigError(f"Expected a folder or file of pictures, got: {error}") from None


def _matches(relative: PurePath, patterns: Collection[str]) -> bool:
    return any(
        fnmatch(relative.name, pattern) or fnmatch(str(relative), pattern) for pattern in patterns
    )


@dataclass(frozen=True, slots=True)
class _Walk:
    """Down a tree of folders."""

    recursive: bool
    exclude: Path | None
    stopped: threading.Event

    def below(self, folder: Folder) -> Iterator[Listing]:
        """The listings of a folder, then of those in it."""
        with closing(Spool(3, keys=1)) as pictures:
            folders, failures = self._list(folder.path, pictures)
            yield from _in_parts(pictures, folder, failures)
        for name in sorted(folders) if self.recursive else ():
            path = folder.path / name
            left_out = name.startswith(".") or name in _SKIPPED_FOLDERS or _same(path, self.exclude)
            if not left_out and not self.stopped.is_set():
                yield from self.below(Folder(path, folder.relative / name))

    def _list(self, folder: Path, pictures: Spool) -> tuple[list[str], list[LoadError]]:
        """Put a folder's pictures into `pictures`; its folders, and what cannot be listed."""
        folders: list[str] = []
        failures: list[LoadError] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self.stopped.is_set():
                        break
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif detect_format(entry.name) is not ImageFormat.UNKNOWN:
                        _list_entry(entry, pictures, failures)
        except OSError as error:
            failures.append(LoadError(f"Expected a folder that can be read, got: {error}", folder))
        return folders, failures


def _list_entry(entry: os.DirEntry[str], pictures: Spool, failures: list[LoadError]) -> None:
    try:
        if entry.is_file():
            stat = entry.stat()
            pictures.add((os.fsencode(entry.name), stat.st_size, stat.st_mtime_ns))
        elif entry.is_symlink() and not os.path.exists(entry.path):
            failures.append(
                LoadError("Expected a picture, got a link to nothing", Path(entry.path))
            )
    except OSError as error:
        failures.append(
            LoadError(f"Expected a file that can be read, got: {error}", Path(entry.path))
        )


def _in_parts(pictures: Spool, folder: Folder, failures: Iterable[LoadError]) -> Iterator[Listing]:
    rows, left = iter(pictures), len(pictures)
    failed = tuple(sorted(failures, key=lambda failure: str(failure.path)))
    while True:
        part = tuple(
            Found(folder, os.fsdecode(name), size, mtime_ns)
            for name, size, mtime_ns in islice(rows, PART)
        )
        left -= len(part)
        yield Listing(part, failed, last=not left)
        if not left:
            return
        failed = ()


def _same(folder: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and folder.samefile(other)
