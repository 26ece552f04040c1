"""How times grow with radius, threads, size and instruction set; and the seed's ladder."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from imgpipe import kernels
from imgpipe.cores import available

from .alone import FIVE, FLAT_FIVE, WORK, taken
from .book import Series
from .contest import Array, Missing
from .filters import gaussian, taps_of
from .peers import opencv
from .pictures import HD, large, picture

SIGMAS = (0.5, 1, 2, 3, 5, 8, 12, 20, 35, 50)
MEGAPIXELS = (0.3, 1, 2, 8, 24, 50, 100)
GROWING = ("Gaussian 5×5", "Gaussian σ = 2", "2D 7×7", "Lanczos-3 to half")


def ms(seconds: float) -> str:
    milliseconds = 1e3 * seconds
    return f"{milliseconds:.{2 if milliseconds < 10 else 1 if milliseconds < 100 else 0}f}"


def radius() -> Series:
    a = picture(HD)
    out = np.empty_like(a)
    try:
        cv2 = opencv()
    except Missing:
        cv2 = None

    def line(sigma: float) -> list[str]:
        ours = [
            taken(partial(gaussian(sigma, same), a, out=out, threads=1)) for same in (False, True)
        ]
        names = [f"{sigma:g}", str(taps_of(sigma)), *map(ms, ours)]
        if cv2 is None:
            return [*names, "", ""]
        theirs = taken(lambda: cv2.GaussianBlur(a, (0, 0), sigma, dst=out))
        return [*names, ms(theirs), f"{theirs / ours[0]:.1f}×"]

    head = ["σ", "OpenCV's taps", "imgpipe, ms", "with those taps, ms", "OpenCV, ms", "ratio"]
    how = "Gaussian blur, 1080p RGB uint8, one thread; ours reaches to 4σ, OpenCV's to 3σ."
    return Series("Radius", how, head, [line(sigma) for sigma in SIGMAS])


def threads() -> Series:
    a, counts = picture(HD), sorted({1, 2, available()})
    lines = []
    for name, work in WORK.items():
        times = [taken(lambda w=work, n=n: w(a, threads=n)) for n in counts]
        lines.append([name, *map(ms, times), f"{times[0] / times[-1]:.2f}×"])
    head = ["kernel", *(f"{n} threads, ms" if n > 1 else "1 thread, ms" for n in counts), "ratio"]
    return Series("Threads", "1080p RGB uint8.", head, lines)


def size() -> Series:
    def line(megapixels: float) -> list[str]:
        a = large(megapixels)
        height, width = a.shape[:2]
        whole, half = np.empty_like(a), np.empty((height // 2, width // 2, 3), np.uint8)
        outs = {name: half if name == "Lanczos-3 to half" else whole for name in GROWING}
        times = [taken(lambda n=name: WORK[n](a, out=outs[n], threads=1)) for name in GROWING]
        each = (f"{seconds / (height * width) * 1e9:.2f}" for seconds in times)
        return [f"{height * width / 1e6:.1f}", f"{width}×{height}", *each]

    how = "RGB uint8, one thread, into a warm `out=`: nanoseconds a pixel of the input."
    head = ["megapixels", "size", *GROWING]
    return Series("Size", how, head, [line(megapixels) for megapixels in MEGAPIXELS])


def levels() -> Series:
    found = {level: alone(level) for level in reversed(kernels.simd_levels())}
    first, *_, last = found
    lines = [
        [
            name,
            *(ms(times[name]) for times in found.values()),
            f"{found[first][name] / found[last][name]:.2f}×",
        ]
        for name in WORK
    ]
    head = ["kernel", *(f"{level}, ms" for level in found), f"{last} against {first}"]
    return Series("Instruction sets", "1080p RGB uint8, one thread.", head, lines)


def alone(level: str) -> dict[str, float]:
    """Seconds of each kernel, in a process of its own that uses `level`."""
    script = Path(__file__).with_name("alone.py")
    environment = os.environ | {"IMGPIPE_SIMD": level}
    run = subprocess.run(
        [sys.executable, script], env=environment, check=True, capture_output=True, text=True
    )
    times: dict[str, float] = json.loads(run.stdout)
    return times


def ladder() -> Series:
    """The seed's steps on its 5×5 Gaussian: 200, 120, 15 and 2 milliseconds, it says."""
    best, base, cores = kernels.simd_level(), alone("base"), available()
    a = picture(HD)
    small = np.ascontiguousarray(a[:54, :96])
    loops = taken(lambda: naive(small), 1) * (a.size / small.size)
    whole = taken(lambda: shifted(a), 3)
    x = np.empty_like(a)
    weights = kernels.Kernel(FLAT_FIVE)
    steps: list[tuple[str, float, str]] = [
        ("25 taps in loops of Python (timed on 96×54, times 400)", loops, ""),
        ("25 taps, each over the whole picture in numpy", whole, "200"),
        ("25 taps in C, SSE2", base["Gaussian 5×5 in two dimensions"], ""),
        (
            f"25 taps in C, {best}",
            taken(lambda: kernels.convolve(a, weights, out=x, threads=1)),
            "",
        ),
        ("separable in C, SSE2", base["Gaussian 5×5"], "120"),
        (f"separable in C, {best}", taken(lambda: five(a, x, 1)), "15"),
        (f"the same on {cores} cores", taken(lambda: five(a, x, cores)), "2 (8 cores)"),
    ]
    lines = [
        [name, ms(seconds), f"{whole / seconds:.1f}×", seeds] for name, seconds, seeds in steps
    ]
    head = ["step", "ms", "against numpy", "the seed's ms"]
    return Series("The ladder", "Gaussian 5×5, 1920×1080 RGB uint8.", head, lines)


def five(a: Array, out: Array, threads: int) -> Array:
    return kernels.gaussian_blur(a, ksize=5, out=out, threads=threads)


def padded(a: Array) -> Array:
    return np.pad(a, ((2, 2), (2, 2), (0, 0)), mode="reflect")


def shifted(a: Array) -> Array:
    """One multiplication and one addition of whole pictures for each tap."""
    wide, total = padded(a).astype(np.float32), np.zeros(a.shape, np.float32)
    for y, x in np.ndindex(5, 5):
        total += np.float32(FIVE[y, x]) * wide[y : y + a.shape[0], x : x + a.shape[1]]
    return (total + 0.5).astype(np.uint8)


def naive(a: Array) -> Array:
    """As one first writes it."""
    height, width, channels = a.shape
    wide, weights = padded(a).tolist(), FIVE.tolist()
    out = np.empty_like(a)

    def sums() -> Iterator[float]:
        for y, x, c in np.ndindex(height, width, channels):
            total = 0.0
            for ky in range(5):
                for kx in range(5):
                    total += weights[ky][kx] * wide[y + ky][x + kx][c]
            yield total

    out.ravel()[:] = [int(total + 0.5) for total in sums()]
    return out


SERIES = [radius, threads, size, levels, ladder]
