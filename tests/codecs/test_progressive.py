"""A progressive JPEG made sequential decodes to the very same pixels."""

import itertools
import os
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from imgpipe import DecodeError, ImageFormat
from imgpipe.codecs.markers import walk
from imgpipe.codecs.progressive import sequential
from PIL import Image as pil

from .scans import FACTORS, Scan, blocks, scripts, write

jpeg = pytest.importorskip("imgpipe.codecs.jpeg")
simplejpeg = pytest.importorskip("simplejpeg")

NATIVE = {1: "GRAY", 3: "RGB"}
SAMPLINGS = ["4:4:4", "4:2:2", "4:2:0", "4:1:1"]
SIZES = [(1, 1), (1, 8), (9, 1), (8, 8), (17, 33), (64, 48), (200, 131), (641, 7)]


def noise(width: int, height: int, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(width * 7 + height)
    waves = np.sin(np.arange(width) / 9) * np.cos(np.arange(height) / 7)[:, None]
    base = 128 + 80 * waves[..., None] * np.arange(1, channels + 1) / channels
    return (base + rng.normal(0, 25, (height, width, channels))).clip(0, 255).astype(np.uint8)


def smaller(data: bytes, colours: str, scale: int) -> np.ndarray:
    found = walk(data)
    wanted = {"min_height": -(-found.height // scale), "min_width": -(-found.width // scale)}
    return simplejpeg.decode_jpeg(data, colours, **wanted)


def check(data: bytes) -> None:
    """All decodes alike; one of a single pixel at 1/8 simplejpeg may make at another scale."""
    head = jpeg.head(data, ImageFormat.JPEG)
    whole, grey = sequential(data), sequential(data, grey=True)
    assert walk(whole).coding == walk(grey).coding == 1
    assert len(walk(grey).sampling) == 1
    for scale in (1, 2, 4, 8):
        native = NATIVE[head.channels]
        decoded = jpeg.decode(data, head, scale).pixels
        assert np.array_equal(decoded, smaller(data, native, scale)), scale
        assert np.array_equal(smaller(whole, "RGB", scale), smaller(data, "RGB", scale)), scale
        assert np.array_equal(smaller(grey, "GRAY", scale), smaller(data, "GRAY", scale)), scale
    if max(head.width, head.height) > 8:
        for colours in ("RGB", "GRAY"):
            fewer = sequential(data, grey=colours == "GRAY", eighth=True)
            assert walk(fewer).coding == 1
            assert np.array_equal(smaller(fewer, colours, 8), smaller(data, colours, 8)), colours


@pytest.mark.parametrize(("scale", "grey"), [(1, False), (4, True), (8, False), (8, True)])
def test_large_pictures_are_decoded_as_ever(scale: int, grey: bool, encoded) -> None:
    data = encoded(noise(1200, 900), "JPEG", progressive=True)
    decoded = jpeg.decode(data, jpeg.head(data, ImageFormat.JPEG), scale, grey=grey)
    assert np.array_equal(decoded.pixels, smaller(data, "GRAY" if grey else "RGB", scale))


def check_left_alone(data: bytes) -> None:
    for grey, eighth in itertools.product((False, True), repeat=2):
        assert sequential(data, grey=grey, eighth=eighth) is data


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("subsampling", [*SAMPLINGS, "grey"])
def test_pillows_files(subsampling: str, size, encoded) -> None:
    pixels = noise(*size, 1 if subsampling == "grey" else 3)
    options = {} if subsampling == "grey" else {"subsampling": subsampling}
    check(encoded(pixels, "JPEG", quality=88, progressive=True, **options))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(SAMPLINGS), st.integers(1, 75))
def test_any_size_and_quality(width: int, height: int, subsampling: str, quality: int) -> None:
    buffer = BytesIO()
    picture = pil.fromarray(noise(width, height))
    picture.save(buffer, "JPEG", quality=quality, progressive=True, subsampling=subsampling)
    check(buffer.getvalue())


def test_more_blocks_than_one_run_holds(encoded) -> None:
    flat = noise(2100, 1300)
    check(encoded(flat, "JPEG", quality=30, progressive=True, subsampling="4:4:4"))
    check(encoded(flat, "JPEG", quality=30, progressive=True, subsampling="4:2:0"))


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(sorted(FACTORS)), st.integers(1, 40), st.integers(1, 40))
def test_any_script(data: st.DataObject, kind: str, width: int, height: int) -> None:
    factors, size = FACTORS[kind], (width, height)
    script = data.draw(scripts(len(factors)))
    seed = data.draw(st.integers(0, 999))
    made = blocks(np.random.default_rng(seed), size, factors)
    check(write(size, factors, made, script))


LIBJPEG_SCRIPTS = {
    "bands alone": "0 1 2: 0-0, 0, 0; 0: 1-5, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 0: 6-63, 0, 0;",
    "colours first": "0: 0-0, 0, 0; 1: 0-0, 0, 0; 2: 0-0, 0, 0; 2: 1-63, 0, 0; 1: 1-63, 0, 0;"
    "0: 1-63, 0, 2; 0: 1-63, 2, 1; 0: 1-63, 1, 0;",
    "DC refined last": "0 1 2: 0-0, 0, 1; 0: 1-63, 0, 0; 1: 1-63, 0, 1; 2: 1-63, 0, 0;"
    "1: 1-63, 1, 0; 0 1 2: 0-0, 1, 0;",
    "one coefficient a scan": "0 1 2: 0-0, 0, 0;"
    + "".join(f"0: {k}-{k}, 0, 0;" for k in range(1, 64))
    + "2: 1-63, 0, 0; 1: 1-63, 0, 0;",
}


def cjpeg(pixels: np.ndarray, folder: Path, *options: str) -> bytes:
    if not shutil.which("cjpeg"):
        pytest.skip("cjpeg is not installed")
    pil.fromarray(pixels).save(folder / "in.ppm")
    command = ["cjpeg", "-quality", "85", *options, str(folder / "in.ppm")]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("name", LIBJPEG_SCRIPTS)
@pytest.mark.parametrize("sampling", ["1x1", "2x1", "1x2", "2x2"])
def test_cjpegs_files(name: str, sampling: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(LIBJPEG_SCRIPTS[name])
    options = "-sample", sampling, "-scans", str(tmp_path / "script")
    check(cjpeg(noise(123, 77), tmp_path, *options))


def test_arithmetic_coding_is_left_alone(tmp_path: Path) -> None:
    data = cjpeg(noise(64, 48), tmp_path, "-arithmetic", "-progressive")
    check_left_alone(data)


def test_nor_are_restarts_and_baseline_and_four_components_touched(encoded) -> None:
    for data in (
        encoded(noise(64, 48), "JPEG", progressive=True, restart_marker_blocks=3),
        encoded(noise(64, 48), "JPEG", progressive=False),
        _cmyk(noise(64, 48, 4)),
    ):
        check_left_alone(data)


def _cmyk(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    pil.fromarray(pixels, "CMYK").save(buffer, "JPEG", progressive=True)
    return buffer.getvalue()


def test_components_called_r_g_and_b_have_no_luma(encoded) -> None:
    """So libjpeg says where neither JFIF nor Adobe does."""
    data = encoded(
        noise(64, 48), "JPEG", keep_rgb=True, progressive=True, quality=90, subsampling="4:4:4"
    )
    at = 2
    while data[at + 1] in (0xE0, 0xEE):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    bare = data[:2] + data[at:]
    head = jpeg.head(bare, ImageFormat.JPEG)
    check_left_alone(bare)
    expected = simplejpeg.decode_jpeg(bare, "GRAY")
    assert np.array_equal(jpeg.decode(bare, head, grey=True).pixels, expected)


WHOLE = [Scan((0, 1, 2)), *(Scan((name,), 1, 63) for name in range(3))]


@pytest.mark.parametrize(
    "script",
    [
        [Scan((1, 0, 2)), *WHOLE[1:]],
        WHOLE[:-1],
        [*WHOLE, WHOLE[1]],
        [WHOLE[0], WHOLE[0], *WHOLE[1:]],
        [*WHOLE[1:], WHOLE[0]],
        [Scan((0, 1, 2), after=1), *WHOLE[1:]],
        [*WHOLE[:3], Scan((2,), 1, 62)],
        [*WHOLE[:3], Scan((2,), 1, 63, after=2), Scan((2,), 1, 63, 1, 0)],
        [*WHOLE[:3], Scan((2,), 1, 63, after=2), Scan((2,), 1, 63, 2, 0)],
        WHOLE[1:],
        [],
    ],
    ids=str,
)
def test_what_lacks_scans_or_has_them_twice_or_turned_round_is_left_alone(script) -> None:
    factors = FACTORS["4:4:4"]
    made = blocks(np.random.default_rng(3), (33, 31), factors)
    whole, odd = (write((33, 31), factors, made, one) for one in (WHOLE, script))
    assert sequential(whole) is not whole
    check_left_alone(odd)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_file_cut_short_is_left_alone_and_fails_as_ever(data: st.DataObject) -> None:
    buffer = BytesIO()
    pil.fromarray(noise(90, 70)).save(buffer, "JPEG", quality=75, progressive=True)
    whole = buffer.getvalue()
    cut = whole[: data.draw(st.integers(2, len(whole) - 2))]
    check_left_alone(cut)


@pytest.mark.parametrize("factors", [0x00, 0x01, 0x10])
def test_a_component_without_samples_is_left_to_the_decoder(factors: int, encoded) -> None:
    data = bytearray(encoded(noise(90, 70), "JPEG", quality=75, progressive=True))
    for component in range(3):
        data[data.index(b"\xff\xc2") + 11 + 3 * component] = factors
    check_left_alone(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 5000), st.integers(0, 80))
def test_whatever_is_written_over_nothing_but_a_jpeg_error_comes(junk, at, gone) -> None:
    buffer = BytesIO()
    pil.fromarray(noise(90, 70)).save(buffer, "JPEG", quality=75, progressive=True)
    data = buffer.getvalue()
    sequential(data[: at % len(data)] + junk + data[at % len(data) + gone :])


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(SAMPLINGS), st.integers(1, 3))
def test_damage_that_is_taken_means_the_same_to_the_decoder(data, subsampling, hit) -> None:
    buffer = BytesIO()
    picture = pil.fromarray(noise(70, 50))
    picture.save(buffer, "JPEG", quality=75, progressive=True, subsampling=subsampling)
    damaged = bytearray(buffer.getvalue())
    for _ in range(hit):
        start, end = _scan_data(damaged, data.draw(st.integers(0, 5)))
        damaged[data.draw(st.integers(start, end - 1))] = data.draw(st.integers(0, 254))
    made = sequential(bytes(damaged))
    if walk(made).coding == 1:
        assert np.array_equal(smaller(made, "RGB", 1), smaller(bytes(damaged), "RGB", 1))


BANDS = [(0, 0), (1, 63)]


@pytest.mark.parametrize(
    ("at", "value", "after"), [(0, 1 << 16, 6), (1, (1 << 16) + 3, 2), (1, -1 << 15, 13)]
)
def test_a_number_of_more_than_sixteen_bits_is_left_to_the_decoder(at, value, after) -> None:
    """Which cuts it, and so what follows may mean something else."""
    lanes = [[Scan((0,), first, last, 0, after if first == at else 0)] for first, last in BANDS]
    lanes[at] += [Scan((0,), *BANDS[at], bit, bit - 1) for bit in range(after, 0, -1)]
    made = [np.zeros((1, 1, 64), int)]
    made[0][0, 0, at] = value
    data = write((8, 8), FACTORS["grey"], made, [*lanes[0], *lanes[1]])
    assert sequential(data) is data


def test_a_flat_picture_whose_blocks_hold_next_to_nothing(encoded) -> None:
    for level in (0, 77, 255):
        check(encoded(np.full((800, 1300, 3), level, np.uint8), "JPEG", progressive=True))


DC_FIRST = [Scan((0,)), Scan((0,), 1, 63)]


@pytest.mark.parametrize(("at", "most"), [(0, 2047), (1, 1023), (63, 1023)])
@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_that_a_sequential_scan_cannot_tell_are_left_to_the_decoder(at, most, sign) -> None:
    made = [np.zeros((2, 2, 64), int)]
    made[0][0, 1, at] = sign * most
    assert walk(sequential(write((16, 16), FACTORS["grey"], made, DC_FIRST))).coding == 1
    made[0][0, 1, at] = sign * (most + 1)
    more = write((16, 16), FACTORS["grey"], made, DC_FIRST)
    assert sequential(more) is more


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


TABLE_OF_300 = _segment(0xC4, bytes([0x03, *[0] * 8, 200, 100, *[0] * 6]) + bytes(300))
ODD = {  # segments that decoders refuse or warn of, and whether they stand behind the first scan
    "a table of 300 code words": (TABLE_OF_300, False),
    "a table of DC with a symbol of AC": (_segment(0xC4, bytes([3, 1, *[0] * 15, 0x50])), False),
    "a scan of no component": (_segment(0xDA, bytes(4)), True),
    "no restart interval": (_segment(0xDD, b""), False),
    "a restart interval of three bytes": (_segment(0xDD, bytes(3)), False),
    "JFIF": (_segment(0xE0, b"JFIF\0\5\1\0\0\1\0\1\0\0"), True),
    "Adobe": (_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"), True),
    "ICC": (_segment(0xE2, b"ICC_PROFILE\0\5\1"), True),
    "quantization": (_segment(0xDB, bytes([0, *[1] * 64])), True),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_segments_are_left_to_the_decoder(name: str, encoded) -> None:
    data = encoded(noise(90, 70), "JPEG", quality=75, progressive=True)
    segment, behind = ODD[name]
    at = _scan_data(data, 0)[1] if behind else data.index(b"\xff\xc4")
    check_left_alone(data[:at] + segment + data[at:])


def test_so_are_odd_frames(encoded) -> None:
    data = encoded(noise(90, 70), "JPEG", quality=75, progressive=True)
    frame = data.index(b"\xff\xc2")
    length = int.from_bytes(data[frame + 2 : frame + 4])
    shorter = (length - 1).to_bytes(2) + data[frame + 4 : frame + 1 + length]
    check_left_alone(data[: frame + 2] + shorter + data[frame + 2 + length :])
    check_left_alone(data[: frame + 15] + b"\3" + data[frame + 16 :])  # a table that is not there


@pytest.mark.parametrize("scan", range(6))
def test_bytes_left_over_in_a_scan_are_left_to_the_decoder(scan: int, encoded) -> None:
    data = encoded(noise(90, 70), "JPEG", quality=75, progressive=True)
    _, end = _scan_data(data, scan)
    assert sequential(data) is not data
    longer = data[:end] + b"\x55" + data[end:]
    assert sequential(longer) is longer


def _scan_data(data: bytes | bytearray, wanted: int) -> tuple[int, int]:
    """Where the coded data of the scan of that number lies."""
    found = [match.start() for match in re.finditer(rb"\xff\xda", data)][wanted]
    start = found + 2 + int.from_bytes(data[found + 2 : found + 4])
    return start, re.compile(rb"\xff[^\0]").search(data, start).start()


def test_damage_is_noticed_where_it_would_be_seen_and_only_there(encoded) -> None:
    """A scan of DC, 0, decides pixels at 1/8; the last one, of luma's last bits, none of them.

    Number 2, of a colour, decides none that are grey.
    """
    data = encoded(noise(300, 220), "JPEG", quality=75, progressive=True, subsampling="4:4:4")
    head = jpeg.head(data, ImageFormat.JPEG)
    right = jpeg.decode(data, head, 8)
    seen, unseen = bytearray(data), bytearray(data)
    start, end = _scan_data(data, 0)
    del seen[start + 20 : end - 5]
    start, end = _scan_data(data, -1)
    del unseen[start + 20 : end - 5]
    assert any(loss.kind == "damage" for loss in jpeg.decode(bytes(seen), head, 8).lost)
    assert np.array_equal(jpeg.decode(bytes(unseen), head, 8).pixels, right.pixels)
    assert any(loss.kind == "damage" for loss in jpeg.decode(bytes(unseen), head, 4).lost)
    colour = bytearray(data)
    start, end = _scan_data(data, 2)
    del colour[start + 20 : end - 5]
    grey = jpeg.decode(data, head, grey=True)
    assert np.array_equal(jpeg.decode(bytes(colour), head, grey=True).pixels, grey.pixels)
    assert any(loss.kind == "damage" for loss in jpeg.decode(bytes(colour), head).lost)


@pytest.mark.skipif("IMGPIPE_CORPUS" not in os.environ, reason="no folder of pictures is named")
def test_every_progressive_file_of_the_corpus() -> None:
    seen = 0
    for path in sorted(Path(os.environ["IMGPIPE_CORPUS"]).rglob("*.jp*g")):
        data = path.read_bytes()
        try:
            if walk(data).coding != 2 or not jpeg._takes(walk(data)):
                continue
            simplejpeg.decode_jpeg(data, "GRAY")
        except (ValueError, DecodeError):
            continue
        if sequential(data) is not data:
            check(data)
            seen += 1
    print(f"{seen} files made sequential")
    assert seen
