import numpy as np
import pytest
from imgpipe.kernels import resize
from PIL import Image as pil

from .pictures import FILLS, LAYOUTS, picture
from .reference import FILTERS, resample, resample_with_alpha

every_filter = pytest.mark.parametrize("filter", FILTERS)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
opaque_layouts = pytest.mark.parametrize("layout", ["HW", "HW1", "HW3"])
alpha_layouts = pytest.mark.parametrize("layout", ["HW2", "HW4"])

# (height, width) of the input to (width, height) of the result
CHANGES = {
    "down": ((40, 50), (23, 31)),
    "down far": ((203, 301), (7, 5)),
    "up": ((21, 33), (70, 45)),
    "wider and lower": ((40, 50), (90, 7)),
    "narrower and higher": ((40, 50), (7, 90)),
    "by one": ((64, 65), (64, 65)),
    "to half": ((32, 66), (33, 16)),
    "to double": ((16, 33), (66, 32)),
    "one row": ((1, 50), (9, 1)),
    "one row up": ((1, 9), (65, 3)),
    "one column": ((50, 1), (1, 9)),
    "to one pixel": ((33, 65), (1, 1)),
    "from one pixel": ((1, 1), (5, 67)),
    "to 5000": ((3, 65), (5000, 2)),
    "from 5000": ((3, 5000), (65, 2)),
}
every_change = pytest.mark.parametrize(("shape", "size"), CHANGES.values(), ids=CHANGES)


def assert_within_one_level(result: np.ndarray, expected: np.ndarray) -> np.ndarray:
    error = np.abs(result - np.clip(expected, 0, 255))
    assert error.max() <= 1
    return error


@every_change
@every_filter
@opaque_layouts
def test_resize_is_within_one_level(layout: str, filter: str, shape, size) -> None:
    array = picture((*shape, *LAYOUTS[layout]))
    result = resize(array, size, filter=filter)
    assert result.shape == (size[1], size[0], *LAYOUTS[layout])
    error = assert_within_one_level(result, resample(array, size, filter))
    assert error.size < 1000 or error.mean() <= 0.3  # rounding alone gives 0.25


@every_filter
@pytest.mark.parametrize("fill", FILLS)
def test_resize_neither_overflows_nor_wraps(fill: str, filter: str) -> None:
    for shape, size in (((40, 53, 3), (23, 31)), ((12, 15, 3), (70, 66)), ((9, 64), (70, 3))):
        array = picture(shape, fill)
        assert_within_one_level(resize(array, size, filter=filter), resample(array, size, filter))


@pytest.mark.parametrize("filter", ["bilinear", "bicubic", "lanczos3"])
def test_rounding_between_the_passes_leans_to_neither_side(filter: str) -> None:
    array = picture((300, 400, 2)) // 2 + 64
    size = (371, 283)
    grey = resize(array[..., 0], size, filter=filter) - resample(array[..., 0], size, filter)
    colours, opacity = resample_with_alpha(array, size, filter)
    with_alpha = resize(array, size, filter=filter) - np.concatenate([colours, opacity], axis=2)
    assert np.abs([grey.mean(), *with_alpha.mean(axis=(0, 1))]).max() <= 0.004


@every_change
@every_filter
@alpha_layouts
def test_resize_premultiplies_alpha_within_one_level(layout: str, filter: str, shape, size) -> None:
    array = picture((*shape, *LAYOUTS[layout]))
    result = resize(array, size, filter=filter)
    colours, opacity = resample_with_alpha(array, size, filter)
    assert result.shape == (size[1], size[0], *LAYOUTS[layout])
    assert np.abs(result[..., -1:] - np.clip(opacity, 0, 255)).max() <= 1
    error = np.abs(result[..., :-1] - np.clip(colours, 0, 255))
    seen = np.clip(opacity, 0, 255) / 255
    assert (error * seen).max() <= 1
    assert (error * (seen > 1 / 16)).max() <= 1


@every_change
@every_filter
@alpha_layouts
def test_an_opaque_picture_stays_opaque_and_loses_no_colour(
    layout: str, filter: str, shape, size
) -> None:
    array = picture((*shape, *LAYOUTS[layout]))
    array[..., -1] = 255
    result = resize(array, size, filter=filter)
    assert (result[..., -1] == 255).all()
    assert_within_one_level(result[..., :-1], resample(array[..., :-1], size, filter))


