"""How much memory kernels need beside their input and output: measured by the kernel of the system,
in a process that does nothing else."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from imgpipe import _imgcore, kernels
from imgpipe.kernels import Kernel

Run = Callable[..., subprocess.CompletedProcess[str]]

WIDTH, HEIGHT = 2000, 1500
SMALL = 2_000_000
SHARE = 0.05 * WIDTH * HEIGHT * 3
FILTERS = ("nearest", "box", "bilinear", "bicubic", "lanczos3")


def noise(side: int) -> Kernel:
    return Kernel(np.random.default_rng(side).standard_normal((side, side)), side)


NEAR: dict[str, Callable[..., object]] = {
    "gaussian 1": lambda a, **o: kernels.gaussian_blur(a, 1, **o),
    "gaussian 2.9": lambda a, **o: kernels.gaussian_blur(a, 2.9, **o),
    "gaussian 4": lambda a, **o: kernels.gaussian_blur(a, 4, **o),
    "gaussian 33": lambda a, **o: kernels.gaussian_blur(a, ksize=33, **o),
    "box 1": lambda a, **o: kernels.box_blur(a, 1, **o),
    "box 5": lambda a, **o: kernels.box_blur(a, 5, **o),
    "box 16": lambda a, **o: kernels.box_blur(a, 16, **o),
    "convolve 3": lambda a, **o: kernels.convolve(a, noise(3), **o),
    "convolve 33": lambda a, **o: kernels.convolve(a, noise(33), **o),
    "separable 33": lambda a, **o: kernels.convolve_separable(a, range(-16, 17), [1] * 33, **o),
    "unsharp": lambda a, **o: kernels.unsharp_mask(a, 4, 0.7, **o),
    "sobel": kernels.sobel,
    "median 3": lambda a, **o: kernels.median(a, 3, **o),
    "median 5": lambda a, **o: kernels.median(a, 5, **o),
    "grayscale": kernels.grayscale,
    "brighten": lambda a, **o: kernels.brighten(a, 9, **o),
    "gamma": lambda a, **o: kernels.gamma(a, 2.2, **o),
    "saturation": lambda a, **o: kernels.saturation(a, 1.5, **o),
    "auto contrast": kernels.auto_contrast,
    "equalize": kernels.equalize,
    "clahe": kernels.clahe,
    "composite": lambda a, **o: kernels.composite(a, np.full((9, 9, 4), 99, np.uint8), **o),
    "flip": kernels.flip_horizontal,
    "rotate90": kernels.rotate90,
    "rotate": lambda a, **o: kernels.rotate(a, 7, expand=False, **o),
    **{
        f"resize {name}": lambda a, name=name, **o: kernels.resize(a, (1000, 750), filter=name, **o)
        for name in FILTERS
    },
}
FAR: dict[str, Callable[..., object]] = {
    "gaussian 20": lambda a, **o: kernels.gaussian_blur(a, 20, **o),
    "gaussian 100": lambda a, **o: kernels.gaussian_blur(a, 100, **o),
    "box 200": lambda a, **o: kernels.box_blur(a, 200, **o),
    "convolve 63": lambda a, **o: kernels.convolve(a, noise(63), **o),
    "unsharp 20": lambda a, **o: kernels.unsharp_mask(a, 20, **o),
    "resize to 256": lambda a, **o: kernels.resize(a, (256, 192), **o),
}


def status(name: str) -> int:
    """A number of bytes from what the system says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def peak(run: Callable[[], object]) -> int:
    """The most bytes that `run` had more than there were before."""
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    run()
    return status("VmHWM") - before


def measure(channels: int) -> dict[str, int]:
    """The memory of every kernel; once for plans and pages of code, once for the number."""
    array = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, channels), np.uint8)
    few = array[:99]
    peaks = {}
    for name, kernel in {**NEAR, **FAR}.items():
        if not name.startswith("resize"):
            kernel(few, threads=1)
        out = kernel(array, threads=1)
        assert isinstance(out, np.ndarray)
        out.fill(1)
        peaks[name] = peak(lambda kernel=kernel, out=out: kernel(array, out=out, threads=1))
    return peaks


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="no Linux /proc")
@pytest.mark.parametrize("channels", [3, 4])
def test_kernels_need_little_beside_their_output(
    channels: int, run_python: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    if b"__asan_" in Path(_imgcore.__file__).read_bytes():
        pytest.skip("this core was built to watch its memory, which takes more of it")
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "65536")  # larger blocks go back when freed
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "0")
    script = "import json, test_footprint; print(json.dumps(test_footprint.measure({})))"
    process = run_python(script.format(channels))
    assert process.returncode == 0, process.stderr
    most = dict.fromkeys(NEAR, SMALL) | dict.fromkeys(FAR, SHARE)
    peaks = json.loads(process.stdout)
    assert {name: size for name, size in peaks.items() if size > most[name]} == {}
