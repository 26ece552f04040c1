import math

import numpy as np
import pytest
from imgpipe import kernels
from imgpipe.kernels import Kernel

from .operations import ALL, SHARED
from .pictures import LAYOUTS, picture

every_operation = pytest.mark.parametrize("operation", ALL.values(), ids=ALL)
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


VIEWS = {
    "every second row": lambda a: a[::2],
    "every second column": lambda a: a[:, ::2],
    "a window": lambda a: a[3:-4, 5:-6],
    "one column": lambda a: a[:, 7:8],
    "upside down": lambda a: a[::-1],
    "right to left": lambda a: a[:, ::-1],
    "turned round": lambda a: a[::-1, ::-1],
    "every third, backwards": lambda a: a[::-3, ::-3],
    "transposed": lambda a: a.swapaxes(0, 1),
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "one row for all": lambda a: np.broadcast_to(a[:1], a.shape),
    "channels reversed": lambda a: a[..., ::-1],
}


@every_operation
@pytest.mark.parametrize("layout", ["HW", "HW3", "HW4"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_any_view_gives_what_its_copy_gives(view, layout: str, operation) -> None:
    array = view(picture((24, 35, *LAYOUTS[layout])))
    before = array.copy()
    result = operation(array)
    assert np.array_equal(array, before)
    assert np.array_equal(result, operation(np.array(array, order="C")))


def test_channels_cut_out_of_more_are_taken() -> None:
    array = picture((9, 20, 4))
    assert np.array_equal(kernels.sharpen(array[..., 1:3]), kernels.sharpen(array)[..., 1:3])
    assert np.array_equal(kernels.sharpen(array[..., 2]), kernels.sharpen(array)[..., 2])


SCALES = {"u2": 257, "f4": 1 / 255}
every_wide_dtype = pytest.mark.parametrize("dtype", SCALES)


def unaligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.zeros(size + 1, np.uint8)[1:].view(dtype).reshape(shape)


@every_operation
@every_wide_dtype
def test_samples_of_any_byte_order_and_alignment_are_taken(dtype: str, operation) -> None:
    array = (picture((24, 35, 3)) * np.float64(SCALES[dtype])).astype(dtype)
    expected = operation(array)
    shifted = unaligned(array.shape, dtype)
    shifted[...] = array
    assert not shifted.flags.aligned
    for same in (array.astype(f"<{dtype}"), array.astype(f">{dtype}"), shifted):
        before = same.copy()
        result = operation(same)
        assert np.array_equal(result, expected)
        assert result.dtype == expected.dtype
        assert result.dtype.isnative
        assert np.array_equal(same, before)


@every_wide_dtype
def test_out_of_another_byte_order_or_alignment_is_refused(dtype: str) -> None:
    array = np.zeros((4, 5, 3), dtype)
    swapped = array.astype(array.dtype.newbyteorder())
    with pytest.raises(TypeError, match=rf"\AExpected out= .*got a {swapped.dtype} array"):
        kernels.sharpen(array, out=swapped)
    with pytest.raises(ValueError, match=r"\AExpected out= .*got a misaligned "):
        kernels.sharpen(array, out=unaligned(array.shape, dtype))


def test_an_overlay_may_have_another_byte_order() -> None:
    array = picture((9, 12, 3)) * np.uint16(257)
    mark = picture((4, 5, 4)) * np.uint16(257)
    assert np.array_equal(
        kernels.composite(array, mark.astype(">u2")), kernels.composite(array.astype(">u2"), mark)
    )


@every_operation
@every_layout
def test_results_are_new_contiguous_arrays_of_as_many_dimensions(layout: str, operation) -> None:
    array = picture((12, 35, *LAYOUTS[layout]))
    result = operation(array)
    assert result.dtype == np.uint8
    assert result.ndim == array.ndim
    assert result.flags.c_contiguous
    assert result.flags.writeable
    assert not np.shares_memory(result, array)


@every_operation
@every_layout
def test_out_is_filled_and_returned(layout: str, operation) -> None:
    array = picture((12, 35, *LAYOUTS[layout]))
    expected = operation(array)
    out = np.full_like(expected, 0xA5)
    assert operation(array, out=out) is out
    assert np.array_equal(out, expected)


@every_operation
@every_layout
@pytest.mark.parametrize("step", [1, -1, 3], ids=["downwards", "upwards", "every third row"])
def test_out_may_be_a_window_and_nothing_else_is_written(step: int, layout: str, operation) -> None:
    array = picture((12, 35, *LAYOUTS[layout]))
    expected = operation(array)
    height, width = expected.shape[:2]
    around = np.full((3 * height + 8, width + 70, *expected.shape[2:]), 0xA5, np.uint8)
    before = around.copy()
    inside = (slice(4, 4 + abs(step) * height, abs(step)), slice(33, 33 + width))
    window = around[inside][:: 1 if step > 0 else -1]
    assert operation(array, out=window) is window
    assert np.array_equal(window, expected)
    around[inside] = 0xA5
    assert np.array_equal(around, before)


def test_out_of_one_channel_takes_a_result_of_two_dimensions_and_back() -> None:
    array = picture((6, 9, 3))
    luma = kernels.grayscale(array)
    flat, deep = np.empty((6, 9), np.uint8), np.empty((6, 9, 1), np.uint8)
    assert kernels.grayscale(array, out=flat) is flat
    assert kernels.brighten(luma[..., 0], 0, out=deep) is deep
    assert np.array_equal(flat, luma[..., 0])
    assert np.array_equal(deep, luma)


def test_out_may_lie_beside_the_input_in_the_same_memory() -> None:
    both = picture((12, 40, 3))
    left, right = both[:, :20], both[:, 20:]
    expected = kernels.sharpen(left)
    assert np.array_equal(kernels.sharpen(left, out=right), expected)
    mark = right[2:9, 3:9].copy()
    expected = kernels.composite(left, mark)
    assert np.array_equal(
        kernels.composite(left, right[2:9, 3:9], out=np.empty_like(left)), expected
    )


def test_out_whose_rows_overlap_is_refused() -> None:
    array = picture((9, 12))
    for stride in (0, 5, -11):
        memory = np.zeros(300, np.uint8)[120:]
        crossed = np.lib.stride_tricks.as_strided(memory, (9, 12), (stride, 1))
        with pytest.raises(ValueError, match=r"\AExpected out= "):
            kernels.sharpen(array, out=crossed)
    one_row = np.lib.stride_tricks.as_strided(np.zeros(12, np.uint8), (1, 12), (0, 1))
    assert np.array_equal(kernels.sharpen(array[:1], out=one_row), kernels.sharpen(array[:1]))


@every_operation
@pytest.mark.parametrize("threads", [0, 1.5, math.nan])
def test_threads_that_are_no_number_of_threads_are_refused(threads, operation) -> None:
    with pytest.raises(ValueError, match=rf"\AExpected threads .*, got {threads}\Z"):
        operation(picture((8, 9, 3)), threads=threads)


@pytest.mark.parametrize(
    "call",
    [
        lambda array: kernels.composite(array, array, opacity=0, threads=0),
        lambda array: kernels.saturation(array, 1, threads=0),
        lambda array: kernels.auto_contrast(array, threads=0),
        lambda array: kernels.equalize(array, threads=0),
        lambda array: kernels.grayscale(array[..., :1], threads=0),
    ],
)
def test_threads_are_checked_where_nothing_is_to_be_done(call) -> None:
    with pytest.raises(ValueError, match=r"\AExpected threads"):
        call(np.full((4, 5, 3), 7, np.uint8))


SAME_SIZE = [
    name for name in ALL if not name.startswith(("resize", "rotate90", "rotate270", "rotate any"))
]


@pytest.mark.parametrize("name", SAME_SIZE)
@pytest.mark.parametrize("layout", ["HW", "HW1", "HW2"])
def test_out_that_shares_memory_with_the_input_is_refused(layout: str, name: str) -> None:
    memory = picture((12, 35, *LAYOUTS[layout]))
    before = memory.copy()
    for array, out in ((memory, memory), (memory[1:], memory[:-1]), (memory[5:0:-1], memory[:5])):
        with pytest.raises(ValueError, match=r"\AExpected out= to share no memory"):
            ALL[name](array, out=out)
    assert np.array_equal(memory, before)


BAD_OUT = {
    "a list": ([[0] * 5] * 4, TypeError),
    "float64": (np.zeros((4, 5, 3)), TypeError),
    "int8": (np.zeros((4, 5, 3), np.int8), TypeError),
    "too high": (np.zeros((5, 5, 3), np.uint8), ValueError),
    "too narrow": (np.zeros((4, 4, 3), np.uint8), ValueError),
    "two channels": (np.zeros((4, 5, 2), np.uint8), ValueError),
    "no channels": (np.zeros((4, 5), np.uint8), ValueError),
    "one dimension": (np.zeros(60, np.uint8), ValueError),
    "read-only": (read_only(np.zeros((4, 5, 3), np.uint8)), ValueError),
    "pixels apart": (np.zeros((4, 10, 3), np.uint8)[:, ::2], ValueError),
    "channels apart": (np.zeros((4, 5, 6), np.uint8)[..., ::2], ValueError),
    "Fortran": (np.zeros((4, 5, 3), np.uint8, order="F"), ValueError),
}


@pytest.mark.parametrize(("out", "error"), BAD_OUT.values(), ids=BAD_OUT)
@pytest.mark.parametrize("name", ["sharpen", "gaussian sigma", "brighten", "flip vertical"])
def test_out_that_does_not_fit_is_refused(name: str, out, error) -> None:
    with pytest.raises(error, match=r"\AExpected out="):
        ALL[name](picture((4, 5, 3)), out=out)


BAD_ARRAYS = {
    "float64": (np.zeros((4, 5)), TypeError),
    "float16": (np.zeros((4, 5, 3), np.float16), TypeError),
    "int16": (np.zeros((4, 5), np.int16), TypeError),
    "uint32": (np.zeros((4, 5), np.uint32), TypeError),
    "int8": (np.zeros((4, 5), np.int8), TypeError),
    "bool": (np.zeros((4, 5), bool), TypeError),
    "objects": (np.zeros((4, 5), object), TypeError),
    "a list of ints": ([[1, 2], [3, 4]], TypeError),
    "None": (None, TypeError),
    "no dimension": (np.uint8(1), ValueError),
    "one dimension": (np.zeros(5, np.uint8), ValueError),
    "four dimensions": (np.zeros((1, 4, 5, 3), np.uint8), ValueError),
    "five channels": (np.zeros((4, 5, 5), np.uint8), ValueError),
    "no channels": (np.zeros((4, 5, 0), np.uint8), ValueError),
    "no rows": (np.zeros((0, 5), np.uint8), ValueError),
    "no columns": (np.zeros((4, 0, 3), np.uint8), ValueError),
}


@every_operation
@pytest.mark.parametrize(("array", "error"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_what_is_no_picture_is_refused(array, error, operation) -> None:
    with pytest.raises(error, match=r"\AExpected "):
        operation(array)


@pytest.mark.parametrize("threads", [0, -1, -100])
@pytest.mark.parametrize("operation", SHARED.values(), ids=SHARED)
def test_less_than_one_thread_is_refused(operation, threads: int) -> None:
    with pytest.raises(ValueError, match=r"\AExpected threads "):
        operation(picture((4, 5, 3)), threads=threads)


def test_numbers_of_numpy_and_sequences_of_any_kind_are_taken() -> None:
    array = picture((9, 12, 3))
    size, box = np.array([5, 4], np.int8), np.array([2, 1, 7, 5], np.uint8)
    assert np.array_equal(kernels.resize(array, size), kernels.resize(array, (5, 4)))
    assert np.array_equal(kernels.crop(array, box), array[1:6, 2:9])
    assert np.array_equal(kernels.crop(array, iter(box)), array[1:6, 2:9])
    for number in (np.int8(3), np.uint64(3)):
        assert np.array_equal(kernels.median(array, number), kernels.median(array, 3))
        assert np.array_equal(kernels.box_blur(array, number), kernels.box_blur(array, 3))
        blurred = kernels.gaussian_blur(array, np.float16(1.5), ksize=number)
        assert np.array_equal(blurred, kernels.gaussian_blur(array, 1.5, ksize=3))
        assert np.array_equal(kernels.gaussian_blur(array, number), kernels.gaussian_blur(array, 3))


IDENTITY = Kernel.identity()
A = picture((4, 5, 3))
BAD_CALLS = {
    "border mirror": lambda: kernels.convolve(A, IDENTITY, border="mirror"),
    "border in capitals": lambda: kernels.gaussian_blur(A, 1, border="REFLECT"),
    "border None": lambda: kernels.box_blur(A, 1, border=None),
    "border a list": lambda: kernels.sobel(A, border=[]),
    "border 0": lambda: kernels.convolve_separable(A, [1], [1], border=0),
    "a matrix for a kernel": lambda: kernels.convolve(A, [[1]]),
    "no kernel": lambda: kernels.convolve(A, None),
    "weights beyond 64 bits": lambda: kernels.convolve(A, Kernel([[1e17, 1], [1, 2]])),
    "sums beyond floats": lambda: kernels.convolve(A, Kernel([[1e308, 1e308], [1, 2]])),
    "sums beyond floats, of rank one": lambda: kernels.convolve(A, Kernel([[1e308, 1e308]])),
    "quotients beyond floats": lambda: kernels.convolve(A, Kernel([[1]], 5e-324)),
    "vector of none": lambda: kernels.convolve_separable(A, [], [1]),
    "vector of two dimensions": lambda: kernels.convolve_separable(A, [1], [[1]]),
    "vector with NaN": lambda: kernels.convolve_separable(A, [1, math.nan], [1]),
    "vector with infinity": lambda: kernels.convolve_separable(A, [1], [1, math.inf]),
    "vector of 4096": lambda: kernels.convolve_separable(A, [1], np.ones(4096) / 4096),
    "products beyond floats": lambda: kernels.convolve_separable(A, [1e200], [1e200]),
    "vector sums beyond floats": lambda: kernels.convolve_separable(A, [1e308, 1e308], [1]),
    "divisor 0": lambda: kernels.convolve_separable(A, [1], [1], divisor=0),
    "divisor NaN": lambda: kernels.convolve_separable(A, [1], [1], divisor=math.nan),
    "divisor infinite": lambda: kernels.convolve_separable(A, [1], [1], divisor=-math.inf),
    "sigma 0": lambda: kernels.gaussian_blur(A, 0),
    "sigma negative": lambda: kernels.gaussian_blur(A, -1.5),
    "sigma True": lambda: kernels.gaussian_blur(A, True),
    "sigma as text": lambda: kernels.gaussian_blur(A, "1"),
    "sigma a list": lambda: kernels.gaussian_blur(A, [1]),
    "sigma NaN": lambda: kernels.gaussian_blur(A, math.nan),
    "sigma infinite": lambda: kernels.gaussian_blur(A, math.inf),
    "sigma too large": lambda: kernels.gaussian_blur(A, 500.1),
    "neither sigma nor ksize": lambda: kernels.gaussian_blur(A),
    "an even ksize with sigma": lambda: kernels.gaussian_blur(A, 1, ksize=4),
    "ksize 0": lambda: kernels.gaussian_blur(A, ksize=0),
    "ksize even": lambda: kernels.gaussian_blur(A, ksize=4),
    "ksize negative": lambda: kernels.gaussian_blur(A, ksize=-3),
    "ksize 3.0": lambda: kernels.gaussian_blur(A, ksize=3.0),
    "ksize True": lambda: kernels.gaussian_blur(A, ksize=True),
    "ksize a list": lambda: kernels.gaussian_blur(A, ksize=[3]),
    "ksize too large": lambda: kernels.gaussian_blur(A, ksize=4097),
    "radius negative": lambda: kernels.box_blur(A, -1),
    "radius 1.5": lambda: kernels.box_blur(A, 1.5),
    "radius True": lambda: kernels.box_blur(A, True),
    "radius NaN": lambda: kernels.box_blur(A, math.nan),
    "radius too large": lambda: kernels.box_blur(A, 2048),
    "median of 4": lambda: kernels.median(A, 4),
    "median of 7": lambda: kernels.median(A, 7),
    "median of 3.0": lambda: kernels.median(A, 3.0),
    "median of True": lambda: kernels.median(A, True),
    "median of NaN": lambda: kernels.median(A, math.nan),
    "median border": lambda: kernels.median(A, 3, border="mirror"),
    "unsharp sigma 0": lambda: kernels.unsharp_mask(A, 0),
    "unsharp sigma NaN": lambda: kernels.unsharp_mask(A, math.nan),
    "unsharp amount negative": lambda: kernels.unsharp_mask(A, 1, -0.1),
    "unsharp amount too large": lambda: kernels.unsharp_mask(A, 1, 10.1),
    "unsharp amount NaN": lambda: kernels.unsharp_mask(A, 1, math.nan),
    "unsharp amount as text": lambda: kernels.unsharp_mask(A, 1, "1"),
    "unsharp amount True": lambda: kernels.unsharp_mask(A, 1, True),
    "unsharp threshold negative": lambda: kernels.unsharp_mask(A, 1, 1, -1),
    "unsharp threshold too large": lambda: kernels.unsharp_mask(A, 1, 1, 256),
    "unsharp threshold NaN": lambda: kernels.unsharp_mask(A, 1, 1, math.nan),
    "unsharp border": lambda: kernels.unsharp_mask(A, 1, border="mirror"),
    "angle NaN": lambda: kernels.rotate(A, math.nan),
    "angle infinite": lambda: kernels.rotate(A, math.inf),
    "angle True": lambda: kernels.rotate(A, True),
    "angle beyond floats": lambda: kernels.rotate(A, 10**400),
    "angle as text": lambda: kernels.rotate(A, "90"),
    "rotate filter": lambda: kernels.rotate(A, 30, filter="lanczos3"),
    "fill of two": lambda: kernels.rotate(A, 30, fill=(1, 2)),
    "fill NaN": lambda: kernels.rotate(A, 30, fill=math.nan),
    "fill negative": lambda: kernels.rotate(A, 30, fill=-1),
    "fill beyond bytes": lambda: kernels.rotate(A, 30, fill=256),
    "fill with a fraction": lambda: kernels.rotate(A, 30, fill=(1, 2, 0.5)),
    "fill True": lambda: kernels.rotate(A, 30, fill=True),
    "fill as text": lambda: kernels.rotate(A, 30, fill="black"),
    "fill beyond floats": lambda: kernels.rotate(A.astype(np.float32), 30, fill=1e300),
    "sobel border": lambda: kernels.sobel(A, border=None),
    "box as a number": lambda: kernels.crop(A, 3),
    "box of three": lambda: kernels.crop(A, (0, 0, 1)),
    "box with a fraction": lambda: kernels.crop(A, (0, 0.5, 1, 1)),
    "box with True": lambda: kernels.crop(A, (0, 0, True, 1)),
    "box left of the picture": lambda: kernels.crop(A, (-1, 0, 2, 2)),
    "box above the picture": lambda: kernels.crop(A, (0, -1, 2, 2)),
    "box too wide": lambda: kernels.crop(A, (1, 0, 5, 4)),
    "box too high": lambda: kernels.crop(A, (0, 2, 5, 3)),
    "box of no pixels": lambda: kernels.crop(A, (0, 0, 0, 1)),
    "value 256": lambda: kernels.brighten(A, 256),
    "value -256": lambda: kernels.brighten(A, -256),
    "value 0.5": lambda: kernels.brighten(A, 0.5),
    "value NaN": lambda: kernels.brighten(A, math.nan),
    "value True": lambda: kernels.brighten(A, True),
    "value as text": lambda: kernels.brighten(A, "3"),
    "contrast negative": lambda: kernels.contrast(A, -0.1),
    "contrast NaN": lambda: kernels.contrast(A, math.nan),
    "contrast too large": lambda: kernels.contrast(A, 1000.1),
    "contrast beyond floats": lambda: kernels.contrast(A, 10**400),
    "contrast True": lambda: kernels.contrast(A, True),
    "saturation infinite": lambda: kernels.saturation(A, math.inf),
    "saturation as text": lambda: kernels.saturation(A, "1"),
    "standard 2020": lambda: kernels.grayscale(A, standard="2020"),
    "standard 601": lambda: kernels.saturation(A, 1, standard=601),
    "gamma 0": lambda: kernels.gamma(A, 0),
    "gamma NaN": lambda: kernels.gamma(A, math.nan),
    "gamma too large": lambda: kernels.gamma(A, 101),
    "curve too short": lambda: kernels.lookup(A, np.arange(255)),
    "curve too deep": lambda: kernels.lookup(A, np.arange(256) + 1),
    "curve negative": lambda: kernels.lookup(A, np.arange(256) - 1),
    "curve with NaN": lambda: kernels.lookup(A, np.r_[np.zeros(255), math.nan]),
    "curve of two dimensions": lambda: kernels.lookup(A, np.zeros((1, 256), np.uint8)),
    "curve as text": lambda: kernels.lookup(A, "abc"),
    "curve complex": lambda: kernels.lookup(A, np.zeros(256, complex)),
    "curve None": lambda: kernels.lookup(A, None),
    "float curve of one": lambda: kernels.lookup(A.astype(np.float32), [1.0]),
    "float curve with infinity": lambda: kernels.lookup(A.astype(np.float32), [1.0, math.inf]),
    "float curve beyond floats": lambda: kernels.lookup(A.astype(np.float32), [1.0, 1e39]),
    "16-bit curve of 256": lambda: kernels.lookup(A.astype(np.uint16), np.arange(256)),
    "width 0": lambda: kernels.window(A, 100, 0),
    "width negative": lambda: kernels.window(A, 100, -1),
    "center NaN": lambda: kernels.window(A, math.nan, 10),
    "center infinite": lambda: kernels.window(A, math.inf, 10),
    "cutoff negative": lambda: kernels.auto_contrast(A, -1),
    "cutoff 50": lambda: kernels.auto_contrast(A, 50),
    "clip limit negative": lambda: kernels.clahe(A, -1),
    "clip limit NaN": lambda: kernels.clahe(A, math.nan),
    "no tiles": lambda: kernels.clahe(A, 2, (0, 8)),
    "65 tiles": lambda: kernels.clahe(A, 2, (8, 65)),
    "half a tile": lambda: kernels.clahe(A, 2, (8, 1.5)),
    "one side of tiles": lambda: kernels.clahe(A, 2, 8),
    "too many tiles for 16 bits": lambda: kernels.clahe(A.astype(np.uint16), 2, (16, 17)),
    "overlay of another dtype": lambda: kernels.composite(A, A.astype(np.uint16)),
    "colours over grey": lambda: kernels.composite(A[..., :1], A),
    "overlay that is no picture": lambda: kernels.composite(A, [[1.0]]),
    "position of one number": lambda: kernels.composite(A, A, 3),
    "position with a fraction": lambda: kernels.composite(A, A, (0, 0.5)),
    "position too far": lambda: kernels.composite(A, A, (2**30 + 1, 0)),
    "opacity above 1": lambda: kernels.composite(A, A, opacity=1.01),
    "opacity NaN": lambda: kernels.composite(A, A, opacity=math.nan),
    "filter cubic": lambda: kernels.resize(A, (3, 3), filter="cubic"),
    "filter None": lambda: kernels.resize(A, (3, 3), filter=None),
    "size of one number": lambda: kernels.resize(A, 3),
    "size of three": lambda: kernels.resize(A, (3, 3, 3)),
    "size with 0": lambda: kernels.resize(A, (0, 3)),
    "size negative": lambda: kernels.resize(A, (3, -1)),
    "size with a fraction": lambda: kernels.resize(A, (3, 1.5)),
    "size of a whole float": lambda: kernels.resize(A, (3, 2.0)),
    "size with True": lambda: kernels.resize(A, (True, 3)),
    "size NaN": lambda: kernels.resize(A, (math.nan, 3)),
    "size too large": lambda: kernels.resize(A, (65_536, 3)),
    "size as text": lambda: kernels.resize(A, "33"),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_arguments_out_of_range_are_refused_with_what_was_expected_and_what_came(call) -> None:
    with pytest.raises((ValueError, TypeError), match=r"\AExpected .*got "):
        call()
