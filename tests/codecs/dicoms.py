"""DICOM files made for tests, and runs over them."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import PipelineConfig, run_pipeline

pydicom = pytest.importorskip("pydicom")

SECRETS = ("Secret", "4711-0815")
"""What is in every file that is made here, and may be in nothing that is made of it."""


def made(
    stored: np.ndarray, photometric: str = "MONOCHROME2", bits: int = 12, **elements: object
) -> bytes:
    """A DICOM file of numbers, with whose picture it is."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["the same for all"])
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.PatientName, dataset.PatientID = "Secret^Person", "4711-0815"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.NumberOfFrames = 1 if stored.ndim == 2 else len(stored)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, photometric
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def ramp(dtype: type = np.uint16) -> np.ndarray:
    """Every value of 12 bits once; from -1024 on where it has a sign."""
    low = -1024 if np.dtype(dtype).kind == "i" else 0
    return np.arange(low, low + 4096, dtype=dtype).reshape(64, 64)


def whiteness(image) -> np.ndarray:
    return image.pixels[..., 0] / np.iinfo(image.pixels.dtype).max


def run(folder: Path, data: bytes, **settings):
    (folder / "in").mkdir(exist_ok=True)
    path = folder / "in" / "scan.dcm"
    if not path.exists() or path.read_bytes() != data:  # the time of a file tells that it changed
        path.write_bytes(data)
    return run_pipeline(PipelineConfig(folder / "in", folder / "out", **settings))


def imgpipe(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "imgpipe", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def names(out: Path) -> set[str]:
    return {path.name for path in out.iterdir() if path.is_file()}


def groups(frames: list[dict[str, dict[str, object]]]) -> "pydicom.sequence.Sequence":
    """Functional groups: of each frame, the elements in each of its sequences."""
    items = []
    for frame in frames:
        item = pydicom.Dataset()
        for name, elements in frame.items():
            inner = pydicom.Dataset()
            for keyword, value in elements.items():
                setattr(inner, keyword, value)
            setattr(item, name, [inner])
        items.append(item)
    return pydicom.sequence.Sequence(items)


def rescale(slope: float, intercept: float) -> dict[str, object]:
    elements = {"RescaleSlope": slope, "RescaleIntercept": intercept, "RescaleType": "HU"}
    return {"PixelValueTransformationSequence": elements}


def voi(center: float, width: float, **more: object) -> dict[str, object]:
    return {"FrameVOILUTSequence": {"WindowCenter": center, "WindowWidth": width, **more}}