@pytest.mark.parametrize("filter", FILTERS[1:])  # the nearest pixel is taken as it is
@pytest.mark.parametrize("width", [3, 17, 20, 40, 77])
def test_colour_hidden_by_alpha_bleeds_into_nothing(width: int, filter: str) -> None:
    array = np.zeros((4, 40, 4), np.uint8)
    array[:, :20] = (255, 0, 0, 0)
    array[:, 20:] = (0, 0, 255, 255)
    result = resize(array, (width, 6), filter=filter)
    assert not result[..., :2].any()
    assert (result[result[..., 3] > 0][:, 2] == 255).all()


@every_filter
@alpha_layouts
def test_a_wholly_transparent_picture_stays_so(layout: str, filter: str) -> None:
    array = picture((9, 20, *LAYOUTS[layout]))
    array[..., -1] = 0
    assert not resize(array, (31, 5), filter=filter)[..., -1].any()


@every_filter
@every_layout
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (63, 65), (64, 64), (5000, 2)], ids=str)
def test_its_own_size_leaves_a_picture_as_it_is(size, layout: str, filter: str) -> None:
    array = picture((size[1], size[0], *LAYOUTS[layout]))
    if layout in ("HW2", "HW4"):
        array[..., -1] = np.maximum(array[..., -1], 1)  # what cannot be seen may lose its colour
    assert np.array_equal(resize(array, size, filter=filter), array)


@every_filter
@every_layout
def test_every_flat_picture_stays_flat(layout: str, filter: str) -> None:
    for value in (0, 1, 2, 3, 100, 127, 128, 129, 200, 253, 254, 255):
        flat = np.full((7, 10, *LAYOUTS[layout]), value, np.uint8)
        for size in ((3, 3), (23, 5), (10, 31)):
            assert (resize(flat, size, filter=filter) == value).all()


@pytest.mark.parametrize("alpha", [1, 2, 77, 254])
@every_filter
def test_a_flat_colour_stays_flat_under_any_one_alpha(filter: str, alpha: int) -> None:
    for value in range(1, 256, 2):
        flat = np.full((7, 10, 2), (value, alpha), np.uint8)
        for size in ((3, 3), (23, 5)):
            result = resize(flat, size, filter=filter)
            assert (result[..., 1] == alpha).all()
            assert np.abs(result[..., 0].astype(int) - value).max() <= (1 if alpha < 16 else 0)


@pytest.mark.parametrize("length", [150, 1000, 3000, 20_000, 65_535])
@pytest.mark.parametrize("turned", [False, True], ids=["row", "column"])
def test_a_ramp_of_any_length_shrinks_to_its_mean(length: int, turned: bool) -> None:
    ramp = np.linspace(0, 255, length).round().astype(np.uint8)[np.newaxis]
    result = resize(ramp.T if turned else ramp, (1, 1), filter="box")
    assert abs(int(result[0, 0]) - ramp.mean()) <= 1


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("length", [2000, 65_535, 400_000])
@pytest.mark.parametrize("turned", [False, True], ids=["row", "column"])
def test_no_length_wears_out_the_sums_of_a_deep_picture(turned: bool, length: int, dtype) -> None:
    white = 65535 if dtype == np.uint16 else 1
    noise = np.random.default_rng(3).uniform(0.9 * white, white, (1, length)).astype(dtype)
    result = resize(noise.T if turned else noise, (1, 1), filter="box")
    mean = noise.mean(dtype=np.float64)
    assert abs(result[0, 0] - mean) <= (0.6 if dtype == np.uint16 else 1e-5)


@pytest.mark.parametrize("turned", [False, True], ids=["row", "column"])
def test_no_length_wears_out_the_sums_of_a_picture_with_alpha(turned: bool) -> None:
    array = np.full((1, 400_000, 2), 251, np.uint8)
    result = resize(array.swapaxes(0, 1) if turned else array, (1, 1), filter="box")
    assert result.tolist() == [[[251, 251]]]


