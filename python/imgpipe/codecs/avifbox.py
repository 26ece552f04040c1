"""EXIF and a profile put into an AVIF whose encoder takes neither.

ISO/IEC 14496-12, 8.11 and 12.1.5; ISO/IEC 23008-12, 6.5, 9.3 and annex A.
"""

import struct

from imgpipe.codecs.boxes import box, boxes, within
from imgpipe.codecs.markers import EXIF

_FULL = bytes(4)  # version and flags, both 0, of most boxes
_PLAIN_PLACES = _FULL + b"\x44\0"  # 4 bytes for an offset, 4 for a length
_PLACE = ">HHHLL"  # item, no other file, one extent, its offset and its length


def with_metadata(data: bytes, exif: bytes | None, icc_profile: bytes | None) -> bytes:
    """A still AVIF as libavif writes it, that says too what is given.

    Raises ValueError for one of another layout.
    """
    try:
        return _with_metadata(data, exif, icc_profile)
    except (StopIteration, KeyError, IndexError, struct.error) as error:
        raise ValueError("an AVIF of another layout") from error


def _with_metadata(data: bytes, exif: bytes | None, icc_profile: bytes | None) -> bytes:
    meta = next(within(data, b"meta"))
    inner = {one.kind: data[one.body : one.end] for one in boxes(data, meta.body + 4, meta.end)}
    (primary,) = struct.unpack(">H", inner[b"pitm"][4:])
    if icc_profile:
        inner[b"iprp"] = _described(inner[b"iprp"], primary, icc_profile)
    places = _places(inner[b"iloc"])
    payload = b""
    if exif:
        item = 1 + max(number for number, *_ in places)
        payload = bytes(4) + exif.removeprefix(EXIF)
        places.append((item, 0, 1, len(data) + 8, len(payload)))
        inner[b"iinf"] = _added(inner[b"iinf"], _exif_item(item))
        said_of = box(b"cdsc", struct.pack(">HHH", item, 1, primary))
        inner[b"iref"] = inner.pop(b"iref", _FULL) + said_of
        payload = box(b"mdat", payload)
    grown = len(_meta(inner, places)) - (meta.end - meta.start)
    places = [(*place[:3], place[3] + grown, place[4]) for place in places]
    return data[: meta.start] + _meta(inner, places) + data[meta.end :] + payload


def _meta(inner: dict[bytes, bytes], places: list[tuple[int, ...]]) -> bytes:
    told = b"".join(struct.pack(_PLACE, *place) for place in places)
    inner = inner | {b"iloc": _PLAIN_PLACES + struct.pack(">H", len(places)) + told}
    return box(b"meta", _FULL, *(box(kind, body) for kind, body in inner.items()))


def _places(body: bytes) -> list[tuple[int, ...]]:
    """Where each item is in the file."""
    places = list(struct.iter_unpack(_PLACE, body[8:])) if body[:6] == _PLAIN_PLACES else []
    if not places or any(extents != 1 for _, _, extents, _, _ in places):
        raise ValueError("items in places that are told in another way")
    return places


def _exif_item(number: int) -> bytes:
    return box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), b"ExifExif\0")


def _added(items: bytes, item: bytes) -> bytes:
    (count,) = struct.unpack(">H", items[4:6])
    return items[:4] + struct.pack(">H", count + 1) + items[6:] + item


def _described(properties: bytes, item: int, icc_profile: bytes) -> bytes:
    """All items' properties, with a profile as one more of `item`."""
    held, shares = boxes(properties)
    if (held.kind, shares.kind) != (b"ipco", b"ipma"):
        raise ValueError("properties in another order")
    number = 1 + sum(1 for _ in boxes(properties, held.body, held.end))
    profile = box(b"colr", b"prof", icc_profile)
    whole = box(b"ipco", properties[held.body : held.end], profile)
    body = properties[shares.body : shares.end]
    if body[:4] != _FULL or number > 127:
        raise ValueError("properties that are told in another way")
    at, made = 8, body[:8]
    while at < len(body):
        end = at + 3 + body[at + 2]
        own = body[at:end]
        if int.from_bytes(own[:2]) == item:
            own = own[:2] + bytes([own[2] + 1]) + own[3:] + bytes([number])
        made, at = made + own, end
    if at != len(body):
        raise ValueError("properties that are cut short")
    return whole + box(b"ipma", made)
