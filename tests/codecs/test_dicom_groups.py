"""DICOM whose frames each have a scale and a window of their own."""

from pathlib import Path

import numpy as np
import pytest
from imgpipe import ImageFormat, OutputVariant, Thumbnail, Window, decode_image, open_image
from imgpipe.codecs.base import Wish
from imgpipe.policy import Reading
from imgpipe.steps.decode import read_head

from .dicoms import groups, made, ramp, rescale, run, voi, whiteness

pydicom = pytest.importorskip("pydicom")
dicom = pytest.importorskip("imgpipe.codecs.dicom")


@pytest.mark.parametrize("several", [True, False])
def test_every_frame_has_its_own_rescale_and_window(several: bool) -> None:
    stored = np.stack([ramp(), ramp()[::-1], ramp() // 2])
    each = [(2.0, -500.0, 700.0, 401.0), (0.5, 100.0, 900.0, 300.0), (1.0, 0.0, 1000.0, 2000.0)]
    frames = [rescale(*one[:2]) | voi(*one[2:]) for one in each]
    data = made(stored, PerFrameFunctionalGroupsSequence=groups(frames))
    wish = Wish(pages=several)
    image = dicom.decode(data, read_head(data), wish=wish)
    assert len(image.frames) == (3 if several else 0)
    for still, values, one in zip(image.stills(), stored, each, strict=False):
        slope, intercept, center, width = one
        away = values * slope + intercept - (center - 0.5)
        assert np.abs(whiteness(still) - np.clip(away / (width - 1) + 0.5, 0, 1)).max() < 1e-5
    assert [loss.kind for loss in image.lost] == ([] if several else ["pages"])


def test_frames_of_one_scale_have_windows_of_their_own() -> None:
    stored = np.stack([ramp()] * 3)
    each = groups([voi(700, 401), voi(2000, 1000), voi(700, 401)])
    image = decode_image(made(stored, PerFrameFunctionalGroupsSequence=each))
    for still, (center, width) in zip(
        image.stills(), [(700, 401), (2000, 1000), (700, 401)], strict=True
    ):
        expected = np.clip((ramp() - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
        assert np.abs(whiteness(still) - expected).max() < 1e-5


def test_a_window_after_a_resize_is_in_what_each_frame_measures(tmp_path: Path) -> None:
    stored = np.stack([np.full((64, 64), level, np.uint16) for level in (1000, 2000, 0)])
    each = groups([rescale(1, 0), rescale(2, -3500), rescale(1, 300)])
    data = made(stored, PerFrameFunctionalGroupsSequence=each)
    chain = [Thumbnail(32), Window(500, 2000)]
    assert not run(tmp_path, data, transforms=chain, format=ImageFormat.TIFF).failed
    image = open_image(tmp_path / "out" / "scan.tif")
    levels = [whiteness(still).mean() for still in image.stills()]
    assert np.allclose(levels, [0.75, 0.5, 0.4], atol=2e-5)


def test_groups_are_of_all_frames_where_they_are_shared() -> None:
    stored = np.stack([ramp(), ramp() // 2])
    shared = groups([rescale(2, -100) | voi(1000, 500, VOILUTFunction="LINEAR_EXACT")])
    image = decode_image(made(stored, SharedFunctionalGroupsSequence=shared))
    for still, values in zip(image.stills(), stored, strict=True):
        expected = np.clip((values * 2.0 - 100 - 1000) / 500 + 0.5, 0, 1)
        assert np.abs(whiteness(still) - expected).max() < 1e-5


PLACES = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]


def test_what_is_said_of_a_frame_goes_before_what_is_said_of_the_file() -> None:
    elements = {"RescaleSlope": 7, "RescaleIntercept": 7, "WindowCenter": 1, "WindowWidth": 2}
    for place in PLACES:
        own = groups([rescale(1, -1000) | voi(0, 1001)])
        image = decode_image(made(ramp(), **elements, **{place: own}))
        expected = np.clip((ramp() - 1000.0 + 0.5) / 1000 + 0.5, 0, 1)
        assert np.abs(whiteness(image) - expected).max() < 1e-5


@pytest.mark.parametrize("rule", ["full", "percentile"])
def test_a_range_is_that_of_all_frames_in_what_they_measure(rule: str) -> None:
    stored = np.stack([ramp(), ramp()])
    frames = groups([rescale(1, 0), rescale(3, -2000)])
    data = made(stored, PerFrameFunctionalGroupsSequence=frames)
    reading = Reading(dicom_window=rule)
    image = dicom.decode(data, read_head(data), wish=Wish(pages=True, reading=reading))
    values = np.stack([ramp() * 1.0, ramp() * 3.0 - 2000])
    ends = (0, 100) if rule == "full" else (1, 99)
    low, high = np.percentile(values, ends)
    for still, frame in zip(image.stills(), values, strict=True):
        expected = np.clip((frame - low) / (high - low), 0, 1)
        assert np.abs(whiteness(still) - expected).max() < (1e-4 if rule == "full" else 0.01)


def test_a_window_in_a_run_is_in_what_each_frame_measures(tmp_path: Path) -> None:
    stored = np.stack([ramp(), ramp()])
    frames = groups([rescale(1, -1000) | voi(0, 100), rescale(2, -3000) | voi(500, 1000)])
    data = made(stored, PerFrameFunctionalGroupsSequence=frames)
    variants = [
        OutputVariant("bone", [Window(400, 1800)], ImageFormat.TIFF),
        OutputVariant("own", [], ImageFormat.TIFF),
    ]
    assert not run(tmp_path, data, variants=variants).failed
    values = np.stack([ramp() - 1000.0, ramp() * 2.0 - 3000])
    wanted = {
        "bone": [(one - 400) / 1800 for one in values],
        "own": [(values[0] + 0.5) / 99, (values[1] - 499.5) / 999],
    }
    for name, away in wanted.items():
        image = open_image(tmp_path / "out" / f"scan_{name}.tif")
        for still, frame in zip(image.stills(), away, strict=True):
            assert np.abs(whiteness(still) - np.clip(frame + 0.5, 0, 1)).max() < 2e-5


def test_a_frame_has_its_own_table() -> None:
    table = pydicom.Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.LUTData = (65535 - np.arange(4096, dtype=np.uint16) * 16).tobytes()
    table["LUTData"].VR = "OW"
    frame = groups([{"FrameVOILUTSequence": {"VOILUTSequence": [table]}}])
    image = decode_image(made(ramp(), PerFrameFunctionalGroupsSequence=frame))
    assert np.abs(whiteness(image) - (1 - ramp() * 16.0 / 65535)).max() < 1e-5
