"""Scan: folders and files in, what is taken for a picture out, folder by folder."""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from imgpipe.errors import ConfigError, LoadError
from imgpipe.files import ImageFile
from imgpipe.formats import ImageFormat, detect_format

# Left out wherever they appear, as are hidden folders: a NAS's previews, and our own.
_SKIPPED_FOLDERS = frozenset({"@eaDir", ".imgpipe"})


@dataclass(frozen=True, slots=True)
class Found:
    """A picture file, the source it was found under, and when it was last changed."""

    file: ImageFile
    relative: PurePath
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The pictures of one folder in the order of their names, and what could not be listed."""

    pictures: tuple[Found, ...]
    failures: tuple[LoadError, ...] = ()


def scan(
    sources: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = True,
    exclude_folder: Path | None = None,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
) -> Iterator[Listing]:
    """List `sources`, folders or single files, one folder at a time.

    Within a folder, files with a picture's extension, by name; then its folders, by name. Hidden
    folders, `@eaDir`, `exclude_folder` and links to folders are left out. A file named as a source
    is taken whatever its extension. `include` and `exclude` are patterns of file names or of
    paths relative to their source, such as `*.jpg` or `raw/*`.

    Raises ConfigError for a source that is not there or out of reach, before the first listing.
    """
    paths = [Path(source) for source in sources]
    for path in paths:
        _check_source(path)

    def wanted(relative: PurePath) -> bool:
        return (not include or _matches(relative, include)) and not _matches(relative, exclude)

    for path in paths:
        if path.is_dir():
            for listing in _walk(path, PurePath(), recursive, exclude_folder):
                pictures = tuple(found for found in listing.pictures if wanted(found.relative))
                yield Listing(pictures, listing.failures)
        else:
            yield Listing((_found(path, PurePath(path.name), path.stat()),))


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


def _walk(
    folder: Path, relative: PurePath, recursive: bool, exclude_folder: Path | None
) -> Iterator[Listing]:
    pictures: list[Found] = []
    folders: list[str] = []
    failures: list[LoadError] = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif detect_format(entry.name) is not ImageFormat.UNKNOWN:
                    _list_entry(entry, relative, pictures, failures)
    except OSError as error:
        failures.append(LoadError(f"Expected a folder that can be read, got: {error}", folder))
    yield Listing(tuple(pictures), tuple(failures))
    if not recursive:
        return
    for name in folders:
        below = folder / name
        if name.startswith(".") or name in _SKIPPED_FOLDERS or _same(below, exclude_folder):
            continue
        yield from _walk(below, relative / name, recursive, exclude_folder)


def _list_entry(
    entry: os.DirEntry[str],
    relative: PurePath,
    pictures: list[Found],
    failures: list[LoadError],
) -> None:
    path = Path(entry.path)
    try:
        if entry.is_file():
            pictures.append(_found(path, relative / entry.name, entry.stat()))
        elif entry.is_symlink() and not path.exists():
            failures.append(LoadError("Expected a picture, got a link to nothing", path))
    except OSError as error:
        failures.append(LoadError(f"Expected a file that can be read, got: {error}", path))


def _found(path: Path, relative: PurePath, stat: os.stat_result) -> Found:
    file = ImageFile(path, stat.st_size, detect_format(path))
    return Found(file, relative, stat.st_mtime_ns)


def _same(folder: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and folder.samefile(other)