@pytest.mark.parametrize("layout", ["HW", "HW3"])
@pytest.mark.parametrize("filter", ["box", "bilinear"])
@every_change
def test_resize_is_within_one_level_of_pillow(shape, size, filter: str, layout: str) -> None:
    array = picture((*shape, *LAYOUTS[layout]))
    pillow = pil.fromarray(array).resize(size, pil.Resampling[filter.upper()])
    error = resize(array, size, filter=filter).astype(int) - np.asarray(pillow)
    assert np.abs(error).max() <= 1


@pytest.mark.parametrize(("filter", "pillow"), [("bicubic", "BICUBIC"), ("lanczos3", "LANCZOS")])
@every_change
def test_sharp_filters_are_pillows_on_soft_pictures(shape, size, filter: str, pillow: str) -> None:
    array = picture(shape) // 4 + 96  # Pillow clamps between its passes; here nothing clips
    expected = pil.fromarray(array).resize(size, pil.Resampling[pillow])
    assert np.abs(resize(array, size, filter=filter).astype(int) - np.asarray(expected)).max() <= 1


def test_width_and_height_are_not_exchanged() -> None:
    assert resize(np.zeros((3, 5, 3), np.uint8), (7, 2)).shape == (2, 7, 3)


def test_lanczos3_is_what_is_meant_without_a_filter() -> None:
    array = picture((20, 30, 3))
    assert np.array_equal(resize(array, (11, 12)), resize(array, (11, 12), filter="lanczos3"))


PARTS = {
    "down": ((40, 50), (23, 31), (0, 0.75, 49.25, 39.0)),
    "up": ((21, 33), (70, 45), (0.5, 0, 32.125, 20.5)),
    "from the middle": ((40, 50), (9, 7), (13.6, 20.1, 20.3, 11.9)),
    "of a pixel": ((5, 5), (3, 3), (2.1, 0, 0.7, 0.3)),
    "pairs of an odd number": ((41, 51), (26, 21), (0, 0, 52, 42)),
    "pairs from the end": ((41, 51), (26, 21), (-1, -1, 52, 42)),
    "beyond the edges": ((40, 50), (10, 4), (-2, 0, 54, 45.7)),
}


@pytest.mark.parametrize("filter", ["box", "bilinear", "bicubic", "lanczos3"])
@opaque_layouts
@pytest.mark.parametrize(("shape", "size", "box"), PARTS.values(), ids=PARTS)
def test_a_box_is_what_is_resized(layout: str, filter: str, shape, size, box) -> None:
    array = picture((*shape, *LAYOUTS[layout]))
    result = resize(array, size, filter=filter, box=box)
    assert_within_one_level(result, resample(array, size, filter, box))


@every_filter
@pytest.mark.parametrize(("shape", "size", "box"), list(PARTS.values())[:4])
def test_a_box_is_pillows(shape, size, box, filter: str) -> None:
    array = picture(shape) // 4 + 96
    resampling = pil.Resampling[filter.upper().rstrip("3")]
    corners = *box[:2], box[0] + box[2], box[1] + box[3]
    expected = pil.fromarray(array).resize(size, resampling, box=corners)
    assert (
        np.abs(resize(array, size, filter=filter, box=box) - np.asarray(expected, int)).max() <= 1
    )


def test_pairs_of_an_odd_number_are_means_with_the_odd_one_alone() -> None:
    array = np.array([[10, 20, 40, 50, 99]], np.uint8)
    assert resize(array, (3, 1), filter="box", box=(0, 0, 6, 1)).tolist() == [[15, 45, 99]]
    assert resize(array, (3, 1), filter="box", box=(-1, 0, 6, 1)).tolist() == [[10, 30, 75]]


@every_filter
@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 5), (0, 0, -1, 5), (0, 0, 6, 5), (-1, 0, 5, 5), (0, 1, 5, 6), (np.nan, 0, 5, 5)],
)
def test_a_box_without_pixels_is_refused(box, filter: str) -> None:
    with pytest.raises(ValueError, match="box"):
        resize(np.zeros((5, 5), np.uint8), (5, 5), filter=filter, box=box)


def test_a_box_has_four_sides() -> None:
    with pytest.raises(ValueError, match=r"a box of \(left, top, width, height\)"):
        resize(np.zeros((5, 5), np.uint8), (5, 2), box=(5, 5))
