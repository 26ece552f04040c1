"""JPEG XLs of many frames, against what libjxl shows of them."""

import tracemalloc
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    DecodeError,
    ImageFormat,
    LimitExceeded,
    PipelineConfig,
    decode_image,
    encode_image,
    open_image,
    run_pipeline,
)
from imgpipe.codecs import codec, jxlhead
from imgpipe.files import ImageFile
from imgpipe.steps.decode import read_head
from imgpipe.steps.load import load, peek

imagecodecs = pytest.importorskip("imagecodecs")

# By libjxl's own encoder: 4 frames of 16x12 with times, of which two cover a part alone and are
# laid on those before, one of them for no time at all. The others are shown for these times.
MILLISECONDS = [50, 300, 7000]
OPAQUE = b64decode(
    "/wpYMMFoERMIBMoEAAAACAAAdABLKCTGRUFBANQ6xRjEC4QA8En0AEBIDPlIwQwQAggkBiCAgAEBAAAAoAguTI4OAG"
    "wASxiLFcIJMm/vSBcIAWCQ+9G5zBeHAAAAQAAACCQDBICAQc0SAAAAAAAAAAAAbABLGIsVwgkybwXvFwgB4CH3tufB"
    "SlAAAAAoAAAIBGNtAAAAAAAABAB8AEsYixUA1DrFGGMkLxACQCY1BAADOeTngGbG4+YHiD4="
)
CLEAR = b64decode(
    "/wpYMMFosSYIEKBMAAAAgAAAjABLGJOOhYMAqHWKMcaLuoAMAI0kTaiQj60kLiRAcD/nYbBQAAiQGIAAAgZEAAAAAC"
    "iCC5OjAwB4AEsYixXCCTJv70gXEAFgkPvRucxXd4JxCAAAAAQAAAiQDBAAAgYi0SwBAAAAAAAAAAB4AEsYixXCCTJv"
    "D+oXEAHgIfe2Z2F13yscAgAAAAEAAAgQMNYGAAAAAABAAACUAEsYk46FgwCodYoxxqMuIANAIUG7AGQQwef9S+JC9o"
    "sgYUwCGgI="
)
WITH_PROFILE = b64decode(
    "/woYEMEAQvJWMSAnJgIIqzH3UBFCyOb6fr5KdYZOcE3fm0RTS3hCzS4NjpYaGD01OF7rYwoTWncJjUBkNDYiQ3ytmx"
    "fRsQEgc9ic0w/wFe+pss0hFk7iKEAF7omCVoXM5Ego4rMZTDr+EK8g8SksCSXrlEhIdPhsQoPUpJBZMvlAnApI8KHA"
    "QgIlqUMJEkjEgQ8bQgxIMaFAhoVMboSdSjaDx+LwSSwO58cYlbBhwIMFBz4kXG8n98C/5ucx54qM33WEJ8NXNHcA6n"
    "UJz8nDSd1Ag8mw3xWknQGBfGi/OWAs5wAIBMoAAEAASxiLFUK58AOQBAAAAAAAAAgEygQAQABLGIsVwkEBHoBIAAAA"
    "AAAA"
)
ONE_SHOWN = b64decode(
    "/woYEMEAYgIIBAAAAEAASxiLFUK58AOQBAAAAAAAAAgEAAAAQABLGIsVwkEBHoBIAAAAAAAACATyBABAAEsYixXCSU"
    "EegCwAAAAAAAA="
)


def tenths(frames: np.ndarray, **options) -> bytes:
    """A film by imagecodecs, which shows each frame for a tenth of a second."""
    return bytes(imagecodecs.jpegxl_encode(frames, **options))


@pytest.mark.parametrize("data", [OPAQUE, CLEAR], ids=["opaque", "clear"])
def test_frames_are_those_that_libjxl_shows_for_the_time_that_is_told(data: bytes) -> None:
    image = decode_image(data)
    assert image.lost == ()
    assert (image.loops, [frame.duration for frame in image.frames]) == (3, MILLISECONDS)
    assert read_head(data).frames == 3
    assert np.array_equal(imagecodecs.jpegxl_decode(data), [frame.pixels for frame in image.frames])


