"""Writing PNGs of photographs: imgpipe beside what else finds all repeats at zlib's level 6.

`PHOTOS=DIR python -m bench.png [RESULT.md]`. Files are decoded and compared first; then all are
timed in turn, one thread, from pixels in memory to bytes.
"""

import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from imgpipe import Image, ImageFormat, Thumbnail, apply_transform, encode_image, open_image
from PIL import Image as pil

from .e2e_inputs import photos
from .machine import processor

MOST, ROUNDS = 24, 5
SIDES = 256, 1024


def by_imgpipe(pixels: np.ndarray) -> bytes:
    return encode_image(Image.from_array(pixels), ImageFormat.PNG)


def by_pillow(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    pil.fromarray(pixels.squeeze()).save(buffer, "PNG")
    return buffer.getvalue()


def by_opencv(pixels: np.ndarray) -> bytes:
    how = [cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_STRATEGY, 1]
    turned = pixels if pixels.shape[2] == 1 else pixels[:, :, ::-1]
    return cv2.imencode(".png", turned, how)[1].tobytes()


WRITERS: dict[str, Callable[[np.ndarray], bytes]] = {
    "imgpipe": by_imgpipe,
    "Pillow": by_pillow,
    "OpenCV, level 6, filtered": by_opencv,
}


def rows(side: int, pictures: list[Image]) -> list[str]:
    """A line of the table for each writer."""
    sizes = dict.fromkeys(WRITERS, 0)
    every = [picture.pixels for picture in pictures]
    for pixels in every:
        for writer, write in WRITERS.items():
            data = write(pixels)
            sizes[writer] += len(data)
            with pil.open(BytesIO(data)) as opened:
                assert np.array_equal(np.asarray(opened), pixels.squeeze())
    rounds: dict[str, list[float]] = {writer: [] for writer in WRITERS}
    for _ in range(ROUNDS):
        for writer, write in WRITERS.items():
            start = time.perf_counter()
            for pixels in every:
                write(pixels)
            rounds[writer].append((time.perf_counter() - start) / len(pictures) * 1e3)
    ours = np.array(rounds["imgpipe"])
    lines = []
    for writer, times in rounds.items():
        low, middle, high = np.percentile(np.array(times) / ours, [25, 50, 75])
        ratio = f"**{middle:.2f}×** ({low:.2f} to {high:.2f})" if writer != "imgpipe" else ""
        bytes_each = sizes[writer] / len(pictures) / 1024
        lines.append(f"| {side} | {writer} | {np.median(times):.1f} | {bytes_each:.0f} | {ratio} |")
    return lines


def main(result: Path | None) -> None:
    """Print the table, and write it where asked to."""
    pictures = [open_image(path) for path in sorted(photos().glob("*.jpg"))[:MOST]]
    text = "\n".join(
        [
            "# Writing PNGs",
            "",
            *(line for line in (__doc__ or "").splitlines()[2:] if line),
            f"{len(pictures)} photographs, made smaller; {ROUNDS} rounds, medians, {processor()}.",
            "",
            "| pixels a side | writer | ms | KiB | ratio of the times |",
            "|---|---|---|---|---|",
            *(
                line
                for side in SIDES
                for line in rows(side, [apply_transform(one, Thumbnail(side)) for one in pictures])
            ),
        ]
    )
    print(text)
    if result:
        result.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
