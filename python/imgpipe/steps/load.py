"""Load: a picture's file in, its bytes out, with what the content shows about it."""

import os
import stat
from dataclasses import replace
from pathlib import Path

from imgpipe.codecs.base import Head
from imgpipe.errors import DecodeError, ImageError, LoadError
from imgpipe.files import ImageData, ImageFile
from imgpipe.formats import detect_format
from imgpipe.image import Image
from imgpipe.limits import check_file_size
from imgpipe.steps.decode import decode, read_head

HEAD_BYTES = 64 * 1024


def load(file: ImageFile) -> ImageData:
    """Read a whole file. Its content, not its name, says what format it is.

    Raises LoadError for what cannot be read or is no regular file, LimitExceeded for a file or a
    picture too large, DecodeError for content that is no picture.
    """
    data = _read(file)
    head = read_head(data, file.path)
    return ImageData(replace(file, format=head.format), data, head.width, head.height, head)


def peek(file: ImageFile) -> Head | None:
    """What a picture's header tells, all of the file being read only where that takes it.

    None where it cannot be told, for reasons that `load` then gives.
    """
    try:
        try:
            return read_head(_read(file, HEAD_BYTES))
        except DecodeError:  # its header does not come first, or is long
            return read_head(_read(file))
    except ImageError:
        return None


def _read(file: ImageFile, most: int = -1) -> bytes:
    """The bytes themselves, never a mapping: a mapped file that shrinks kills the process."""
    try:
        # Without O_NONBLOCK a named pipe that nobody writes to would be waited for.
        with open(os.open(file.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LoadError("Expected a regular file", file.path)
            check_file_size(status.st_size, file.path)
            return opened.read(most)
    except OSError as error:
        reason = error.strerror
        raise LoadError(f"Expected a file that can be read, got: {reason}", file.path) from error


def open_image(path: str | os.PathLike[str]) -> Image:
    """The picture in the file `path`, upright; of an animation the first frame.

    Raises LoadError, LimitExceeded or DecodeError.
    """
    file = ImageFile(Path(path), 0, detect_format(path))
    return decode(load(file))
