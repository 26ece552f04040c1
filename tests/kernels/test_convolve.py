import numpy as np
import pytest
from imgpipe import kernels
from imgpipe.kernels import Kernel, convolve, convolve_separable

from .pictures import FILLS, FLAT_BORDERS, LAYOUTS, picture, shapes
from .reference import BORDERS, correlate, rounded

NAMED = (
    Kernel.identity,
    Kernel.box_blur,
    Kernel.gaussian_blur,
    Kernel.sharpen,
    Kernel.edge_detect,
    Kernel.sobel_x,
    Kernel.sobel_y,
    Kernel.emboss,
)
# Fixed point may be off by so much of a level before it rounds.
FIXED_POINT = 0.25

every_border = pytest.mark.parametrize("border", BORDERS)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def assert_near(result: np.ndarray, expected: np.ndarray, error: float = FIXED_POINT) -> None:
    """`result` is `expected` clamped and rounded, where fixed point takes up to `error`."""
    assert np.abs(result - np.clip(expected, 0, 255)).max() <= 0.5 + error


def assert_convolves(array: np.ndarray, kernel: Kernel, border: str, error: float) -> None:
    expected = correlate(array, kernel.data, kernel.divisor, border)
    assert_near(convolve(array, kernel, border=border), expected, error)


def skewed(height: int, width: int, total: float, seed: int = 3) -> np.ndarray:
    """Weights of no symmetry and full rank, mostly positive, with absolute sum `total`."""
    weights = np.random.default_rng([seed, height, width]).uniform(-0.4, 1, (height, width))
    return weights * total / np.abs(weights).sum()


@every_border
@every_layout
@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.__name__)
def test_named_kernels_round_the_exact_sum_half_up(named, layout: str, border: str) -> None:
    kernel = named()
    for shape in shapes(layout):
        array = picture(shape)
        expected = rounded(correlate(array, kernel.data, kernel.divisor, border))
        assert np.array_equal(convolve(array, kernel, border=border), expected), shape


@every_border
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("named", NAMED, ids=lambda named: named.__name__)
def test_named_kernels_neither_overflow_nor_wrap(named, fill: str, border: str) -> None:
    kernel = named()
    array = picture((6, 70, 3), fill)
    expected = rounded(correlate(array, kernel.data, kernel.divisor, border))
    assert np.array_equal(convolve(array, kernel, border=border), expected)


@every_border
@every_layout
def test_skewed_weights_are_within_a_quarter_level(layout: str, border: str) -> None:
    kernel = Kernel(skewed(3, 5, 1.7))
    for shape in shapes(layout):
        assert_convolves(picture(shape), kernel, border, FIXED_POINT)


SIDES = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (4, 4), (4, 1), (6, 8), (3, 11), (63, 1)]


@every_border
@pytest.mark.parametrize("sides", [*SIDES, (1, 63), (8, 63), (63, 62), (63, 63)], ids=str)
def test_sides_up_to_63_even_ones_too(sides: tuple[int, int], border: str) -> None:
    assert_convolves(picture((9, 67, 2)), Kernel(skewed(*sides, 1.5)), border, FIXED_POINT)


@every_border
@pytest.mark.parametrize("sides", [(5, 5), (8, 15), (63, 63)], ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (1, 4, 3), (4, 1), (2, 3, 4), (3, 2)], ids=str)
def test_kernels_larger_than_the_picture(
    shape: tuple[int, ...], sides: tuple[int, int], border: str
) -> None:
    assert_convolves(picture(shape), Kernel(skewed(*sides, 2)), border, FIXED_POINT)
    outer = np.outer(skewed(1, sides[0], 1), skewed(1, sides[1], 1.5))
    assert_convolves(picture(shape), Kernel(outer), border, FIXED_POINT)


@pytest.mark.parametrize("taps", range(1, 14))
def test_any_number_of_taps(taps: int) -> None:
    weights = np.zeros(13 * 3)
    weights[np.random.default_rng(taps).permutation(weights.size)[:taps]] = skewed(1, taps, 1.2)
    assert_convolves(picture((7, 131)), Kernel(weights.reshape(3, 13)), "reflect", FIXED_POINT)


