"""One picture over another, in three depths."""

import numpy as np
import pytest
from imgpipe.kernels import composite

from .reference_pixels import DTYPES, WHITE, deep, over, rounded

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
PAIRS = [(base, above) for base in (1, 2, 3, 4) for above in (1, 2, 3, 4) if base > 2 or above < 3]
every_pair = pytest.mark.parametrize(("base", "above"), PAIRS)
POSITIONS = [(0, 0), (3, 2), (-4, -3), (9, -2), (-30, 1), (40, 0), (0, 50), (-2, 5), (-(2**30), 0)]


def pictures(base: int, above: int, dtype, sides=((12, 23), (7, 15))):
    under, mark = deep((*sides[0], base), dtype, 1), deep((*sides[1], above), dtype, 2)
    for array in (under, mark):
        if array.shape[2] % 2 == 0:  # all kinds of alpha
            array[..., -1].flat[::3] = 0
            array[..., -1].flat[1::3] = WHITE[dtype]
    return under, mark


def assert_over(result, under, mark, position, opacity) -> None:
    dtype = under.dtype.type
    exact = over(under, mark, *position, opacity, WHITE[dtype])
    if dtype is np.float32:
        assert np.allclose(result, exact, rtol=1e-5, atol=1e-5)
    else:
        assert np.abs(result - exact).max() <= 0.51


@every_dtype
@every_pair
@pytest.mark.parametrize("opacity", [1, 0.37])
def test_it_is_porter_and_duffs_over(opacity, base: int, above: int, dtype) -> None:
    under, mark = pictures(base, above, dtype)
    for position in POSITIONS:
        result = composite(under, mark, position, opacity=opacity)
        assert_over(result, under, mark, position, opacity)


@every_dtype
@every_pair
def test_rows_of_every_length_are_blended(base: int, above: int, dtype) -> None:
    for width in (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65):
        under, mark = pictures(base, above, dtype, ((2, width + 1), (1, width)))
        result = composite(under, mark, (1, 1), opacity=0.8)
        assert_over(result, under, mark, (1, 1), 0.8)


@every_dtype
@every_pair
def test_no_opacity_changes_nothing(base: int, above: int, dtype) -> None:
    under, mark = pictures(base, above, dtype)
    result = composite(under, mark, opacity=0)
    assert np.array_equal(result, under)
    assert not np.shares_memory(result, under)


@every_dtype
@every_pair
def test_a_full_alpha_covers_exactly(base: int, above: int, dtype) -> None:
    under, mark = pictures(base, above, dtype, ((12, 23), (12, 23)))
    if above % 2 == 0:
        mark[..., -1] = WHITE[dtype]
    colours = mark[..., : 3 if above > 2 else 1]
    expected = np.empty_like(under)
    expected[..., : 3 if base > 2 else 1] = colours
    if base % 2 == 0:
        expected[..., -1] = WHITE[dtype]
    assert np.array_equal(composite(under, mark), expected)


@every_dtype
@pytest.mark.parametrize(("base", "above"), [(b, a) for b, a in PAIRS if a % 2 == 0])
def test_a_clear_overlay_leaves_what_is_seen(base: int, above: int, dtype) -> None:
    under, mark = pictures(base, above, dtype, ((12, 23), (12, 23)))
    mark[..., -1] = 0
    result = composite(under, mark)
    if dtype is np.float32:
        under[..., -1] = under[..., -1] if base % 2 else np.clip(under[..., -1], 0, 1)
        assert np.allclose(result, under, rtol=1e-6)
    else:
        assert np.array_equal(result, under)


@pytest.mark.parametrize("base", [2, 4])
def test_every_pair_of_alphas_is_within_half_a_level(base: int) -> None:
    old, new = np.indices((256, 256)).astype(np.uint8)
    under = np.stack([np.full_like(old, 10 + 80 * c) for c in range(base - 1)] + [old], axis=2)
    mark = np.stack([np.full_like(new, 250 - 90 * c) for c in range(base - 1)] + [new], axis=2)
    share, seen = new / 255, old / 255 * (1 - new / 255)
    total = share + seen
    exact = mark[..., :-1] * share[..., None] + under[..., :-1] * seen[..., None]
    exact /= np.where(total, total, 1)[..., None]
    exact = np.where(total[..., None] > 0, exact, under[..., :-1])
    result = composite(under, mark)
    assert np.abs(result[..., :-1] - exact).max() <= 0.501
    assert np.array_equal(result[..., -1], rounded(total * 255 - 1e-9, np.uint8))


def test_a_grey_overlay_and_base_may_have_two_dimensions() -> None:
    under, mark = deep((5, 9), np.uint8), deep((3, 4), np.uint8)
    result = composite(under, mark, (2, 1))
    assert result.shape == (5, 9)
    assert np.array_equal(result[1:4, 2:6], mark)


def test_out_may_not_be_the_overlay() -> None:
    under, mark = deep((5, 9, 3), np.uint8), deep((5, 9, 3), np.uint8)
    with pytest.raises(ValueError, match=r"\AExpected out= to share no memory with the overlay"):
        composite(under, mark, out=mark)
