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
_METADATA = {0xE1, 0xE2, 0xED, 0xFE}  # EXIF and XMP, profiles and gain maps, IPTC, comments
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
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xap/"):
            others.append("XMP")
            gain_map |= _GAIN_MAPS[0] in body
        elif marker == 0xE2 and body.startswith(_ICC) and len(body) > 14:
            icc[body[12]] = body[14:]
        elif marker == 0xE2:
            gain_map |= body.startswith(_GAIN_MAPS[1])
        elif marker == 0xED:
            others.append("IPTC")
        elif marker == 0xFE:
            others.append("a comment")
        elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe = body[11]
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
    parts: list[bytes] = []
    kept_to, at = 0, 2
    while found := _NEXT.search(data, at):
        start, at = found.start(), found.end()
        if data[start + 1] == 0xD9:
            return b"".join(parts) + data[kept_to:at]
        at += int.from_bytes(data[at : at + 2])
        if data[start + 1] in _METADATA:
            parts.append(data[kept_to:start])
            kept_to = at
    return b"".join(parts) + data[kept_to:]


def with_metadata(data: bytes, exif: bytes | None, icc_profile: bytes | None) -> bytes:
    """A JPEG with an EXIF block and a profile put in behind its APP0.

    Raises ValueError for an EXIF block over 64 kB, which does not fit.
    """
    segments = b""
    if exif:
        body = exif if exif.startswith(EXIF) else EXIF + exif
        if len(body) > _SEGMENT:
            raise ValueError(f"an EXIF block of {len(body)} bytes, and {_SEGMENT} are the most")
        segments += _segment(0xE1, body)
    if icc_profile:
        room = _SEGMENT - 14
        parts = [icc_profile[i : i + room] for i in range(0, len(icc_profile), room)]
        for number, part in enumerate(parts, 1):
            segments += _segment(0xE2, _ICC + bytes([number, len(parts)]) + part)
    at = 2
    if data[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(data[4:6])
    return data[:at] + segments + data[at:]


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body
