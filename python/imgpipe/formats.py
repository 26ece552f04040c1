"""Picture formats: their names, and how a path or the first bytes of a file tell one."""

import os
from enum import Enum
from os import PathLike
from typing import Literal


class ImageFormat(Enum):
    """A picture format.

    Some cannot be read here; they are known so that a picture in one of them is named as not done
    and never passed over.
    """

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WebP"
    BMP = "BMP"
    TIFF = "TIFF"
    AVIF = "AVIF"
    HEIC = "HEIC"
    JXL = "JPEG XL"
    JPEG2000 = "JPEG 2000"
    RAW = "RAW"
    DICOM = "DICOM"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # there is one of each; Enum's own hashes the name, in Python

    @property
    def extension(self) -> str:
        """The usual extension with its dot, such as `.jpg`; empty for UNKNOWN."""
        extensions = _EXTENSIONS[self]
        return extensions[0] if extensions else ""

    @property
    def mime(self) -> str:
        """The media type, such as `image/jpeg`."""
        return _MIMES[self]


_EXTENSIONS: dict[ImageFormat, tuple[str, ...]] = {
    ImageFormat.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    ImageFormat.PNG: (".png", ".apng"),
    ImageFormat.GIF: (".gif",),
    ImageFormat.WEBP: (".webp",),
    ImageFormat.BMP: (".bmp", ".dib"),
    ImageFormat.TIFF: (".tif", ".tiff"),
    ImageFormat.AVIF: (".avif",),
    ImageFormat.HEIC: (".heic", ".heif"),
    ImageFormat.JXL: (".jxl",),
    ImageFormat.JPEG2000: (".jp2", ".j2k", ".jpx", ".j2c"),
    ImageFormat.RAW: (
        *(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".raf", ".orf", ".rw2", ".pef"),
        *(".srw", ".3fr", ".iiq"),
    ),
    ImageFormat.DICOM: (".dcm", ".dicom"),
    ImageFormat.UNKNOWN: (),
}

_MIMES = {
    ImageFormat.JPEG: "image/jpeg",
    ImageFormat.PNG: "image/png",
    ImageFormat.GIF: "image/gif",
    ImageFormat.WEBP: "image/webp",
    ImageFormat.BMP: "image/bmp",
    ImageFormat.TIFF: "image/tiff",
    ImageFormat.AVIF: "image/avif",
    ImageFormat.HEIC: "image/heic",
    ImageFormat.JXL: "image/jxl",
    ImageFormat.JPEG2000: "image/jp2",
    ImageFormat.RAW: "image/x-dcraw",
    ImageFormat.DICOM: "application/dicom",
    ImageFormat.UNKNOWN: "application/octet-stream",
}

_BY_EXTENSION = {
    extension: format for format, extensions in _EXTENSIONS.items() for extension in extensions
}

_SIGNATURES = (
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"GIF87a", ImageFormat.GIF),
    (b"GIF89a", ImageFormat.GIF),
    (b"BM", ImageFormat.BMP),
    (b"II*\0", ImageFormat.TIFF),
    (b"MM\0*", ImageFormat.TIFF),
    (b"II+\0", ImageFormat.TIFF),
    (b"MM\0+", ImageFormat.TIFF),
    (b"FUJIFILMCCD-RAW", ImageFormat.RAW),
    (b"IIRO", ImageFormat.RAW),
    (b"IIRS", ImageFormat.RAW),
    (b"MMOR", ImageFormat.RAW),
    (b"IIU\0", ImageFormat.RAW),
    (b"\xff\x0a", ImageFormat.JXL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", ImageFormat.JXL),
    (b"\0\0\0\x0cjP  \r\n\x87\n", ImageFormat.JPEG2000),
    (b"\xff\x4f\xff\x51", ImageFormat.JPEG2000),
)

_FIRST_ELEMENT = 256  # bytes that the first value of a DICOM file takes at most, and often far less

_DNG_VERSION = 50706  # a tag of Adobe's Digital Negative

