"""Real photographs, awkward and broken files, where there is a folder of them."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import ImageError, open_image
from PIL import Image as pil

FOLDER = Path(os.environ.get("IMGPIPE_CORPUS", "/nonexistent"))

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="IMGPIPE_CORPUS names no folder")


def files(below: str) -> list[Path]:
    return sorted(path for path in (FOLDER / below).rglob("*") if path.is_file())


@pytest.mark.filterwarnings("ignore")
def test_what_is_good_comes_out_right_or_says_why_not() -> None:
    for path in files("valid"):
        try:
            image = open_image(path)
        except ImageError as error:
            assert str(error).startswith("Expected"), path  # noqa: PT017  # some cannot be read
            continue
        assert image.pixels.size


def test_pngs_are_pillows() -> None:
    for path in files("valid/pngsuite"):
        with pil.open(BytesIO(path.read_bytes())) as opened:
            opened.load()
            shown = np.asarray(opened.convert("RGBA")) if opened.mode != "I;16" else opened
            image = open_image(path)
            if image.pixels.dtype == np.uint16 and image.channels > 1:
                flat = (image.pixels >> 8).astype(np.uint8)
                colours = np.repeat(flat, 3 if image.channels < 3 else 1, axis=2)[..., :3]
                if isinstance(shown, np.ndarray):  # it shows no deep grey with a clear level
                    assert np.abs(colours.astype(int) - shown[..., :3]).max() <= 1, path
            elif image.pixels.dtype == np.uint16:
                assert np.array_equal(image.pixels[..., 0], np.asarray(shown)), path
            else:
                assert np.array_equal(np.asarray(image.to_pil().convert("RGBA")), shown), path


def test_pictures_are_the_same_whichever_way_up_they_are_stored() -> None:
    for kind in ("Landscape", "Portrait"):
        pictures = [
            open_image(FOLDER / "valid" / "exif-orientation" / f"{kind}_{number}.jpg").pixels
            for number in range(1, 9)
        ]
        for picture in pictures:
            assert picture.shape == pictures[0].shape
            assert np.abs(picture.astype(int) - pictures[0]).mean() < 5  # each was compressed anew


@pytest.mark.filterwarnings("ignore")
def test_what_is_broken_is_an_error() -> None:
    for path in files("bad"):
        with pytest.raises(ImageError, match="^Expected"):
            open_image(path)
