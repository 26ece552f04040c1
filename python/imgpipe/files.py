"""A picture as a file: its name and size, and its bytes once they are read."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from imgpipe.formats import ImageFormat

if TYPE_CHECKING:
    from imgpipe.codecs.base import Head


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file that is taken for a picture.

    `size_bytes` is what the scan saw, `format` what the name says; the loader goes by what it
    finds.
    """

    path: Path
    size_bytes: int
    format: ImageFormat

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class ImageData:
    """A whole picture file in memory.

    `width` and `height` are in pixels, as stored: before an EXIF orientation is applied.
    `file.format` is what the content shows.
    """

    file: ImageFile
    data: bytes
    width: int
    height: int
    head: "Head | None" = field(default=None, repr=False, compare=False)


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file's content. Raises OSError."""
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
