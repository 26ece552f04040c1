"""Load: a picture's file in, its bytes out, with what the content shows about it."""

import math
import os
import stat
from pathlib import Path

from imgpipe.codecs.base import Head
from imgpipe.errors import DecodeError, ImageError, LoadError
from imgpipe.files import ImageData, ImageFile
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.image import Image
from imgpipe.limits import LIMITS, Limits
from imgpipe.steps.decode import decode, read_head

HEAD_BYTES = 64 * 1024


def load(file: ImageFile, limits: Limits = LIMITS) -> ImageData:
    """Read a whole file. Its content, not its name, says what format it is.

    Raises LoadError for what cannot be read or is no regular file, LimitExceeded for a file or a
    picture too large, DecodeError for content that is no picture.
    """
    data = _read(file, limits)
    head = read_head(data, file.path, limits)
    found = ImageFile(file.path, file.size_bytes, head.format)
    return ImageData(found, data, head.width, head.height, head)


def peek(file: ImageFile, limits: Limits = LIMITS) -> Head | None:
    """What a picture's header tells, all of the file being read only where that takes it.

    None where it cannot be told, for reasons that `load` then gives.
    """
    try:
        try:
            head = read_head(_read(file, limits, HEAD_BYTES), file.path, limits)
            if head.format is not ImageFormat.GIF:  # which has to be read to know its frames
                return head
        except DecodeError:  # its header does not come first, or is long
            pass
        return read_head(_read(file, limits), file.path, limits)
    except ImageError:
        return None


def _read(file: ImageFile, limits: Limits, most: float = math.inf) -> bytes:
    """The bytes themselves, never a mapping: a mapped file that shrinks kills the process.

    In few system calls, as threads hand over the GIL at each.
    """
    try:
        # Without O_NONBLOCK a named pipe that nobody writes to would be waited for.
        opened = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode):
                raise LoadError("Expected a regular file", file.path)
            limits.check_file_size(status.st_size, file.path)
            return _read_whole(opened, int(min(status.st_size, most)))
        finally:
            os.close(opened)
    except OSError as error:
        reason = error.strerror
        raise LoadError(f"Expected a file that can be read, got: {reason}", file.path) from error


def _read_whole(opened: int, size: int) -> bytes:
    """The first `size` bytes of an open file, or fewer where it ends."""
    parts, left = [], size
    while left and (part := os.read(opened, left)):  # which may give less than is asked for
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def open_image(path: str | os.PathLike[str]) -> Image:
    """The picture in the file `path`, upright, with all frames of an animation.

    Raises LoadError, LimitExceeded or DecodeError.
    """
    file = ImageFile(Path(path), 0, detect_format(path))
    return decode(load(file))
