"""EXIF: what of it goes along, by the words of `keep`. Pillow reads and writes the tags.

Tags are those of Exif 2.32 and TIFF 6.0.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PIL import Image as pil
from PIL.ExifTags import IFD, Base
from PIL.ImageFile import ImageFile

from imgpipe.errors import ConfigError

KEEP = {
    "none": "nothing",
    "copyright": "who made it and who may use it",
    "dates": "when it was taken, and the time of the file",
    "icc": "the colour profile, instead of converting to sRGB",
    "exif": "all EXIF but places",
    "gps": "where it was taken",
    "dicom": "all that a DICOM picture says, its patient included, as JSON beside each output",
    "all": "all of these but gps and dicom",
}
_ALL = frozenset({"copyright", "dates", "icc", "exif"})

_COPYRIGHT = (Base.Artist, Base.Copyright)
_DATES = (Base.DateTime,)
_DATES_TAKEN = (
    *(Base.DateTimeOriginal, Base.DateTimeDigitized),
    *(Base.OffsetTime, Base.OffsetTimeOriginal, Base.OffsetTimeDigitized),
    *(Base.SubsecTime, Base.SubsecTimeOriginal, Base.SubsecTimeDigitized),
)
# What describes a picture and not how its file is laid out; the orientation has been applied.
_DESCRIPTION = (
    *(Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.HostComputer),
    *(Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject),
    *_COPYRIGHT,
    *_DATES,
)
# Sizes that a resize makes untrue, and a block that only its maker's offsets explain.
_UNTRUE = (
    Base.ExifImageWidth,
    Base.ExifImageHeight,
    Base.MakerNote,
    Base.ExifInteroperabilityOffset,
)

DESCRIPTION = frozenset({*_DESCRIPTION, IFD.Exif, IFD.GPSInfo})  # tags of a TIFF that tell of it
_PARTS = (IFD.Exif, IFD.GPSInfo, IFD.Interop, IFD.IFD1)  # which the main part points to


def check_keep(keep: str | Iterable[str]) -> frozenset[str]:
    """The words of `keep`, one text with commas or several, with what `all` means spelled out.

    Raises ConfigError for a word that is none of `KEEP`.

    >>> sorted(check_keep("icc,gps"))
    ['gps', 'icc']
    """
    words = keep.split(",") if isinstance(keep, str) else list(keep)
    given = frozenset(word.strip().lower() if isinstance(word, str) else word for word in words)
    for word in given:
        if word not in KEEP:
            raise ConfigError(f"Expected keep= of {', '.join(KEEP)}, got {word!r}")
    if "none" in given and len(given) > 1:
        raise ConfigError(f"Expected keep= of none alone, got {', '.join(sorted(given))}")
    return (given | _ALL if "all" in given else given) - {"all", "none"}


def kept_exif(exif: bytes | None, keep: frozenset[str]) -> bytes | None:
    """What of an EXIF block goes along; None where nothing does, or where it cannot be read.

    Orientation and the small picture in it never do: the one has been applied, the other would
    show what the picture was before.
    """
    if not exif or not keep & {"copyright", "dates", "exif", "gps"}:
        return None
    try:
        return _kept(exif, keep)
    except Exception:  # Pillow raises anything on a broken block, which costs no picture
        return None


def says_less(kept: bytes | None, exif: bytes | None) -> bool:
    """Whether what is kept of an EXIF block is not all that it says, however both are laid out."""
    if kept == exif:
        return False
    return not kept or not exif or _said(kept) != _said(exif)


def _said(exif: bytes) -> Any:
    block = pil.Exif()
    try:
        block.load(exif)
        parts = [dict(block.get_ifd(part)) for part in _PARTS]
        return [{tag: block[tag] for tag in block if tag not in _PARTS}, *parts]
    except Exception:  # as above
        return exif


def with_orientation(exif: bytes | None, orientation: int) -> bytes | None:
    """An EXIF block that tells an orientation too, for pixels that are not turned."""
    if orientation == 1:
        return exif
    block = pil.Exif()
    if exif:
        block.load(exif)
    block[Base.Orientation] = orientation
    return block.tobytes()


def _kept(exif: bytes, keep: frozenset[str]) -> bytes | None:
    source, result = pil.Exif(), pil.Exif()
    source.load(exif)
    result.endian = source.endian
    taken = source.get_ifd(IFD.Exif)
    everything = "exif" in keep
    wanted: tuple[Base, ...] = _DESCRIPTION if everything else ()
    wanted += _COPYRIGHT if "copyright" in keep else ()
    wanted += _DATES if "dates" in keep else ()
    _copy(source, result, wanted)
    taken_kept: dict[int, Any] = {}
    _copy(taken, taken_kept, taken.keys() - set(_UNTRUE) if everything else ())
    _copy(taken, taken_kept, _DATES_TAKEN if "dates" in keep else ())
    if taken_kept:
        result.get_ifd(IFD.Exif).update(taken_kept)
        result[IFD.Exif] = result.get_ifd(IFD.Exif)
    if "gps" in keep and (place := source.get_ifd(IFD.GPSInfo)):
        result[IFD.GPSInfo] = dict(place)
    return result.tobytes() if len(result) else None


def _copy(source: Mapping[int, Any], result: Any, tags: Iterable[int]) -> None:
    for tag in tags:
        if tag in source:
            result[tag] = source[tag]


def orientation_of(opened: ImageFile) -> int:
    """EXIF's orientation, 1 where there is none or it means nothing."""
    try:
        return meant_orientation(opened.getexif().get(Base.Orientation, 1))
    except Exception:  # a broken EXIF block, on which Pillow raises anything, costs no picture
        return 1


def exif_orientation(exif: bytes | None) -> int:
    """The orientation in an EXIF block, 1 where there is none or it means nothing."""
    if not exif:
        return 1
    block = pil.Exif()
    try:
        block.load(exif)
        return meant_orientation(block.get(Base.Orientation, 1))
    except Exception:  # as above
        return 1


def meant_orientation(orientation: Any) -> int:
    """What a tag says of the orientation, 1 where it means nothing."""
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def tiff_exif(opened: ImageFile) -> bytes | None:
    """An EXIF block of what a TIFF file says about its picture, its layout left out."""
    return _without_layout(opened.getexif)


def block_of_tiff(data: bytes) -> bytes | None:
    """The same, of the bytes of a file that begins as a TIFF does; None of others."""

    def read() -> pil.Exif:
        tags = pil.Exif()
        tags.load(data)
        return tags

    return _without_layout(read) if data[:4] in (b"II*\0", b"MM\0*") else None


def _without_layout(read: Callable[[], pil.Exif]) -> bytes | None:
    try:
        tags, result = read(), pil.Exif()
        _copy(tags, result, _DESCRIPTION)
        for part in (IFD.Exif, IFD.GPSInfo):
            if values := tags.get_ifd(part):
                result[part] = dict(values)
        return result.tobytes() if len(result) else None
    except Exception:  # as above
        return None
