"""What imgpipe's kernels take by themselves; as a script, for one instruction set.

IMGPIPE_SIMD=base python bench/alone.py
"""

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from imgpipe import kernels
from numpy.typing import NDArray

Array = NDArray[Any]
Work = Callable[..., Array]

ROUNDS = 15
SECONDS = 1.0

FIVE = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0
FLAT_FIVE = FIVE + np.diag([0, 1e-6, 0, 0, 0])  # the same answer, but no outer product
RANDOM = {side: np.random.default_rng(side).dirichlet(np.ones(side * side)) for side in (3, 7, 15)}


def _convolution(side: int) -> Work:
    weights = kernels.Kernel(RANDOM[side].reshape(side, side))
    return lambda a, **o: kernels.convolve(a, weights, **o)


def _halve(a: Array, **options: Any) -> Array:
    return kernels.resize(a, (a.shape[1] // 2, a.shape[0] // 2), **options)


def _later(name: str, *arguments: Any) -> dict[str, Work]:
    """Nothing while imgpipe.kernels has no such function."""
    work = getattr(kernels, name, None)
    return {} if work is None else {name: lambda a, **o: work(a, *arguments, **o)}


# Rows bound by arithmetic; each takes (array, threads=).
WORK: dict[str, Work] = {
    "Gaussian 5×5": lambda a, **o: kernels.gaussian_blur(a, ksize=5, **o),
    "Gaussian 5×5 in two dimensions": lambda a, **o: kernels.convolve(
        a, kernels.Kernel(FLAT_FIVE), **o
    ),
    "Gaussian σ = 2": lambda a, **o: kernels.gaussian_blur(a, 2.0, **o),
    "Gaussian σ = 10": lambda a, **o: kernels.gaussian_blur(a, 10.0, **o),
    "box radius 7": lambda a, **o: kernels.box_blur(a, 7, **o),
    "2D 3×3": _convolution(3),
    "2D 7×7": _convolution(7),
    "2D 15×15": _convolution(15),
    **_later("median", 5),
    "Lanczos-3 to half": _halve,
    "grayscale": kernels.grayscale,
}


def taken(call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """The median of the seconds a call takes; fewer rounds where it takes long."""
    call()
    times: list[float] = []
    while len(times) < rounds and (len(times) < 3 or sum(times) < SECONDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    """Print {kernel: seconds} for a 1080p RGB picture on one thread."""
    picture = np.random.default_rng(1).integers(0, 256, (1080, 1920, 3), np.uint8)
    print(
        json.dumps(
            {name: taken(lambda w=work: w(picture, threads=1)) for name, work in WORK.items()}
        )
    )


if __name__ == "__main__":
    main()
