"""A decode at 1/8 of progressive JPEGs: simplejpeg alone, and without what does not show.

`PHOTOS=DIR python -m bench.progressive [RESULT.md]`. Pixels are compared first; then both are timed
in turn, one thread, the walk through the file included.
"""

import sys
import time
from pathlib import Path

import numpy as np
import simplejpeg
from imgpipe.codecs.markers import JpegHead, walk
from imgpipe.codecs.progressive import for_eighth

from .e2e_inputs import photos
from .machine import processor

ROUNDS = 9
_PROGRESSIVE = 2


def decode(data: bytes, head: JpegHead) -> np.ndarray:
    """At 1/8."""
    wanted = {"min_height": -(-head.height // 8), "min_width": -(-head.width // 8)}
    return simplejpeg.decode_jpeg(data, "GRAY" if len(head.sampling) == 1 else "RGB", **wanted)


def timed(data: bytes, head: JpegHead) -> tuple[float, float, float]:
    """Medians of the milliseconds of a plain decode, of ours, and of the walk in it."""
    assert np.array_equal(decode(data, head), decode(for_eighth(data), head))
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        decode(data, head)
        plain = time.perf_counter()
        fewer = for_eighth(data)
        walked = time.perf_counter()
        decode(fewer, head)
        rounds.append((plain - start, time.perf_counter() - plain, walked - plain))
    plain, ours, walk_alone = np.median(rounds, axis=0) * 1e3
    return plain, ours, walk_alone


def lines(folder: Path) -> list[str]:
    """A row of the table for each progressive file."""
    made = []
    for path in sorted(folder.glob("*.jpg")):
        data = path.read_bytes()
        head = walk(data)
        if head.coding != _PROGRESSIVE:
            continue
        plain, ours, walked = timed(data, head)
        kept = len(for_eighth(data)) / len(data)
        size, luma = f"{head.width}×{head.height}", "×".join(map(str, head.sampling[0]))
        made.append(
            f"| {path.name} | {size} | {luma} | {len(data) / 1e6:.2f} | {kept:.0%} | {plain:.1f} | "
            f"{ours:.1f} | {walked:.2f} | **{plain / ours:.1f}×** |"
        )
    return made


def main(result: Path | None) -> None:
    """Print the table, and write it where asked to."""
    folder = photos()
    text = "\n".join(
        [
            "# Progressive JPEGs at 1/8",
            "",
            *(line for line in (__doc__ or "").splitlines()[2:] if line),
            f"Medians of {ROUNDS} rounds, {processor()}.",
            "",
            "| file | size | luma sampling | MB | read of it | simplejpeg, ms | imgpipe, ms "
            "| walk in it, ms | ratio |",
            "|---|---|---|---|---|---|---|---|---|",
            *lines(folder),
        ]
    )
    print(text)
    if result:
        result.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
