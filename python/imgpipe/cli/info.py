"""`imgpipe info`: what a picture is, which pictures a folder holds."""

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from imgpipe.errors import ConfigError, ImageError
from imgpipe.files import ImageFile
from imgpipe.formats import detect_format
from imgpipe.steps.load import load
from imgpipe.steps.scan import scan

SHOWN = 10


def describe(paths: Iterable[Path]) -> int:
    """Print about each of `paths`, and give the exit code: 3 where a picture cannot be read.

    Raises ConfigError for a path that is not there.
    """
    failed = 0
    for path in paths:
        if not path.exists():
            raise ConfigError(f"Expected a picture or a folder, found nothing at {path}")
        if path.is_dir():
            failed += _describe_folder(path)
        else:
            failed += _describe_file(path)
    return 3 if failed else 0


def _describe_folder(folder: Path) -> int:
    listings = list(scan([folder]))
    pictures = [found for listing in listings for found in listing.pictures]
    failures = [failure for listing in listings for failure in listing.failures]
    print(f"Found {len(pictures)} images in {folder}:")
    for found in islice(pictures, SHOWN):
        file = found.file
        print(f"  {found.relative} - {file.format.value} ({file.size_bytes} bytes)")
    if len(pictures) > SHOWN:
        print(f"  ... and {len(pictures) - SHOWN} more")
    for failure in failures:
        print(f"{failure.path}: {failure}", file=sys.stderr)
    return len(failures)


def _describe_file(path: Path) -> int:
    try:
        loaded = load(ImageFile(path, path.stat().st_size, detect_format(path)))
    except ImageError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
    named = detect_format(path)
    megapixels = loaded.width * loaded.height / 1e6
    format = loaded.file.format
    lie = "" if named is format else f", though its name says {named.value}"
    print(
        f"{path}: {format.value}{lie}, {loaded.width}x{loaded.height} pixels "
        f"({megapixels:.1f} megapixels), {len(loaded.data)} bytes"
    )
    return 0
