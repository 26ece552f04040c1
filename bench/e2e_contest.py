"""Programs held against each other: outputs compared first, then whole processes in turn."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from .e2e_inputs import PLACE
from .e2e_references import references
from .e2e_workloads import OURS, Program, Workload, compiling, programs
from .quality import ssim

ROUNDS = 5
MANY = 1000  # pictures, whose outputs are removed at the end alone
ALIKE = 0.01  # of SSIM
LAUNCH = Path(__file__).parent / "e2e_launch.py"

Folder = Callable[[], AbstractContextManager[Path]]


@dataclass
class Entry:
    """A program with what it took, round by round, and how alike its outputs are to a reference."""

    program: Program
    likeness: float = 0.0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)

    def ratios(self, ours: "Entry") -> np.ndarray:
        """How many times as long as ours it took, round by round."""
        return np.divide(self.wall, ours.wall)

    def ratio(self, ours: "Entry") -> float:
        """Their median."""
        return float(np.median(self.ratios(ours)))


@dataclass
class Outcome:
    """Ours first, then each peer at the setting that was its best."""

    workload: Workload
    pictures: int
    entries: list[Entry]

    @property
    def ours(self) -> Entry:
        return self.entries[0]

    def entry(self, peer: str) -> Entry | None:
        """That of a peer, if it is there."""
        return next((one for one in self.entries if one.program.peer == peer), None)

    @property
    def best(self) -> Entry:
        """The fastest peer."""
        return min(self.entries[1:], key=lambda one: one.ratio(self.ours))


def hold(workload: Workload) -> Outcome:
    """Try all settings once, compare what the best of each peer made, then take turns."""
    source = workload.folder()
    pictures = len(os.listdir(source))
    with _folders(kept=pictures > MANY) as folder:
        entries = _best(workload, source, folder)
        for _ in range(ROUNDS):
            for entry in entries:
                with folder() as out:
                    _run(entry, source, out)
    return Outcome(workload, pictures, entries)


def _best(workload: Workload, source: Path, folder: Folder) -> list[Entry]:
    """Each peer at its best setting, nothing measured of it yet."""
    best: dict[str, Entry] = {}
    for program in programs(workload):
        entry = Entry(program)
        with folder() as out:
            _run(entry, source, out)
            known = best.get(program.peer)
            entry.likeness = known.likeness if known else _likeness(workload, source, out)
        if known is None or entry.wall < known.wall:
            best[program.peer] = entry
    entries = list(best.values())
    _check(entries)
    for entry in entries:
        entry.wall, entry.cpu, entry.peak = [], [], []
    return entries


@contextmanager
def _folders(kept: bool) -> Iterator[Folder]:
    """Empty ones on the disk that the inputs are on, removed after use, or at the end if `kept`.

    After thousands of files have been removed, ext4 takes its time with new ones.
    """
    place = Path(tempfile.mkdtemp(dir=PLACE))

    @contextmanager
    def folder() -> Iterator[Path]:
        out = Path(tempfile.mkdtemp(dir=place))
        yield out
        if not kept:
            shutil.rmtree(out)

    try:
        yield folder
    finally:
        shutil.rmtree(place)


def _run(entry: Entry, source: Path, out: Path) -> None:
    places = {"{in}": str(source.resolve()), "{out}": str(out.resolve())}
    command = [_filled(part, places) for part in entry.program.command]
    environment = {**compiling(), **entry.program.environment}
    launch = [sys.executable, "-S", "-E", str(LAUNCH), *command]
    os.sync()  # what others have left to be written is not for one to wait for that flushes
    ran = subprocess.run(launch, capture_output=True, text=True, env=environment)
    if ran.returncode:
        raise RuntimeError(f"{command} failed:\n{ran.stderr[-2000:]}")
    taken = json.loads(ran.stdout)
    entry.wall.append(taken["wall"])
    entry.cpu.append(taken["cpu"])
    entry.peak.append(taken["peak"])


def _filled(part: str, places: dict[str, str]) -> str:
    for name, place in places.items():
        part = part.replace(name, place)
    return part


def _likeness(workload: Workload, source: Path, out: Path) -> float:
    """The mean SSIM of outputs of some pictures, whose sizes must be right.

    Programs round sides differently; what is a pixel larger or smaller is left out.
    """
    found = []
    for name, expected in references(workload.work, source):
        with Image.open(out / name) as picture:
            shown = _on_white(picture)
        apart = np.abs(np.subtract(shown.shape[:2], expected.shape[:2])).max()
        if apart > 1:
            raise AssertionError(f"{name} is {shown.shape} and not {expected.shape}")
        if not apart:
            found.append(ssim(shown, expected))
    if not found:
        raise AssertionError(f"Expected an output of {workload.title} to compare, got none")
    return float(np.mean(found))


def _on_white(picture: Image.Image) -> np.ndarray:
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L" if picture.mode == "L" else "RGB"))
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB"))


def _check(entries: list[Entry]) -> None:
    ours = entries[0]
    assert ours.program.peer == OURS
    for entry in entries[1:]:
        if ours.likeness < entry.likeness - ALIKE:
            raise AssertionError(
                f"Expected ours within {ALIKE} of {entry.program.peer}'s {entry.likeness:.4f}, "
                f"got {ours.likeness:.4f}"
            )
