import dataclasses
import math
from decimal import Decimal

import numpy as np
import pytest
from imgpipe.kernels import Kernel, convolve, convolve_separable

NAMED = {
    "identity": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1),
    "box_blur": ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9),
    "gaussian_blur": ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1),
    "edge_detect": ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], 1),
    "sobel_x": ([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], 1),
    "sobel_y": ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], 1),
    "emboss": ([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], 1),
}
OF_RANK_ONE = {"identity", "box_blur", "gaussian_blur", "sobel_x", "sobel_y"}

GRADIENT = np.add.outer(np.arange(10, 31, 5), np.arange(0, 50, 10)).astype(np.uint8)


def test_the_box_over_the_worked_gradient_gives_25() -> None:
    assert GRADIENT[:2].tolist() == [[10, 20, 30, 40, 50], [15, 25, 35, 45, 55]]
    assert convolve(GRADIENT, Kernel.box_blur())[1, 1] == 25


def test_the_box_spreads_a_lone_255_as_28() -> None:
    lone = np.zeros((5, 5), np.uint8)
    lone[2, 2] = 255
    expected = np.zeros((5, 5), np.uint8)
    expected[1:4, 1:4] = 28
    assert np.array_equal(convolve(lone, Kernel.box_blur()), expected)


@pytest.mark.parametrize("name", NAMED)
def test_named_kernels_are_as_printed(name: str) -> None:
    data, divisor = NAMED[name]
    kernel = getattr(Kernel, name)()
    assert kernel == Kernel(data, divisor)
    assert np.array_equal(kernel.data, data)
    assert (kernel.divisor, kernel.width, kernel.height) == (divisor, 3, 3)


@pytest.mark.parametrize("name", NAMED)
def test_named_kernels_separate_exactly_where_their_rank_is_one(name: str) -> None:
    kernel = getattr(Kernel, name)()
    assert (np.linalg.matrix_rank(kernel.data) == 1) == (name in OF_RANK_ONE)
    vectors = kernel.separate()
    assert (vectors is not None) == (name in OF_RANK_ONE)
    if vectors:
        kx, ky = vectors
        assert np.array_equal(np.outer(ky, kx), kernel.data)
        assert np.array_equal(kx, np.rint(kx))
        assert np.array_equal(ky, np.rint(ky))


@pytest.mark.parametrize("sides", [(1, 1), (1, 5), (5, 1), (2, 3), (9, 4), (63, 63)], ids=str)
def test_an_outer_product_separates_into_vectors_that_give_it_back(sides: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    matrix = np.outer(rng.standard_normal(sides[0]), rng.standard_normal(sides[1]))
    vectors = Kernel(matrix, 3).separate()
    assert vectors is not None
    kx, ky = vectors
    assert (ky.size, kx.size) == sides
    np.testing.assert_allclose(np.outer(ky, kx), matrix, rtol=0, atol=1e-12 * np.abs(matrix).max())


def test_a_sum_of_two_outer_products_does_not_separate() -> None:
    rng = np.random.default_rng(2)
    matrix = sum(np.outer(rng.standard_normal(5), rng.standard_normal(7)) for _ in range(2))
    assert Kernel(matrix).separate() is None


def test_zeros_separate_into_zeros() -> None:
    vectors = Kernel(np.zeros((2, 3))).separate()
    assert vectors is not None
    assert [vector.tolist() for vector in vectors] == [[0, 0, 0], [0, 0]]


def test_width_and_height_are_not_exchanged() -> None:
    kernel = Kernel([[1, 2, 3], [4, 5, 6]])
    assert (kernel.width, kernel.height) == (3, 2)
    assert kernel.data == ((1, 2, 3), (4, 5, 6))


def test_kernels_are_values() -> None:
    kernel = Kernel(np.eye(2), 2)
    assert kernel == Kernel([[1, 0], [0, 1]], divisor=2)
    assert hash(kernel) == hash(Kernel([[1, 0], [0, 1]], divisor=2))
    assert kernel != Kernel(np.eye(2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        kernel.divisor = 3  # type: ignore[misc]


def test_a_kernel_does_not_change_with_the_array_it_came_from() -> None:
    matrix = np.ones((3, 3))
    kernel = Kernel(matrix)
    matrix[:] = 7
    assert kernel == Kernel([[1] * 3] * 3)


BAD_DATA = {
    "no rows": [],
    "an empty row": [[]],
    "rows of two lengths": [[1], [1, 2]],
    "64 rows": np.ones((64, 1)),
    "64 columns": np.ones((1, 64)),
    "NaN": [[1, math.nan]],
    "infinity": [[math.inf]],
    "minus infinity": [[-math.inf, 1]],
}


@pytest.mark.parametrize("data", BAD_DATA.values(), ids=BAD_DATA)
def test_data_that_is_no_kernel_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"\AExpected "):
        Kernel(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("divisor", [0, 0.0, -0.0, math.nan, math.inf, -math.inf])
def test_a_divisor_that_divides_nothing_is_refused(divisor: float) -> None:
    with pytest.raises(ValueError, match=r"\AExpected "):
        Kernel([[1]], divisor)


def test_a_small_weight_beside_a_large_one_is_not_dropped() -> None:
    assert Kernel([[1e13, 0, 0], [0, 0, 0], [0, 0, 5]]).separate() is None


@pytest.mark.parametrize("data", [[1, 2, 3], 5, [[10**400]], [[None]], [["x"]]], ids=str)
def test_what_is_no_matrix_of_numbers_is_named_in_a_sentence(data: object) -> None:
    with pytest.raises(ValueError, match=r"\AExpected a .*kernel.*, got "):
        Kernel(data)


@pytest.mark.parametrize("divisor", [10**400, "2", None, Decimal(2), np.array([1, 2])], ids=repr)
def test_a_divisor_that_is_no_float_is_named_in_a_sentence(divisor: object) -> None:
    with pytest.raises((TypeError, ValueError), match=r"\AExpected (a finite )?divisor"):
        Kernel([[1]], divisor)
    with pytest.raises((TypeError, ValueError), match=r"\AExpected (a finite )?divisor"):
        convolve_separable(np.zeros((3, 3), np.uint8), [1], [1], divisor=divisor)


@pytest.mark.parametrize("weights", [[[1], [1, 2]], ["x"], None, [1j], [10**400]], ids=str)
def test_weights_that_are_no_vector_are_named_in_a_sentence(weights: object) -> None:
    with pytest.raises(ValueError, match=r"\AExpected kx to be a vector"):
        convolve_separable(np.zeros((3, 3), np.uint8), weights, [1])
