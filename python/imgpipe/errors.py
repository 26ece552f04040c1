"""Everything imgpipe raises on purpose.

    ImgpipeError
    ├─ ConfigError (a ValueError)    what was asked for makes no sense; raised before any work
    │  └─ NoPictures                 there is nothing to do
    ├─ MissingExtra (an ImportError) a library that pip brings on request is not there
    ├─ CollisionError                two pictures would land on one output
    ├─ StorageFull                   no room is left where the outputs go
    ├─ TooManyFailures               more pictures failed than were to be put up with
    ├─ CircuitOpen                   storage keeps failing
    ├─ Cancelled                     somebody asked the run to stop
    └─ ImageError  .path .step       one picture cannot be done; the others can
       ├─ LoadError
       ├─ LimitExceeded
       ├─ DecodeError
       ├─ TransformError
       ├─ EncodeError
       └─ SaveError

A bad argument of a kernel or a transform is a plain ValueError or TypeError.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:  # it takes a while, and kernels raise no error that has one
    from pathlib import Path, PurePath


class ImgpipeError(Exception):
    """Base of all errors of this package."""


class ConfigError(ImgpipeError, ValueError):
    """What was asked for makes no sense; nothing has been done yet."""


class NoPictures(ConfigError):
    """There is no file with a picture's extension where pictures were to be taken from."""


class MissingExtra(ImgpipeError, ImportError):
    """A library that is needed for this is not installed; the message has the pip line."""


class CollisionError(ImgpipeError):
    """Two pictures would land on one output; none of their folder has been written.

    `collisions` are (output, one picture, the other), the output below its folder.
    """

    def __init__(
        self, message: str, collisions: "Sequence[tuple[PurePath, Path, Path]]" = ()
    ) -> None:
        super().__init__(message)
        self.collisions = tuple(collisions)


class StorageFull(ImgpipeError):
    """No room is left where the outputs go; what is done stays done."""


class TooManyFailures(ImgpipeError):
    """More pictures failed than were to be put up with; what is done stays done."""


class CircuitOpen(ImgpipeError):
    """Storage keeps failing; what is done stays done."""


class Cancelled(ImgpipeError):
    """Somebody asked the run to stop; what is done stays done."""


class ImageError(ImgpipeError):
    """One picture cannot be done.

    `path` is the picture's path, or None for one that came as bytes; `step` the step of the
    pipeline that refused it.
    """

    step: ClassVar[str] = "image"

    def __init__(self, message: str, path: "Path | None" = None) -> None:
        super().__init__(message)
        self.path = path


class LoadError(ImageError):
    """The file could not be read."""

    step = "load"


class LimitExceeded(ImageError):
    """The picture is larger than what is accepted."""

    step = "load"


class DecodeError(ImageError):
    """The bytes are not a picture that can be read here."""

    step = "decode"


class TransformError(ImageError):
    """A transform could not be applied to this picture."""

    step = "transform"


class EncodeError(ImageError):
    """The picture could not be written in the format asked for."""

    step = "encode"


class SaveError(ImageError):
    """The output could not be put in its place."""

    step = "save"
