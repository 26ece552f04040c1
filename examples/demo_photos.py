"""Make a folder of real photographs to try imgpipe on, without downloading any by hand.

The photographs are the sample pictures that two Python packages carry as data:

    pip install --no-deps --target PACKAGES_DIR scikit-image scikit-learn
    python examples/demo_photos.py PACKAGES_DIR DEST

DEST/photographs/ gets the pictures as they are, DEST/camera/ a few of them enlarged to what a
camera writes: 12 to 24 megapixels, baseline and progressive, some stored turned with an EXIF
orientation. The packages are only read, never imported. Files that are already there are left.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

SKIMAGE = "skimage/data"
SKLEARN = "sklearn/datasets/images"

JPEG_QUALITY = 92
READ_NOISE = 2.0  # noise of a black pixel, in grey levels out of 255
SHOT_NOISE = 0.10  # how fast the variance grows with brightness, as it does on a real sensor
STRIP_ROWS = 256  # noise is added in strips, so that its floats never take a whole picture

# How an upright picture has to be stored for an EXIF orientation to turn it upright again.
STORED_TURN = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Photo:
    """One photograph in the packages: where it lies, what it shows, who lets us use it."""

    name: str
    folder: str
    shows: str
    licence: str


# Only pictures whose package states that they are free to use: the docstrings of skimage.data
# and the README.txt beside the scikit-learn pictures. The moon and the motorcycle of
# scikit-image are not here because it states no licence for them.
PHOTOS = (
    Photo("astronaut.png", SKIMAGE, "Eileen Collins, astronaut", "public domain, NASA"),
    Photo("brick.png", SKIMAGE, "brick wall, grey", "CC0, CC0Textures"),
    Photo("camera.png", SKIMAGE, "man with a camera, grey", "CC0, Lav Varshney"),
    Photo("chelsea.png", SKIMAGE, "Chelsea the cat", "CC0, Stefan van der Walt"),
    Photo("coffee.png", SKIMAGE, "cup of coffee", "CC0, Rachel Michetti"),
    Photo("coins.png", SKIMAGE, "Greek coins, grey", "no known restrictions, Brooklyn Museum"),
    Photo("grass.png", SKIMAGE, "grass, grey", "CC0, linolafett"),
    Photo("gravel.png", SKIMAGE, "gravel, grey", "CC0, CC0Textures"),
    Photo("hubble_deep_field.jpg", SKIMAGE, "Hubble deep field", "public domain, NASA"),
    Photo("retina.jpg", SKIMAGE, "human retina", "CC0, Mikael Haggstrom"),
    Photo("china.jpg", SKLEARN, "pavilion above a lake", "CC BY 2.0, danielbuechele (Flickr)"),
    Photo("flower.jpg", SKLEARN, "orange dahlia", "CC BY 2.0, vultilion (Flickr)"),
)


@dataclass(frozen=True)
class Shot:
    """One camera-sized JPEG to make from a photograph; width and height are those upright."""

    source: str
    width: int
    height: int
    orientation: int
    progressive: bool
    taken: datetime

    @property
    def name(self) -> str:
        """The file name, which says what is special about it: `china_24mp_turn1.jpg`."""
        megapixels = round(self.width * self.height / 1e6)
        return f"{Path(self.source).stem}_{megapixels}mp_turn{self.orientation}.jpg"


SHOTS = (
    Shot("china.jpg", 6000, 4000, 1, False, datetime(2024, 5, 11, 9, 42, 7)),
    Shot("coffee.png", 5184, 3456, 3, True, datetime(2024, 5, 12, 15, 3, 51)),
    Shot("astronaut.png", 3456, 4608, 6, False, datetime(2024, 6, 2, 11, 20, 36)),
    Shot("flower.jpg", 3000, 4000, 8, True, datetime(2024, 6, 9, 18, 55, 14)),
    Shot("chelsea.png", 4032, 3024, 1, False, datetime(2024, 7, 21, 8, 12, 40)),
)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; move it there when the block ends without error.

    Nobody ever sees half a file under `path`, even when the program is stopped in between.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def find_photos(packages: Path) -> dict[Photo, Path]:
    """Return where each photograph lies below the folder `packages`, without those missing."""
    places = {photo: packages / photo.folder / photo.name for photo in PHOTOS}
    return {photo: path for photo, path in places.items() if path.is_file()}


def copy_photo(source: Path, target: Path) -> bool:
    """Copy `source` to `target` byte for byte; return False if `target` was already there."""
    if target.exists():
        return False
    with written_whole(target) as temporary:
        temporary.write_bytes(source.read_bytes())
    return True


def with_sensor_noise(luma: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the grey picture `luma` with noise like a sensor's: more of it where it is bright."""
    levels = np.array(luma)
    deviation = np.sqrt(READ_NOISE**2 + SHOT_NOISE * np.arange(256, dtype=np.float32))
    for top in range(0, levels.shape[0], STRIP_ROWS):
        strip = levels[top : top + STRIP_ROWS]
        noise = rng.standard_normal(strip.shape, dtype=np.float32)
        strip[:] = np.clip(np.rint(strip + noise * deviation[strip]), 0, 255)
    return Image.fromarray(levels)


