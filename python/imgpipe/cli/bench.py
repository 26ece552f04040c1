"""`imgpipe bench`: what kernels take on this machine, beside OpenCV and Pillow where they are."""

import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from imgpipe import kernels
from imgpipe.cores import available
from imgpipe.kernels import Kernel
from imgpipe.kernels.arrays import Array

WIDTH, HEIGHT = 1920, 1080
HALF = WIDTH // 2, HEIGHT // 2
LEAST_ROUNDS, MOST_ROUNDS = 2, 200

_SQUARE = np.random.default_rng(7).dirichlet(np.ones(49)).reshape(7, 7)  # no outer product
_SHARPEN = np.array(Kernel.sharpen().data)

Call = Callable[[], object]


def show(seconds: float) -> None:
    """Measure, and print the table; `seconds` is about what each of its numbers may take."""
    array = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    cores = available()
    peers = {"OpenCV": _opencv(array), "Pillow": _pillow(array)}
    peers = {name: calls for name, calls in peers.items() if calls}
    table = _table(cores, list(peers))
    for name, call in _ours(array).items():
        alone = taken(partial(call, 1), seconds)
        cells = [name, _ms(alone), _rate(alone)]
        if cores > 1:
            together = taken(partial(call, cores), seconds)
            cells += [_ms(together), _rate(together)]
        for calls in peers.values():
            cells.append(_ms(taken(calls[name], seconds)) if name in calls else "")
        table.add_row(*cells)
    Console().print(table)


def taken(call: Call, seconds: float) -> float:
    """The median of the seconds that `call` takes, after one that does not count."""
    call()
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < MOST_ROUNDS:
        before = time.perf_counter()
        call()
        after = time.perf_counter()
        times.append(after - before)
        if after - start >= seconds and len(times) >= LEAST_ROUNDS:
            break
    return median(times)


def _table(cores: int, peers: list[str]) -> Table:
    title = f"{WIDTH}x{HEIGHT} RGB, 8 bits, SIMD {kernels.simd_level()}"
    caption = f"ms a picture; MP/s: megapixels a second; {' and '.join(peers)} on 1 thread"
    table = Table(title=title, caption=caption if peers else "ms a picture")
    table.add_column("kernel", no_wrap=True)
    columns = ["1 thread", "MP/s", *([f"{cores} threads", "MP/s"] if cores > 1 else []), *peers]
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _ours(array: Array) -> dict[str, Callable[[int], Array]]:
    """What takes a number of threads, by the name of its kernel."""
    out, turned = np.empty_like(array), np.empty((WIDTH, HEIGHT, 3), np.uint8)
    grey = np.empty((HEIGHT, WIDTH, 1), np.uint8)
    half = np.empty((HALF[1], HALF[0], 3), np.uint8)
    square = Kernel(_SQUARE)

    def into(target: Array, function: Callable[..., Array], *arguments: Any, **options: Any) -> Any:
        return lambda threads: function(array, *arguments, out=target, threads=threads, **options)

    return {
        "Gaussian 5x5": into(out, kernels.gaussian_blur, ksize=5),
        "Gaussian, sigma 2": into(out, kernels.gaussian_blur, 2.0, ksize=17),
        "Gaussian, sigma 10": into(out, kernels.gaussian_blur, 10.0),
        "box, radius 7": into(out, kernels.box_blur, 7),
        "sharpen": into(out, kernels.sharpen),
        "any 7x7": into(out, kernels.convolve, square),
        "half, Lanczos-3": into(half, kernels.resize, HALF),
        "half, bicubic": into(half, kernels.resize, HALF, filter="bicubic"),
        "grayscale": into(grey, kernels.grayscale),
        "brighten": into(out, kernels.brighten, 40),
        "flip horizontal": into(out, kernels.flip_horizontal),
        "rotate 90": into(turned, kernels.rotate90),
    }


def _opencv(array: Array) -> dict[str, Call]:
    """The same with OpenCV, where it has it; nothing without OpenCV."""
    try:
        cv2 = import_module("cv2")
    except ImportError:
        return {}
    cv2.setNumThreads(1)
    out, turned = np.empty_like(array), np.empty((WIDTH, HEIGHT, 3), np.uint8)
    grey = np.empty((HEIGHT, WIDTH), np.uint8)
    return {
        "Gaussian 5x5": lambda: cv2.GaussianBlur(array, (5, 5), 0, dst=out),
        "Gaussian, sigma 2": lambda: cv2.GaussianBlur(array, (17, 17), 2, dst=out),
        "Gaussian, sigma 10": lambda: cv2.GaussianBlur(array, (0, 0), 10, dst=out),
        "box, radius 7": lambda: cv2.blur(array, (15, 15), dst=out),
        "sharpen": lambda: cv2.filter2D(array, -1, _SHARPEN, dst=out),
        "any 7x7": lambda: cv2.filter2D(array, -1, _SQUARE, dst=out),
        "grayscale": lambda: cv2.cvtColor(array, cv2.COLOR_RGB2GRAY, dst=grey),
        "brighten": lambda: cv2.add(array, (40, 40, 40, 0), dst=out),
        "flip horizontal": lambda: cv2.flip(array, 1, dst=out),
        "rotate 90": lambda: cv2.rotate(array, cv2.ROTATE_90_CLOCKWISE, dst=turned),
    }


def _pillow(array: Array) -> dict[str, Call]:
    """The same with Pillow, where it has it."""
    try:
        pil, filters = import_module("PIL.Image"), import_module("PIL.ImageFilter")
    except ImportError:
        return {}
    image, box = pil.fromarray(array), filters.BoxBlur(7)
    sharpen = filters.Kernel((3, 3), _SHARPEN.ravel().tolist(), 1)
    brighter = [min(level + 40, 255) for level in range(256)] * 3
    return {
        "box, radius 7": lambda: image.filter(box),
        "sharpen": lambda: image.filter(sharpen),
        "half, Lanczos-3": lambda: image.resize(HALF, pil.Resampling.LANCZOS),
        "half, bicubic": lambda: image.resize(HALF, pil.Resampling.BICUBIC),
        "grayscale": lambda: image.convert("L"),
        "brighten": lambda: image.point(brighter),
        "flip horizontal": lambda: image.transpose(pil.Transpose.FLIP_LEFT_RIGHT),
        "rotate 90": lambda: image.transpose(pil.Transpose.ROTATE_270),
    }


def _ms(seconds: float) -> str:
    milliseconds = 1e3 * seconds
    return f"{milliseconds:.{2 if milliseconds < 10 else 1 if milliseconds < 100 else 0}f}"


def _rate(seconds: float) -> str:
    return f"{WIDTH * HEIGHT / 1e6 / seconds:.0f}"
