"""Load: a picture's file in, its bytes out, with what the content shows about it."""

import os
import stat
from dataclasses import replace
from pathlib import Path

from imgpipe.errors import LoadError
from imgpipe.files import ImageData, ImageFile
from imgpipe.formats import detect_format, sniff_format
from imgpipe.image import Image
from imgpipe.limits import check_file_size
from imgpipe.steps.decode import decode, get_image_dimensions


def load(file: ImageFile) -> ImageData:
    """Read a whole file. Its content, not its name, says what format it is.

    Raises LoadError for what cannot be read or is no regular file, LimitExceeded for a file or a
    picture too large, DecodeError for content that is no picture.
    """
    data = _read(file)
    width, height = get_image_dimensions(data, file.path)
    return ImageData(replace(file, format=sniff_format(data)), data, width, height)


def _read(file: ImageFile) -> bytes:
    """The bytes themselves, never a mapping: a mapped file that shrinks kills the process."""
    try:
        # Without O_NONBLOCK a named pipe that nobody writes to would be waited for.
        with open(os.open(file.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LoadError("Expected a regular file", file.path)
            check_file_size(status.st_size, file.path)
            return opened.read()
    except OSError as error:
        reason = error.strerror
        raise LoadError(f"Expected a file that can be read, got: {reason}", file.path) from error


def open_image(path: str | os.PathLike[str]) -> Image:
    """The picture in the file `path`, upright; of an animation the first frame.

    Raises LoadError, LimitExceeded or DecodeError.
    """
    file = ImageFile(Path(path), 0, detect_format(path))
    return decode(load(file))