def develop(source: Path, shot: Shot) -> Image.Image:
    """Return the photograph `source` enlarged, noisy and turned as a camera would store `shot`.

    The picture stays in YCbCr, the colours of JPEG, and only its brightness gets noise: cameras
    smooth colour noise away, and so no conversion of millions of pixels is needed.
    """
    with Image.open(source) as original:
        small = original.convert("YCbCr")
    upright = ImageOps.fit(small, (shot.width, shot.height), Image.Resampling.LANCZOS)
    if shot.orientation in STORED_TURN:
        upright = upright.transpose(STORED_TURN[shot.orientation])
    luma, blue, red = upright.split()
    # Seeding with the name gives every picture its own noise, the same in every run.
    rng = np.random.default_rng(list(shot.name.encode()))
    return Image.merge("YCbCr", (with_sensor_noise(luma, rng), blue, red))


def camera_exif(photo: Photo, shot: Shot) -> Image.Exif:
    """Return what a camera would note in `shot`, and whose picture it is made from."""
    taken = shot.taken.strftime("%Y:%m:%d %H:%M:%S")
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = f"{photo.shows} (enlarged, noise added)"
    exif[ExifTags.Base.Copyright] = photo.licence
    exif[ExifTags.Base.Make] = "Example Optics"
    exif[ExifTags.Base.Model] = "EX-24"
    exif[ExifTags.Base.DateTime] = taken
    exif[ExifTags.Base.Orientation] = shot.orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    return exif


def make_shot(photo: Photo, source: Path, shot: Shot, target: Path) -> bool:
    """Write `shot` of the photograph at `source` to `target`; return False if it was there."""
    if target.exists():
        return False
    picture = develop(source, shot)
    with Image.open(source) as original:
        profile = original.info.get("icc_profile")
    with written_whole(target) as temporary:
        picture.save(
            temporary,
            format="JPEG",
            quality=JPEG_QUALITY,
            progressive=shot.progressive,
            exif=camera_exif(photo, shot),
            icc_profile=profile,
        )
    return True


def copy_photos(found: dict[Photo, Path], folder: Path) -> list[bool]:
    """Copy the photographs `found` into `folder`; return for each whether it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    return [copy_photo(path, folder / photo.name) for photo, path in found.items()]


def make_shots(found: dict[Photo, Path], folder: Path) -> list[bool]:
    """Make all camera pictures of photographs `found`; return for each whether it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = {photo.name: photo for photo in found}
    # Pillow and numpy let go of the interpreter lock while they compute, so threads suffice.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(make_shot, photo, found[photo], shot, folder / shot.name)
            for shot in SHOTS
            if (photo := photos.get(shot.source))
        ]
    return [job.result() for job in jobs]


def report(folder: Path, written: Sequence[bool]) -> None:
    """Print how many files in `folder` were written and how many were already there."""
    print(f"{folder}: {sum(written)} written, {len(written) - sum(written)} already there")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` if `arguments` is None); return the exit status."""
    parser = argparse.ArgumentParser(description="Make a folder of photographs to try imgpipe on.")
    parser.add_argument(
        "packages",
        type=Path,
        metavar="PACKAGES_DIR",
        help="made with: pip install --no-deps --target PACKAGES_DIR scikit-image scikit-learn",
    )
    parser.add_argument("dest", type=Path, metavar="DEST", help="folder to put the pictures in")
    options = parser.parse_args(arguments)

    found = find_photos(options.packages)
    if not found:
        print(
            "demo_photos: expected the sample pictures of scikit-image and scikit-learn below"
            f" {options.packages} but found none; run: pip install --no-deps --target"
            f" {options.packages} scikit-image scikit-learn",
            file=sys.stderr,
        )
        return 1
    if missing := [photo.name for photo in PHOTOS if photo not in found]:
        print(
            f"demo_photos: expected {', '.join(missing)} below {options.packages} too but found"
            f" only the other {len(found)} and goes on with them; install other versions of"
            " scikit-image and scikit-learn to have all.",
            file=sys.stderr,
        )
    photographs, camera = options.dest / "photographs", options.dest / "camera"
    try:
        report(photographs, copy_photos(found, photographs))
        report(camera, make_shots(found, camera))
    except OSError as error:
        print(
            f"demo_photos: expected to read {options.packages} and write to {options.dest} but:"
            f" {error}; check the folders and run again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
