"""A Gaussian 5x5 on 1080p RGB, one thread, against OpenCV's: answers compared, then timed."""

import cv2
import numpy as np
import pytest
from imgpipe import kernels

RNG = np.random.default_rng(1)
PICTURE = RNG.integers(0, 256, (1080, 1920, 3), np.uint8)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


def ours(out: np.ndarray) -> np.ndarray:
    return kernels.gaussian_blur(PICTURE, ksize=5, out=out, threads=1)


def opencv(out: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(PICTURE, (5, 5), 0, dst=out)


@pytest.mark.parametrize("blur", [ours, opencv], ids=["imgpipe", "opencv"])
def test_gaussian_5x5(blur, benchmark) -> None:
    out = np.empty_like(PICTURE)
    expected = opencv(np.empty_like(PICTURE)).astype(int)
    assert np.abs(blur(out) - expected).max() <= 1
    benchmark.pedantic(blur, (out,), rounds=60, warmup_rounds=5)
