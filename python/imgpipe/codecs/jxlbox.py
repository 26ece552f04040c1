"""The container of a JPEG XL, and what is said in it: ISO/IEC 18181-2."""

from imgpipe.codecs.boxes import box, boxes
from imgpipe.codecs.markers import EXIF
from imgpipe.losses import Loss

_SIGNATURE = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
_FIRST = (b"JXL ", b"ftyp", b"jxll")  # in this order, before all others
_MOST_EXIF = 2**20  # bytes of a block, which a packed one may claim to be more of
_MOST_PARTS = 2**14  # that a picture may lie in
_TIFF_AT = bytes(4)  # how far behind these the EXIF block begins
_SAID = {
    b"xml ": Loss("metadata", "XMP"),
    b"jumb": Loss("metadata", "JUMBF"),
    b"jhgm": Loss("gain-map", "of high dynamic range"),
}


def codestream(data: bytes, most: int | None = None) -> tuple[int, memoryview]:
    """Where the picture itself begins in a file, and its bytes, about `most` at least.

    They are copied only where they lie in several parts. Raises ValueError where there are none, or
    more than a picture is cut into.
    """
    if data.startswith(b"\xff\x0a"):
        return 0, memoryview(data)
    start, held, parts = 0, 0, []
    for one in boxes(data):
        at = one.body + 4 * (one.kind == b"jxlp")  # a part begins with its number
        if one.kind not in (b"jxlc", b"jxlp") or at >= one.end:
            continue
        start = start or at
        parts.append(memoryview(data)[at : one.end])
        held += one.end - at
        if most and held >= most:
            break
        if len(parts) > _MOST_PARTS:
            raise ValueError(f"a picture in more than {_MOST_PARTS} parts")
    if not parts:
        raise ValueError("no picture in its container")
    return start, parts[0] if len(parts) == 1 else memoryview(b"".join(parts))


def said(data: bytes) -> tuple[bytes | None, list[Loss]]:
    """The EXIF block of a file, if there is one, and what else is said, which is not read."""
    exif, lost = None, []
    if data.startswith(b"\xff\x0a"):
        return None, []
    for one in boxes(data):
        kind, at = one.kind, one.body
        packed = kind == b"brob"
        if packed:
            kind, at = data[at : at + 4], at + 4
        if kind in _SAID:
            lost.append(_SAID[kind])
        elif kind == b"Exif" and exif is None:
            body = _unpacked(data[at : one.end]) if packed else data[at : one.end]
            exif = body[4 + int.from_bytes(body[:4]) :] or None
            if exif is None:
                lost.append(Loss("metadata", "EXIF"))
    return exif, lost


def _unpacked(body: bytes) -> bytes:
    """What is in a packed box; nothing where it is broken or beyond all measure."""
    import imagecodecs  # which is large, so not before there is a picture for it

    try:
        return bytes(imagecodecs.brotli_decode(body, out=_MOST_EXIF))
    except imagecodecs.BrotliError:
        return b""


def with_exif(data: bytes, exif: bytes) -> bytes:
    """A file with an EXIF block put in, in a container then."""
    if data.startswith(b"\xff\x0a"):
        data = _SIGNATURE + box(b"jxlc", data)
    at = max(one.end for one in boxes(data) if one.kind in _FIRST)
    return data[:at] + box(b"Exif", _TIFF_AT, exif.removeprefix(EXIF)) + data[at:]