@pytest.mark.parametrize("divisor", [1, 3, 0.37, -1, -2.5, 255])
@every_border
def test_divisors_of_either_sign(divisor: float, border: str) -> None:
    for weights in (skewed(3, 4, 1.4), np.outer(skewed(1, 3, 1), skewed(1, 4, 1.4))):
        kernel = Kernel(-weights * divisor if divisor < 0 else weights * divisor, divisor)
        array = picture((6, 66, 3))
        expected = correlate(array, kernel.data, kernel.divisor, border)
        assert_near(convolve(array, kernel, border=border), expected)


def test_a_negative_divisor_turns_dark_into_bright() -> None:
    array = np.array([[10, 50, 20]], np.uint8)
    gradient = convolve(array, Kernel([[1, 0, -1]], -1), border="replicate")
    assert gradient.tolist() == [[40, 10, 0]]


def test_the_anchor_is_at_half_the_size() -> None:
    array = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    left = convolve(array, Kernel([[1, 0]]), border="constant")
    above = convolve(array, Kernel([[1], [0]]), border="constant")
    two_left = convolve(array, Kernel([[1, 0, 0, 0]]), border="constant")
    assert left.tolist() == [[0, 1, 2, 3], [0, 5, 6, 7], [0, 9, 10, 11]]
    assert above.tolist() == [[0, 0, 0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]
    assert two_left.tolist() == [[0, 0, 1, 2], [0, 0, 5, 6], [0, 0, 9, 10]]


def test_nothing_is_mirrored() -> None:
    array = np.array([[0, 0, 9, 0, 0]], np.uint8)
    assert convolve(array, Kernel([[1, 2, 3]])).tolist() == [[0, 27, 18, 9, 0]]


@pytest.mark.parametrize(
    ("border", "expected"),
    [
        ("reflect", [3, 2, 1, 2]),
        ("replicate", [1, 1, 1, 2]),
        ("constant", [0, 0, 1, 2]),
        ("wrap", [3, 4, 1, 2]),
    ],
)
def test_borders_are_those_of_the_documentation(border: str, expected: list[int]) -> None:
    row = np.array([[1, 2, 3, 4]], np.uint8)
    two_left = [[1, 0, 0, 0, 0]]
    assert convolve(row, Kernel(two_left), border=border).tolist() == [expected]
    above = convolve(row.T, Kernel(np.transpose(two_left)), border=border)
    assert above.ravel().tolist() == expected


@pytest.mark.parametrize("total", [20, 300, 5e3, 1e6, 1e9])
@pytest.mark.parametrize("sides", [(3, 3), (4, 7)], ids=str)
def test_large_weights_saturate_to_the_right_side(sides: tuple[int, int], total: float) -> None:
    weights = skewed(*sides, total)
    weights -= weights.mean()
    for fill in FILLS:
        assert_convolves(picture((8, 67, 3), fill), Kernel(weights), "wrap", FIXED_POINT)


@pytest.mark.parametrize("signs", ["-", "+", "±"])
@pytest.mark.parametrize("sides", [(1, 3), (3, 3), (4, 7), (11, 12)], ids=str)
@pytest.mark.parametrize("total", [1, 127, 128, 129, 400])
def test_whole_weights_are_exact_whether_16_bits_hold_their_sums_or_not(
    total: int, sides: tuple[int, int], signs: str
) -> None:
    rng = np.random.default_rng(total)
    weights = np.bincount(
        rng.integers(0, sides[0] * sides[1], total), minlength=sides[0] * sides[1]
    )
    if signs != "+":
        weights = weights * (rng.choice([-1, 1], len(weights)) if signs == "±" else -1)
    kernel = Kernel(weights.reshape(sides))
    for fill in FILLS:
        array = picture((8, 67, 3), fill)
        expected = rounded(correlate(array, kernel.data, 1, "wrap"))
        assert np.array_equal(convolve(array, kernel, border="wrap"), expected)


@pytest.mark.parametrize("large", [1e2, 1e4, 333_333.3, 5e5, 1e9])
def test_large_weights_that_cancel_leave_the_small_ones_right(large: float) -> None:
    array = np.tile(picture((1, 2, 3)), (5, 40, 1)).astype(np.uint8)
    kernel = Kernel([[large, 0.7, 0.3 - large]])
    left = np.roll(array, 1, axis=1)  # and the same on the right
    assert_near(convolve(array, kernel, border="wrap"), 0.7 * array + 0.3 * left)


@pytest.mark.parametrize("sides", [(2, 2), (3, 3), (5, 8), (20, 20), (63, 63)], ids=str)
def test_the_sum_of_the_weights_is_exact_whatever_they_are(sides: tuple[int, int]) -> None:
    values = np.arange(256, dtype=np.uint8)
    expected = rounded(values / 2)  # half of them are ties
    for seed in range(5):
        weights = skewed(*sides, 1, seed)
        kernel = Kernel(weights, 2 * weights.sum())
        flat = [convolve(np.full((1, 1), v, np.uint8), kernel)[0, 0] for v in values]
        assert np.array_equal(flat, expected)


@pytest.mark.parametrize("total", [0.5, 1, 3, 4, 10, 1e3, 1e6])
def test_63_by_63_weights_of_any_sum(total: float) -> None:
    kernel = Kernel(skewed(63, 63, total))
    for fill in FILLS:
        assert_convolves(picture((3, 65), fill), kernel, "reflect", FIXED_POINT)


@pytest.mark.parametrize("sides", [(1, 1), (2, 3), (3, 3), (63, 63)], ids=str)
def test_zeros_give_black(sides: tuple[int, int]) -> None:
    assert not convolve(picture((5, 66, 3)), Kernel(np.zeros(sides))).any()


@pytest.mark.parametrize("border", FLAT_BORDERS)
@pytest.mark.parametrize("value", [1, 128, 255])
def test_weights_of_sum_zero_give_black_on_a_flat_picture(value: int, border: str) -> None:
    weights = skewed(5, 6, 1e4)
    weights[2, 2] -= weights.sum()
    flat = np.full((7, 65), value, np.uint8)
    for kernel in (Kernel.edge_detect(), Kernel.sobel_x(), Kernel.sobel_y(), Kernel(weights)):
        assert not convolve(flat, kernel, border=border).any()


@pytest.mark.parametrize("scale", [1e-4, 1e-12, 1e-200, 1e-308, 5e-324])
def test_tiny_weights_give_black(scale: float) -> None:
    for weights in ([[scale, scale]], [[scale, 2 * scale], [-scale, 3 * scale]]):
        assert not convolve(picture((4, 5)), Kernel(weights)).any()


@pytest.mark.parametrize("channel", range(4))
def test_channels_do_not_mix(channel: int) -> None:
    array = np.zeros((6, 23, 4), np.uint8)
    array[..., channel] = picture((6, 23))
    result = convolve(array, Kernel(skewed(3, 4, 2)))
    alone = convolve(array[..., channel], Kernel(skewed(3, 4, 2)))
    assert np.array_equal(result[..., channel], alone)
    assert not np.delete(result, channel, axis=2).any()


@every_layout
@pytest.mark.parametrize("name", ["sharpen", "edge_detect", "emboss"])
def test_classic_filters_are_their_kernels(name: str, layout: str) -> None:
    array = picture((7, 65, *LAYOUTS[layout]))
    expected = convolve(array, getattr(Kernel, name)())
    assert np.array_equal(getattr(kernels, name)(array), expected)


@pytest.mark.parametrize(
    ("kx", "ky", "divisor", "factor"),
    [
        (1e300, 1e-300, 1e-10, 1e10),
        (1e160, 1e150, 1e308, 100),
        (-1e-200, 1e-100, 1e-301, -10),
        (1e-300, 1e300, -4, -0.25),
    ],
)
def test_only_the_product_of_separable_weights_need_be_of_this_world(
    kx: float, ky: float, divisor: float, factor: float
) -> None:
    array = np.linspace(0, 1, 30, dtype=np.float32).reshape(5, 6)
    result = convolve_separable(array, [kx], [ky], divisor=divisor)
    assert np.allclose(result, array * np.float32(factor), rtol=1e-5, atol=0)
