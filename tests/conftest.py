"""Pictures made from formulas, folders of them, and who gives others a turn."""

import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgpipe.turns import Turns
from numpy.typing import NDArray
from PIL import Image as pil

Pixels = NDArray[np.uint8]


def _smooth(width: int, height: int, channels: int = 3) -> Pixels:
    """Slow waves, different in each channel, alpha among them: what lossy formats keep well."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 120 * np.sin(x / 17 + c) * np.cos(y / (23 + 3 * c)) for c in range(channels)]
    return np.stack(waves, axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def smooth() -> Callable[..., Pixels]:
    """(width, height, channels=3) -> (H, W, C) of slow waves."""
    return _smooth


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """(pixels, Pillow's format name, options of its save) -> the bytes of a file."""

    def encode(pixels: Pixels, format: str, **options: Any) -> bytes:
        buffer = BytesIO()
        flat = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
        pil.fromarray(flat).save(buffer, format, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder `in` with six pictures in five formats, two of them in a folder below."""
    source = tmp_path / "in"
    (source / "below").mkdir(parents=True)
    names = ("a.jpg", "b.png", "c.gif", "d.webp", "below/e.bmp", "below/a.jpg")
    for number, name in enumerate(names):
        pil.fromarray(_smooth(120 + number, 80, 3)).save(source / name)
    return source


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder `broken`: one good picture, and one each that is empty, text and cut short."""
    source = tmp_path / "broken"
    source.mkdir()
    pil.fromarray(_smooth(64, 48, 3)).save(source / "good.jpg")
    (source / "empty.jpg").write_bytes(b"")
    (source / "text.jpg").write_text("this is no picture")
    whole = (source / "good.jpg").read_bytes()
    (source / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    return source


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".imgpipe" not in path.parts
    }


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, bytes]]:
    """The files below a folder with their bytes, our own records left out."""
    return _tree


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, smooth) -> Path:
    """More pictures than are in hand at any moment, to be read alone."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(60):
        pil.fromarray(smooth(300 + number, 200)).save(folder / f"{number:02}.png")
    return folder


def _waiting(turns: Turns) -> threading.Event:
    had = threading.Event()

    def take() -> None:
        with turns.one():
            had.set()

    threading.Thread(target=take, daemon=True).start()
    return had


@pytest.fixture(scope="session")
def waiting() -> Callable[[Turns], threading.Event]:
    """(turns) -> an event that is set once a thread that waits for one has had it."""
    return _waiting


@pytest.fixture(scope="session")
def gives_way() -> Callable[[Callable[[], object]], bool]:
    """(work) -> whether another thread gets its turn while that is done, again and again."""
    seconds = 10  # in which the slowest is done, and the other thread wakes up

    def ask(work: Callable[[], object]) -> bool:
        turns = Turns(patience=3 * seconds)
        with turns.one():
            had, end = _waiting(turns), time.monotonic() + seconds
            while not had.is_set() and time.monotonic() < end:
                work()
            return had.is_set()

    return ask
