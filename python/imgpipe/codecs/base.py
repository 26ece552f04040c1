"""What every codec has, so that the rest need not know which library is behind a format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from imgpipe.errors import ConfigError
from imgpipe.formats import ImageFormat
from imgpipe.image import Image
from imgpipe.policy import Reading

ROWS = 256 * 1024  # bytes that a decoder takes for rows and tables, whatever the picture
SCALES = (8, 4, 2)  # by which some codecs can decode smaller
SUBSAMPLINGS = ("4:2:0", "4:2:2", "4:4:4")


@dataclass(frozen=True, slots=True)
class Head:
    """What the first bytes of a picture file tell, before any pixel is decoded.

    `width` and `height` are in pixels as stored, `depth` is bits a sample, `orientation` EXIF's.
    `progressive` says that all of it must be read and held before the first pixel is known,
    `palette` that samples are numbers of colours, or else no colours yet. `frames` are those of an
    animation, or pages.
    """

    format: ImageFormat
    width: int
    height: int
    channels: int = 3
    depth: int = 8
    orientation: int = 1
    progressive: bool = False
    palette: bool = False
    frames: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) once the orientation has been applied."""
        turned = self.orientation in (5, 6, 7, 8)
        return (self.height, self.width) if turned else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a picture that is decoded, as far as its file has it.

    `frames` asks for all of them, `pages` likewise; `measured` for what a DICOM picture measures
    and not yet for how that is shown; `deep` for more than 8 bits where they take more work, as of
    RAW; `reading` says how where there are several ways.
    """

    frames: bool = False
    pages: bool = False
    measured: bool = False
    deep: bool = False
    reading: Reading = field(default_factory=Reading)


STILL = Wish()


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a picture is written; formats leave out what they do not have.

    `quality` is from 1 to 100, None meaning the format's default; `effort` from 0, fastest, to 10.
    `subsampling` is of JPEG's and AVIF's colours. `lossless_jpeg` makes of a JPEG to which nothing
    is done a JPEG XL of the same coefficients. `exif` and `icc_profile` are put into the file.
    """

    quality: int | None = None
    effort: int | None = None
    progressive: bool = False
    lossless: bool = False
    subsampling: str = "4:2:0"
    lossless_jpeg: bool = False
    exif: bytes | None = None
    icc_profile: bytes | None = None

    def __post_init__(self) -> None:
        check_quality(self.quality)
        if self.effort is not None and not _is_whole(self.effort, 0, 10):
            raise ConfigError(f"Expected effort from 0 to 10, got {self.effort!r}")
        if self.subsampling not in SUBSAMPLINGS:
            raise ConfigError(
                f"Expected subsampling of {', '.join(SUBSAMPLINGS)}, got {self.subsampling!r}"
            )


def check_quality(quality: int | None) -> None:
    """Raise ConfigError for a quality that is not a whole number from 1 to 100, or None."""
    if quality is not None and not _is_whole(quality, 1, 100):
        raise ConfigError(f"Expected quality from 1 to 100, got {quality}")


def _is_whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


@dataclass(frozen=True, slots=True)
class Traits:
    """What a format can hold when it is written here.

    `depth` is bits a sample, `grey_depth` of pictures without colours, `real` says that floats are
    held too. `palette` is 256 colours at most, `frames` an animation, `pages` several pictures.
    `writes` says whether it is written here; where not, the others tell what is read.
    """

    alpha: bool = False
    depth: int = 8
    grey_depth: int = 8
    real: bool = False
    icc: bool = False
    exif: bool = False
    shrinks: bool = False
    lossy: bool = False
    palette: bool = False
    frames: bool = False
    pages: bool = False
    writes: bool = True


class Codec(Protocol):
    """A library that reads and writes formats. Its functions may raise anything."""

    @property
    def TRAITS(self) -> Mapping[ImageFormat, Traits]:  # noqa: N802
        """The formats it reads and writes, and what they hold."""

    def version(self, format: ImageFormat) -> str:
        """The library's name and version."""

    def head(self, data: bytes, format: ImageFormat) -> Head:
        """What the header tells."""

    def cost(self, head: Head, scale: int) -> int:
        """At most how many bytes decoding takes, pixels of all the head's frames included."""

    def decode(
        self, data: bytes, head: Head, scale: int = 1, *, grey: bool = False, wish: Wish = STILL
    ) -> Image:
        """The picture, upright, with what was lost.

        `scale` of 2, 4 or 8 allows a picture smaller by that, rounded up; `grey` one without
        colours. Whether they are taken depends on codec and file.
        """

    def encode(self, image: Image, format: ImageFormat, how: Encoding) -> bytes:
        """`image`, which the format's traits can hold, as a file."""
