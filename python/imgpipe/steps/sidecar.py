"""Sidecar: a DICOM picture in, the bytes of what it says of itself out, where that is asked for."""

from dataclasses import dataclass

from imgpipe.errors import DecodeError
from imgpipe.files import ImageData
from imgpipe.formats import ImageFormat
from imgpipe.losses import Loss
from imgpipe.policy import Policy


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The bytes of the file that is put beside each output, and what is missing in it."""

    data: bytes
    lost: tuple[Loss, ...] = ()


def sidecar_of(loaded: ImageData, policy: Policy) -> Sidecar | None:
    """What `policy` keeps of a picture in a file of its own, None where it keeps none.

    Raises DecodeError, which quotes nothing.
    """
    if "dicom" not in policy.keep or loaded.file.format is not ImageFormat.DICOM:
        return None
    from imgpipe.codecs.sidecar import dicom_json  # it was decoded, so its library is there

    try:
        data, unclear = dicom_json(loaded.data)
    except Exception:  # the library raises anything, and may say whose picture it is
        raise DecodeError("Expected a DICOM file that tells of itself", loaded.file.path) from None
    lost = Loss("metadata", f"DICOM elements that make no sense: {unclear}")
    return Sidecar(data, (lost,) if unclear else ())
