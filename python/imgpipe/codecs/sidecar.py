"""What a DICOM picture says of itself, its patient included, as JSON: only for who asks for it.

DICOM PS3.18, annex F; the elements themselves are written by pydicom.
"""

import json
import logging
import warnings
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

_BULK_BYTES = 1024  # more than that is no description of a picture
_BULK_GROUPS = (0x5400, 0x7FE0)  # waveforms and pixels
_is_reading = ContextVar("is_reading", default=False)


def dicom_json(data: bytes) -> tuple[bytes, int]:
    """The DICOM JSON model of a file without its bulk, and how many elements make no sense.

    These are left out. Bulk is pixels, waveforms and all that is binary and longer than 1024 bytes.
    May raise anything for what is no DICOM file.
    """
    from pydicom import dcmread

    _hush()
    reading = _is_reading.set(True)
    try:
        model, unclear = _model(dcmread(BytesIO(data), stop_before_pixels=True, force=True))
    finally:
        _is_reading.reset(reading)
    return (json.dumps(model, indent=1, ensure_ascii=False) + "\n").encode(), unclear


def _model(dataset: "Dataset") -> tuple[dict[str, Any], int]:
    model: dict[str, Any] = {}
    unclear = 0
    for tag in sorted(dataset.keys()):
        if tag.group in _BULK_GROUPS:
            continue
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                items = [_model(item) for item in element.value]
                told: dict[str, Any] = {"vr": "SQ", "Value": [item for item, _ in items]}
                unclear += sum(number for _, number in items)
            elif isinstance(element.value, bytes) and len(element.value) > _BULK_BYTES:
                continue
            else:
                told = element.to_json_dict(None, 0)
            json.dumps(told, allow_nan=False).encode()
            model[f"{tag:08X}"] = told
        except Exception:  # the library raises anything for a value that is not as it should be
            unclear += 1
    return model, unclear


def _hush() -> None:
    """Keep what the library says of values, and so the values, from whoever listens to it."""
    _filter_log()
    pattern = r"pydicom\."
    if not any(getattr(entry[3], "pattern", "") == pattern for entry in warnings.filters):
        warnings.filterwarnings("ignore", module=pattern)


@cache
def _filter_log() -> None:
    logging.getLogger("pydicom").addFilter(lambda _: not _is_reading.get())