@pytest.mark.parametrize("size", [(9, 7), (300, 700), (513, 20)], ids=str)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("options", [{"lossless": True}, {"distance": 3.0}], ids=["whole", "lossy"])
def test_frames_of_every_kind_are_found(dtype, channels, size, options) -> None:
    rng = np.random.default_rng(channels)
    pixels = rng.integers(0, np.iinfo(dtype).max, (3, *size, channels), dtype)
    data = tenths(pixels, effort=1, **options)
    image = decode_image(data)
    assert [frame.duration for frame in image.frames] == [100] * 3
    if "lossless" in options and dtype is np.uint8:
        assert np.array_equal([frame.pixels for frame in image.frames], pixels)


def test_a_jpeg_xl_becomes_the_same_film_in_other_formats(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jxl").write_bytes(CLEAR)
    for format in (ImageFormat.PNG, ImageFormat.WEBP):
        settings = {"format": format, "lossless": True, "forbid_loss": {"animation"}}
        config = PipelineConfig(tmp_path / "in", tmp_path / format.name, **settings)
        assert not run_pipeline(config).failed
        made = open_image(tmp_path / format.name / f"x{format.extension}")
        assert (made.loops, [frame.duration for frame in made.frames]) == (3, MILLISECONDS)
        for ours, theirs in zip(made.stills(), imagecodecs.jpegxl_decode(CLEAR), strict=True):
            shown = np.asarray(ours.to_pil().convert("RGBA"))
            clear = theirs[..., 3] == 0
            assert np.array_equal(shown[~clear], theirs[~clear])
            assert not shown[clear][:, 3].any()


def test_a_film_that_is_written_as_jpeg_xl_keeps_its_first_frame_and_says_so(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jxl").write_bytes(OPAQUE)
    config = PipelineConfig(tmp_path / "in", tmp_path / "out", forbid_loss={"animation"})
    ((_, why),) = run_pipeline(config).failed
    assert "animation (frames after the first)" in why
    still = decode_image(encode_image(decode_image(OPAQUE), ImageFormat.JXL))
    assert not still.frames
    assert still.lost == ()


def test_the_first_frame_alone_is_read_where_it_is_enough() -> None:
    head = read_head(OPAQUE)
    still = codec(ImageFormat.JXL).decode(OPAQUE, head)
    assert np.array_equal(still.pixels, imagecodecs.jpegxl_decode(OPAQUE, index=0))
    assert [str(loss) for loss in still.lost] == ["animation (frames after the first)"]


def test_where_times_cannot_be_told_the_first_frame_is_left_and_the_loss_told() -> None:
    long = np.random.default_rng(1).integers(0, 256, (2, 2060, 20, 3), np.uint8)
    coded_order = tenths(long, effort=1, lossless=True)  # which libjxl takes for large pictures
    for data, others in ((WITH_PROFILE, {"profile"}), (coded_order, set())):
        frames, image = imagecodecs.jpegxl_decode(data), decode_image(data)
        assert len(frames) == 2
        assert not image.frames
        assert np.array_equal(image.pixels, frames[0])
        assert {loss.kind for loss in image.lost} == {"animation"} | others


def test_a_film_of_one_frame_that_is_shown_is_a_picture() -> None:
    image = decode_image(ONE_SHOWN)
    assert imagecodecs.jpegxl_decode(ONE_SHOWN).shape == (4, 4, 3)
    assert not image.frames
    assert image.lost == ()


def test_limits_hold_for_frames_of_jpeg_xl() -> None:
    data = tenths(np.zeros((257, 2, 2, 3), np.uint8), effort=1)
    assert read_head(data).frames == 257
    with pytest.raises(LimitExceeded, match="at most 256 frames, got 257"):
        decode_image(data)


@pytest.mark.parametrize("fraction", [0.1, 0.4, 0.7, 0.95])
def test_a_film_cut_short_is_an_error_in_one_sentence(fraction: float) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (4, 50, 50, 3), np.uint8)
    data = tenths(pixels, lossless=True)
    with pytest.raises(DecodeError, match="^Expected a whole JPEG XL picture, got: [^\n]+$"):
        decode_image(data[: int(len(data) * fraction)])


def test_frames_are_counted_in_a_file_that_is_longer_than_its_head(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (4, 150, 150, 3), np.uint8)
    path = tmp_path / "x.jxl"
    path.write_bytes(tenths(pixels, lossless=True))
    file = ImageFile(path, path.stat().st_size, ImageFormat.JXL)
    assert file.size_bytes > 2**17
    assert peek(file).frames == load(file).head.frames == 4


def in_bits(*numbers: tuple[int, int]) -> bytes:
    """Numbers of so many bits, the lowest first, up to a whole byte."""
    text = "".join(f"{number:0{count}b}"[::-1] for number, count in numbers if count)
    return int(text[::-1], 2).to_bytes(-(-len(text) // 8), "little")


# 8x8 pixels, an animation of 100 ticks a second, all else as usual or told to be so.
FILM = in_bits(
    *((0x0AFF, 16), (1, 1), (0, 5), (1, 3), (0, 1), (1, 1), (0, 3), (0, 1), (0, 1), (1, 1)),
    *((0, 2), (0, 2), (0, 2), (0, 1), (0, 1), (0, 2), (1, 1), (0, 2), (1, 1), (1, 1), (1, 1)),
    *((0, 2), (1, 1)),
)
FRAME = (0, 1), (0, 2), (0, 1), (0, 2), (0, 2), (0, 6), (0, 2), (0, 1), (0, 2), (1, 2)
NEXT = in_bits(*FRAME, (0, 1), (0, 2), (0, 2), (1, 1), (0, 2), (0, 1)) + in_bits((0, 12))
LAST = in_bits(*FRAME, (1, 1), (0, 2), (1, 1), (0, 2), (0, 1))


@pytest.mark.parametrize(("others", "frames"), [(9, 10), (255, 256), (17000, 1)])
def test_frames_are_counted_up_to_more_than_is_ever_read(others: int, frames: int) -> None:
    assert read_head(FILM + NEXT * others + LAST).frames == frames


def test_what_is_passed_over_takes_no_memory() -> None:
    size = 2**26  # bits of an extension
    told = [(1, 2), (0, 4), (3, 2), (size & 0xFFF, 12)]
    told += [(1, 1), (size >> 12 & 0xFF, 8), (1, 1), (size >> 20, 8), (0, 1)]
    data = FILM + in_bits(*FRAME, (1, 1), (0, 2), (1, 1), *told) + bytes(size // 8)
    tracemalloc.start()
    try:
        assert read_head(data).frames == 1
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    with pytest.raises(DecodeError, match="cut short"):
        read_head(data[:-9])


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("associated", [0, 1])
def test_alpha_that_was_multiplied_into_colours_is_taken_out(associated, channels) -> None:
    pixels = np.full((8, 8, channels), 100, np.uint8)
    pixels[..., -1] = 128
    made = bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, usecontainer=False))
    colours = [(0, 1), (0, 1), (1, 2), (1, 2), (0, 1), (2, 2), (11, 4), (1, 2)]  # sRGB's of grey
    head = in_bits(
        *((0x0AFF, 16), (1, 1), (0, 5), (1, 3), (0, 1), (0, 1), (0, 1), (0, 2), (1, 1), (1, 2)),
        *((0, 1), (0, 2), (0, 1), (0, 2), (0, 2), (0, 2), (associated, 1), (0, 1)),
        *(colours if channels == 2 else [(1, 1)]),
        *((0, 2), (1, 1)),
    )
    data = head + made[jxlhead.read_head(made).frames_at :]
    assert np.array_equal(imagecodecs.jpegxl_decode(data), pixels)
    shown = decode_image(data).pixels
    assert np.array_equal(shown[..., -1], pixels[..., -1])
    assert (shown[..., :-1] == (199 if associated else 100)).all()