# Brands of the ISO base media container, ISO/IEC 23008-12 and the AVIF specification.
_BRANDS = {
    b"crx ": ImageFormat.RAW,
    b"avif": ImageFormat.AVIF,
    b"avis": ImageFormat.AVIF,
    b"heic": ImageFormat.HEIC,
    b"heix": ImageFormat.HEIC,
    b"heim": ImageFormat.HEIC,
    b"heis": ImageFormat.HEIC,
    b"hevc": ImageFormat.HEIC,
    b"mif1": ImageFormat.HEIC,
    b"msf1": ImageFormat.HEIC,
}


def detect_format(path: str | PathLike[str]) -> ImageFormat:
    """The format a path's extension claims, in any case; UNKNOWN where it claims none.

    >>> detect_format("IMAGE.JPEG")
    <ImageFormat.JPEG: 'JPEG'>
    """
    return _BY_EXTENSION.get(split_extension(os.fspath(path))[1].lower(), ImageFormat.UNKNOWN)


def split_extension(path: str) -> tuple[str, str]:
    """A path without its extension, and that with its dot: empty where the name has none.

    As pathlib's suffix, but in a tenth of the time.

    >>> split_extension("a.b/c.tar.gz"), split_extension("a.b/.hidden"), split_extension("...jpg")
    (('a.b/c.tar', '.gz'), ('a.b/.hidden', ''), ('..', '.jpg'))
    """
    dot, name = path.rfind("."), path.rfind("/") + 1
    return (path[:dot], path[dot:]) if name < dot < len(path) - 1 else (path, "")


def parse_format(text: str) -> ImageFormat:
    """The format of that name or extension, in any case. Raises ValueError where there is none.

    >>> parse_format("jpeg"), parse_format(".TIF")
    (<ImageFormat.JPEG: 'JPEG'>, <ImageFormat.TIFF: 'TIFF'>)
    """
    by_extension = detect_format(f"x.{text.lower().lstrip('.')}")
    format = ImageFormat.__members__.get(text.upper(), by_extension)
    if format is ImageFormat.UNKNOWN:
        raise ValueError(f"Expected a format such as jpeg, png or webp, got {text!r}")
    return format


def sniff_format(data: bytes) -> ImageFormat:
    """The format that the first bytes of a file's content show; 132 bytes are enough.

    >>> sniff_format(b"GIF89a...")
    <ImageFormat.GIF: 'GIF'>
    """
    if data[128:132] == b"DICM":  # what comes before it may be the header of another format
        return ImageFormat.DICOM
    for signature, format in _SIGNATURES:
        if data.startswith(signature):
            return ImageFormat.RAW if format is ImageFormat.TIFF and _is_raw(data) else format
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if data[4:8] == b"ftyp":
        return _brand(data)
    return ImageFormat.UNKNOWN


def begins_as_dicom(data: bytes) -> bool:
    """Whether the first bytes are an element of DICOM's groups 2 or 8, with no preamble before it.

    Little can be told from so few bytes, so this is only for files that are called DICOM.
    DICOM PS3.5, 7.1.
    """
    group, vr = data[:2], data[4:6]
    if vr.isalpha() and vr.isupper():
        return group in (b"\2\0", b"\x08\0", b"\0\x08")
    length = int.from_bytes(data[4:8], "little")
    return group in (b"\2\0", b"\x08\0") and length <= _FIRST_ELEMENT


def _brand(data: bytes) -> ImageFormat:
    """The format that the brands of a container name, the first of them unless it says little."""
    major, size = bytes(data[8:12]), int.from_bytes(data[:4])
    others = {bytes(data[at : at + 4]) for at in range(16, min(size, len(data)), 4)}
    if major in (b"mif1", b"msf1") and others & {b"avif", b"avis"}:
        return ImageFormat.AVIF
    return _BRANDS.get(major, ImageFormat.UNKNOWN)


def _is_raw(data: bytes) -> bool:
    """Whether a TIFF is a Canon's RAW, or says in its first directory that it is a DNG."""
    if data[8:10] == b"CR":
        return True
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    at = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[at : at + 2], order)
    tags = (data[i : i + 2] for i in range(at + 2, min(at + 2 + 12 * count, len(data)), 12))
    return any(int.from_bytes(tag, order) == _DNG_VERSION for tag in tags)
