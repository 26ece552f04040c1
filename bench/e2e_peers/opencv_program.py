"""OpenCV on threads: `opencv_program.py WORKLOAD IN OUT THREADS [MARK]`, with smaller decodes.

It does not say how large a JPEG is before it decodes it, so that is read from the file here.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import cv2
import numpy as np

WIDTHS = (1920, 1280, 640, 320)
MARGIN = 1.625  # as ours
SMALLER = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}
SHARPEN = np.float32([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])

cv2.setNumThreads(1)


def jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height)."""
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])


def decoded(path: Path, most: float) -> tuple[np.ndarray, tuple[int, int]]:
    """A decode whose longer side is `most` pixels at least, and the full size."""
    data = path.read_bytes()
    size = jpeg_size(data)
    scale = next((n for n in SMALLER if max(size) >= n * most), 1)
    flag = SMALLER.get(scale, cv2.IMREAD_COLOR)
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag), size


def write(path: Path, pixels: np.ndarray, quality: int) -> None:
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])


def thumbnails(path: Path, out: Path) -> None:
    picture, (width, height) = decoded(path, 256 * MARGIN)
    share = 256 / max(width, height)
    small = max(1, round(width * share)), max(1, round(height * share))
    write(out / path.name, cv2.resize(picture, small, interpolation=cv2.INTER_AREA), 80)


def responsive(path: Path, out: Path) -> None:
    width, height = jpeg_size(path.read_bytes())
    largest = WIDTHS[0] * max(1, height / width)
    picture, _ = decoded(path, largest * MARGIN)
    for wanted in WIDTHS:
        wide = min(wanted, width)
        small = wide, max(1, round(height * wide / width))
        made = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        mark, opacity = scaled_mark(max(1, round(min(small) * 0.2)))
        high, across = mark.shape[:2]
        margin = round(min(small) * 0.02)
        y, x = small[1] - high - margin, small[0] - across - margin
        part = made[y : y + high, x : x + across]
        part[...] = cv2.blendLinear(mark, part, opacity, 1 - opacity)
        write(out / f"{path.stem}_{wanted}.jpg", made, 80)


@cache
def scaled_mark(side: int) -> tuple[np.ndarray, np.ndarray]:
    """The colours of the mark, `side` pixels wide, and half its opacity, from 0 to 1."""
    mark = cv2.imread(sys.argv[5], cv2.IMREAD_UNCHANGED)
    size = side, max(1, round(mark.shape[0] * side / mark.shape[1]))
    mark = cv2.resize(mark, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(mark[..., :3]), mark[..., 3].astype(np.float32) / 510


def soft_sharp(path: Path, out: Path) -> None:
    soft = cv2.GaussianBlur(cv2.imread(str(path)), (0, 0), 2)
    write(out / path.name, cv2.filter2D(soft, -1, SHARPEN), 85)


def grey(path: Path, out: Path) -> None:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    write(out / path.name, cv2.add(picture, 20.0), 80)


def webp(path: Path, out: Path) -> None:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    share = 512 / max(picture.shape[:2])
    small = round(picture.shape[1] * share), round(picture.shape[0] * share)
    made = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(out / f"{path.stem}.webp"), made, [cv2.IMWRITE_WEBP_QUALITY, 80])


def icons(path: Path, out: Path) -> None:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    made = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(out / path.name), made, [cv2.IMWRITE_PNG_COMPRESSION, 6])


if __name__ == "__main__":
    work = globals()[sys.argv[1]]
    source, target = Path(sys.argv[2]), Path(sys.argv[3])
    with ThreadPoolExecutor(int(sys.argv[4])) as threads:
        for done in [threads.submit(work, path, target) for path in source.iterdir()]:
            done.result()
