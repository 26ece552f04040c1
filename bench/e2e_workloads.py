"""What is done end to end, by which programs, and how much faster than they we want to be."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from . import e2e_inputs as inputs

PEERS = Path(__file__).parent / "e2e_peers"
IMGPIPE = str(Path(sys.executable).with_name("imgpipe"))
SHARP = inputs.PLACE / "node"
WORKERS = 2
OURS = "imgpipe"
BEST = "the best peer"


@dataclass(frozen=True)
class Program:
    """A whole process that does a workload; `{in}` and `{out}` in its command are folders."""

    peer: str
    setting: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Workload:
    """`wanted` is by how many times we want to be faster than a peer, `lighter` how much of its
    peak memory we may take.
    """

    name: str
    title: str
    folder: Callable[[], Path]
    ours: tuple[str, ...]
    wanted: dict[str, float]
    lighter: dict[str, float] = field(default_factory=dict)
    job: str = ""
    without: tuple[str, ...] = ()
    tools: tuple[tuple[str, str], ...] = ()

    @property
    def work(self) -> str:
        """What peers call it."""
        return self.job or self.name


def missing() -> dict[str, str]:
    """The peers that are not there, and why."""
    found = {}
    for peer, module in (("pyvips", "pyvips"), ("OpenCV", "cv2")):
        if find_spec(module) is None:
            found[peer] = f"{module} is not installed"
    if not _node():
        found["sharp"] = f"node, or sharp in {SHARP}, is not installed"
    for peer, tool in (("ImageMagick", "mogrify"), ("vipsthumbnail", "vipsthumbnail")):
        if not shutil.which(tool):
            found[peer] = f"{tool} is not installed"
    return found


@cache
def _node() -> bool:
    return bool(shutil.which("node")) and (SHARP / "node_modules" / "sharp").is_dir()


@cache
def _run_help() -> str:
    environment = {**os.environ, "COLUMNS": "200"}
    command = [IMGPIPE, "run", "--help"]
    return subprocess.run(command, capture_output=True, text=True, env=environment).stdout


def programs(workload: Workload) -> list[Program]:
    """Ours, then the peers, each with all settings that are tried."""
    absent, extra = missing(), str(inputs.mark().resolve())
    python = sys.executable
    ours = IMGPIPE, "run", "{in}", "-o", "{out}", "--workers", str(WORKERS), "--quiet"
    made = [Program(OURS, f"{WORKERS} workers", (*ours, *_available(workload.ours)))]

    def script(peer: str, name: str, work: str, setting: str, **environment: str) -> None:
        command = python, str(PEERS / name), work, "{in}", "{out}", str(WORKERS), extra
        made.append(Program(peer, setting, command, environment))

    script("Pillow", "pillow_program.py", workload.work, "2 threads")
    if "pyvips" not in absent:
        for count in ("1", "2"):
            setting = f"2 threads, concurrency {count}"
            name, concurrency = "pyvips_program.py", {"VIPS_CONCURRENCY": count}
            script("pyvips", name, workload.work, setting, **concurrency)
            if workload.work == "responsive":
                script("pyvips per variant", name, "per_variant", setting, **concurrency)
    if "OpenCV" not in absent:
        script("OpenCV", "opencv_program.py", workload.work, "2 threads")
    if "sharp" not in absent:
        made += [
            _sharp(workload.work, many, each, extra) for many, each in ((2, 1), (2, 2), (4, 1))
        ]
    for peer, command in workload.tools:
        if peer not in absent:
            several = f"ls -d {{in}}/* | xargs -P {WORKERS} -n 8 {command}"
            limits = {"MAGICK_THREAD_LIMIT": "1", "VIPS_CONCURRENCY": "1"}
            made.append(Program(peer, "2 processes", ("sh", "-c", several), limits))
    return [program for program in made if program.peer not in workload.without]


def compiling() -> dict[str, str]:
    """The environment, in which Python keeps what it has compiled, as it does by itself."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _available(options: tuple[str, ...]) -> tuple[str, ...]:
    """Without a way of saving that this imgpipe does not have."""
    if "--durability" in options and "--durability" not in _run_help():
        at = options.index("--durability")
        return options[:at] + options[at + 2 :]
    return tuple(option.replace("{mark}", str(inputs.mark())) for option in options)


def _sharp(work: str, many: int, each: int, extra: str) -> Program:
    script = str(PEERS / "sharp_program.mjs")
    command = "node", script, work, "{in}", "{out}", str(many), str(each), extra
    environment = {"SHARP": str(SHARP.resolve()), "UV_THREADPOOL_SIZE": str(many)}
    return Program("sharp", f"{many} at a time, concurrency {each}", command, environment)


_THUMBNAIL_TOOLS = (
    (
        "ImageMagick",
        "mogrify -path {out} -define jpeg:size=512x512 -thumbnail '256x256>' -quality 80",
    ),
    ("vipsthumbnail", "vipsthumbnail -s '256x256>' -o '{out}/%s.jpg[Q=80,strip]'"),
)
_MARGINS = {"pyvips": 1.25, "sharp": 1.25, "Pillow": 1.25, "OpenCV": 1.0}
_STREAMERS = {"pyvips": 0.7, "sharp": 0.7}
_VARIANTS = tuple(
    part for width in (1920, 1280, 640, 320) for part in ("--variant", f"{width}: width={width}")
)

WORKLOADS = (
    Workload(
        "thumbnails",
        "256-pixel JPEG thumbnails",
        inputs.photos,
        ("-t", "thumbnail:256"),
        _MARGINS,
        _STREAMERS,
        tools=_THUMBNAIL_TOOLS,
    ),
    Workload(
        "progressive",
        "the same, progressive JPEGs only",
        inputs.progressive,
        ("-t", "thumbnail:256"),
        {BEST: 1.5},
        job="thumbnails",
    ),
    Workload(
        "progressive-large",
        "the same, progressive JPEGs from 4,000 pixels a side up",
        inputs.large_progressive,
        ("-t", "thumbnail:256"),
        {BEST: 2.5},
        job="thumbnails",
    ),
    Workload(
        "responsive",
        "responsive set 320, 640, 1280, 1920 with watermark",
        inputs.photos,
        (*_VARIANTS, "--watermark-image", "{mark}"),
        {"pyvips per variant": 2.5, "pyvips": 1.2, "OpenCV": 1.2},
        {"pyvips per variant": 0.7, "pyvips": 0.7, "sharp": 0.7},
    ),
    Workload(
        "soft_sharp",
        "full size: Gaussian σ = 2, then sharpen, JPEG 85",
        inputs.photos,
        ("-t", "blur:2", "-t", "sharpen", "--quality", "85"),
        {BEST: 1.3},
        {"Pillow": 1.0},
    ),
    Workload(
        "grey",
        "full size: grayscale, then brighten, JPEG",
        inputs.photos,
        ("-t", "grayscale", "-t", "brighten:20"),
        {BEST: 1.0},
        {"Pillow": 1.0},
    ),
    Workload(
        "webp",
        "PNG with transparency to 512-pixel WebP",
        inputs.rgba,
        ("-t", "thumbnail:512", "--format", "webp"),
        {BEST: 1.0},
    ),
    Workload(
        "icons",
        "10,000 PNGs of 64×64 to PNGs of 32×32",
        inputs.icons,
        ("-t", "resize:32x32", "--durability", "none"),
        {"Pillow": 1.0},
        without=("pyvips", "sharp"),  # several times as slow
    ),
)
