"""What a DICOM picture says of itself, its patient included, as JSON: only for who asks for it.

DICOM PS3.18, annex F; the elements themselves are written by pydicom.
"""

import json
import logging
import warnings
from collections.abc import Iterable
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from imgpipe.codecs.dicombounds import read

if TYPE_CHECKING:
    from pydicom import Dataset

_BULK_BYTES = 1024  # more than that is no description of a picture
_BULK_GROUPS = (0x5400, 0x7FE0)  # waveforms and pixels
_DEPTH = 16  # sequences in each other, where the deepest that the standard has are of half that
_is_reading = ContextVar("is_reading", default=False)


def dicom_json(data: bytes) -> tuple[bytes, int]:
    """The DICOM JSON model of a file without its bulk, and how many elements make no sense.

    These are left out, as are sequences in more than 15 others. Bulk is pixels, waveforms and all
    that is binary and longer than 1024 bytes.
    May raise anything for what is no DICOM file.
    """
    _hush()
    reading = _is_reading.set(True)
    try:
        model, unclear = _model(read(data), _DEPTH)
    finally:
        _is_reading.reset(reading)
    told = json.dumps(model, ensure_ascii=False, separators=(",", ":"))
    return f"{told}\n".encode(), unclear


def _model(dataset: "Dataset", depth: int) -> tuple[dict[str, Any], int]:
    """The elements that make sense, sequences at most `depth` deep, and how many are left out."""
    model: dict[str, Any] = {}
    unclear = 0
    for tag in sorted(dataset.keys()):
        if tag.group in _BULK_GROUPS:
            continue
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                told, number = _sequence(element.value, depth)
                unclear += number
            elif isinstance(element.value, bytes) and len(element.value) > _BULK_BYTES:
                continue
            else:
                told = element.to_json_dict(None, 0)
                json.dumps(told, allow_nan=False, ensure_ascii=False).encode()
            model[f"{tag:08X}"] = told
        except Exception:  # the library raises anything for a value that is not as it should be
            unclear += 1
    return model, unclear


def _sequence(items: "Iterable[Dataset]", depth: int) -> tuple[dict[str, Any], int]:
    if not depth:
        raise ValueError("sequences in each other that have no end")
    models = [_model(item, depth - 1) for item in items]
    told = {"vr": "SQ", "Value": [model for model, _ in models]}
    return told, sum(number for _, number in models)


def _hush() -> None:
    """Keep what the library says of values, and so the values, from whoever listens to it."""
    _filter_log()
    pattern = r"pydicom\."
    if not any(getattr(entry[3], "pattern", "") == pattern for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=pattern)


@cache
def _filter_log() -> None:
    logging.getLogger("pydicom").addFilter(lambda _: not _is_reading.get())
