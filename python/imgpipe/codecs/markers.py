"""One walk over the markers of a JPEG file, and segments put into one.

ITU-T T.81, annex B; Exif 2.32, section 4.5.4; ICC.1:2022, annex B.4.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

EXIF = b"Exif\0\0"
_ICC = b"ICC_PROFILE\0"
_GAIN_MAPS = (b"hdrgm:Version", b"urn:iso:std:iso:ts:21496:-1")
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_APP0, _APP14, _COMMENT = 0xE0, 0xEE, 0xFE
_XMP = b"http://ns.adobe.com/x"  # and what continues it
_INDEX = b"MPF\0"  # of pictures that follow: CIPA DC-007, 5.2
_NAMES = {  # of what is not read, by how it begins
    (0xE0, b"JFXX\0"): "JFXX",
    (0xE1, EXIF): "EXIF",
    (0xE1, _XMP): "XMP",
    (0xE2, _INDEX): "MPF",
    (0xEB, b"JP"): "JUMBF",
    (0xED, b""): "IPTC",
    (_COMMENT, b""): "a comment",
}
_BY_LIBULTRAHDR = re.compile(
    rb"Source: google libuhdr v[\d.]+, Coder: libjpeg v\d+, Attrib: GainMap Image"
)
_NEXT = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")  # a marker with a length, or the end
_SEGMENT = 65533  # bytes that a segment holds beside its length


@dataclass(frozen=True, slots=True)
class JpegHead:
    """A JPEG's frame: its kind of coding, size, sampling factors, and what stands before it.

    `others` names the kinds of metadata that are not read here.
    """

    coding: int
    depth: int
    width: int
    height: int
    sampling: tuple[tuple[int, int], ...]
    adobe_transform: int | None
    exif: bytes | None
    icc_profile: bytes | None
    has_gain_map: bool
    others: tuple[str, ...]


def walk(data: bytes) -> JpegHead:
    """What stands before the first scan of a JPEG. Raises ValueError where that makes no sense."""
    exif = adobe = frame = None
    icc: dict[int, bytes] = {}
    gain_map = False
    others: list[str] = []
    for marker, start, end in _segments(data):
        body = data[start:end]
        if marker in _FRAMES:
            frame = marker, body
        elif marker == 0xE1 and body.startswith(EXIF) and exif is None:
            exif = body
        elif marker == 0xE2 and body.startswith(_ICC) and len(body) > 14:
            icc[body[12]] = body[14:]
        elif marker == 0xE2 and body.startswith(_GAIN_MAPS[1]):
            gain_map = True
        elif _is_metadata(marker, body):
            others.append(_name(marker, body))
            gain_map |= others[-1] == "XMP" and _GAIN_MAPS[0] in body
        elif marker == _APP14 and len(body) >= 12:
            adobe = body[11]
    if gain_map and "MPF" in others:  # which tells where the gain map is
        others.remove("MPF")
    if frame is None:
        raise ValueError("no frame before the first scan")
    coding, body = frame
    depth, height, width, components = struct.unpack(">BHHB", body[:6])
    sampling = tuple(divmod(body[7 + 3 * i], 16) for i in range(components))
    if not (width and height and components):
        raise ValueError(f"a frame of {width}x{height} pixels and {components} components")
    profile = b"".join(icc[number] for number in sorted(icc)) or None
    return JpegHead(
        coding - 0xC0, depth, width, height, sampling, adobe, exif, profile, gain_map, tuple(others)
    )


def _is_metadata(marker: int, body: bytes) -> bool:
    """Whether a segment is more than how a picture's samples are meant."""
    if marker == _APP0:
        return not body.startswith(b"JFIF\0")
    if marker == _APP14:
        return not body.startswith(b"Adobe")
    return marker == _COMMENT or _APP0 < marker <= 0xEF


def _name(marker: int, body: bytes) -> str:
    for (named, start), name in _NAMES.items():
        if marker == named and body.startswith(start):
            return name
    return f"APP{marker - _APP0}"


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment's body up to the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes may come before a marker
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in (0xD9, 0xDA):
            return
        else:
            length = int.from_bytes(data[at + 2 : at + 4])
            if length < 2 or at + 2 + length > len(data):
                raise ValueError(f"a segment that is cut short at byte {at}")
            yield marker, at + 4, at + 2 + length
            at += 2 + length


def without_metadata(data: bytes) -> bytes:
    """A JPEG without the segments that say something about it, its picture as it was.

    What follows the picture goes too: other pictures, as of a gain map, that say things themselves.
    """
    return _without_metadata(data, 2)[0]


def as_told(data: bytes) -> bytes | None:
    """A JPEG with no more in it than `walk` tells: nothing within its scans, nor behind them.

    A gain map behind it stays where that is all that follows, so that it is found where it was.
    None where something else does, or where the file makes no sense.
    """
    try:
        *_, (_, _, scans) = _segments(data)
        picture, end = _without_metadata(data, scans)
        if not walk(data).has_gain_map or end == len(data):
            return picture
        return data if len(picture) == end and _is_gain_map(data[end:]) else None
    except ValueError:
        return None


def _is_gain_map(data: bytes) -> bool:
    """Whether data are one JPEG that says no more than a gain map must."""
    segments = list(_segments(data))
    scans = segments[-1][2] if segments else 0
    whole = _without_metadata(data, scans)
    return whole == (data, len(data)) and not any(
        _is_metadata(marker, data[start:end])
        and not (marker == 0xE2 and data[start:end].startswith((_ICC, _INDEX, _GAIN_MAPS[1])))
        and not (marker == _COMMENT and _BY_LIBULTRAHDR.fullmatch(data, start, end))
        for marker, start, end in segments
    )


def _without_metadata(data: bytes, at: int) -> tuple[bytes, int]:
    """The same from `at` on, and where the picture ends."""
    parts: list[bytes] = []
    kept_to = 0
    while found := _NEXT.search(data, at):
        start, at = found.start(), found.end()
        if data[start + 1] == 0xD9:
            return b"".join(parts) + data[kept_to:at], at
        body, at = at + 2, at + int.from_bytes(data[at : at + 2])
        if _is_metadata(data[start + 1], data[body:at]):
            parts.append(data[kept_to:start])
            kept_to = at
    return b"".join(parts) + data[kept_to:], len(data)


def with_metadata(data: bytes, exif: bytes | None, icc_profile: bytes | None) -> bytes:
    """A JPEG with an EXIF block and a profile put in behind its APP0.

    Raises ValueError for an EXIF block over 64 kB, which does not fit.
    """
    segments = b""
    if exif:
        body = exif if exif.startswith(EXIF) else EXIF + exif
        if len(body) > _SEGMENT:
            raise ValueError(f"an EXIF block of {len(body)} bytes, and {_SEGMENT} are the most")
        segments += segment(0xE1, body)
    if icc_profile:
        room = _SEGMENT - 14
        parts = [icc_profile[i : i + room] for i in range(0, len(icc_profile), room)]
        for number, part in enumerate(parts, 1):
            segments += segment(0xE2, _ICC + bytes([number, len(parts)]) + part)
    at = 2
    if data[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(data[4:6])
    return data[:at] + segments + data[at:]


def segment(marker: int, body: bytes) -> bytes:
    """A marker, its length and its body, of at most 65,533 bytes."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body
