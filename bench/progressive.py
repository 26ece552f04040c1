"""Decodes of progressive JPEGs: simplejpeg alone, and of what is made sequential first.

`PHOTOS=DIR python -m bench.progressive [RESULT.md]`. Pixels are compared first; then both are timed
in turn, one thread, all that is done to the file included.
"""

import sys
import time
from pathlib import Path

import numpy as np
import simplejpeg
from imgpipe.codecs.markers import JpegHead, walk
from imgpipe.codecs.progressive import sequential

from .e2e_inputs import photos
from .machine import processor

ROUNDS = 5
KINDS = {  # of decodes, by their colours and scale
    "whole": ("RGB", 1),
    "grey": ("GRAY", 1),
    "1/4": ("RGB", 4),
    "1/8": ("RGB", 8),
}
_PROGRESSIVE = 2


def decode(data: bytes, head: JpegHead, colours: str, scale: int) -> np.ndarray:
    """By simplejpeg alone."""
    wanted = {"min_height": -(-head.height // scale), "min_width": -(-head.width // scale)}
    return simplejpeg.decode_jpeg(data, colours, **wanted)


def converted(data: bytes, colours: str, scale: int) -> bytes:
    """What imgpipe decodes in its place."""
    return sequential(data, grey=colours == "GRAY", eighth=scale == 8)


def timed(data: bytes, head: JpegHead, colours: str, scale: int) -> tuple[float, float]:
    """Medians of the milliseconds of a plain decode, and of ours."""
    plainly = decode(data, head, colours, scale)
    assert np.array_equal(plainly, decode(converted(data, colours, scale), head, colours, scale))
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        decode(data, head, colours, scale)
        plain = time.perf_counter()
        decode(converted(data, colours, scale), head, colours, scale)
        rounds.append((plain - start, time.perf_counter() - plain))
    plain, ours = np.median(rounds, axis=0) * 1e3
    return plain, ours


def lines(folder: Path) -> list[str]:
    """A row of the table for each progressive file, and one for all."""
    made, sums = [], np.zeros((len(KINDS), 2))
    for path in sorted(folder.glob("*.jp*g")):
        data = path.read_bytes()
        head = walk(data)
        if head.coding != _PROGRESSIVE:
            continue
        times = np.array([timed(data, head, *kind) for kind in KINDS.values()])
        sums += times
        size, luma = f"{head.width}×{head.height}", "×".join(map(str, head.sampling[0]))
        made.append(_row(f"{path.name} | {size} | {luma} | {len(data) / 1e6:.2f}", times))
    return [*made, _row("all of them | | |", sums)]


def _row(name: str, times: np.ndarray) -> str:
    cells = [f"{plain:.1f} / {ours:.1f} = **{plain / ours:.2f}×**" for plain, ours in times]
    return f"| {name} | {' | '.join(cells)} |"


def main(result: Path | None) -> None:
    """Print the table, and write it where asked to."""
    folder = photos()
    text = "\n".join(
        [
            "# Progressive JPEGs",
            "",
            *(line for line in (__doc__ or "").splitlines()[2:] if line),
            f"Medians of {ROUNDS} rounds in milliseconds, simplejpeg / imgpipe, {processor()}.",
            "",
            f"| file | size | luma sampling | MB | {' | '.join(KINDS)} |",
            "|---|---|---|---" + "|---" * len(KINDS) + "|",
            *lines(folder),
        ]
    )
    print(text)
    if result:
        result.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
