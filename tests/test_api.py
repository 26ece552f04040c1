import asyncio
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    Blur,
    ConfigError,
    DecodeError,
    Grayscale,
    Image,
    ImageData,
    ImageFile,
    ImageFormat,
    Kernel,
    ProcessingConfig,
    ProcessingResult,
    ProcessingStats,
    Resize,
    Thumbnail,
    apply_transforms,
    kernels,
    open_image,
    process_directory_concurrent,
    process_image,
    process_image_worker,
    process_with_filter,
    save_processed_image,
)


def data_of(content: bytes, name: str = "test.png") -> ImageData:
    file = ImageFile(Path(name), len(content), ImageFormat.PNG)
    return ImageData(file, content, 100, 100)


def test_process_image_changes_and_tells(smooth, encoded) -> None:
    data = data_of(encoded(smooth(100, 100, 4), "PNG"))
    processed = asyncio.run(process_image(data, [Thumbnail(32)]))
    assert (processed.image.width, processed.image.height) == (32, 32)
    assert processed.original == data.file
    assert processed.transforms == (Thumbnail(32),)


def test_process_image_raises_for_what_is_no_picture() -> None:
    with pytest.raises(DecodeError, match="^Expected") as raised:
        asyncio.run(process_image(data_of(b"not an image"), [Grayscale()]))
    assert raised.value.path == Path("test.png")


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("blur", Kernel.gaussian_blur()),
        ("sharpen", Kernel.sharpen()),
        ("edge", Kernel.edge_detect()),
        ("anything else", Kernel.box_blur()),
    ],
)
def test_process_with_filter_knows_three_names(name: str, kernel: Kernel, smooth) -> None:
    image = Image.from_array(smooth(30, 20))
    filtered = asyncio.run(process_with_filter(image, name))
    assert np.array_equal(filtered.pixels, kernels.convolve(image.pixels, kernel))


def test_save_processed_image_writes_the_format_asked_for(tmp_path: Path, smooth) -> None:
    path = tmp_path / "picture.dat"
    image = Image.from_array(smooth(30, 20))
    asyncio.run(save_processed_image(image, path, ImageFormat.WEBP, quality=50))
    assert open_image(path).format is ImageFormat.WEBP


def test_worker_makes_a_file_of_the_same_name(tmp_path: Path, smooth, encoded) -> None:
    content = encoded(smooth(50, 50), "PNG")
    result = asyncio.run(process_image_worker(data_of(content), [Thumbnail(32)], tmp_path))
    assert (result.success, result.error) == (True, None)
    assert result.output_path == tmp_path / "test.png"
    assert result.duration > 0
    assert open_image(tmp_path / "test.png").width == 32


def test_worker_tells_of_a_failure_and_does_not_raise(tmp_path: Path) -> None:
    result = asyncio.run(process_image_worker(data_of(b"not an image"), [], tmp_path))
    assert (result.success, result.output_path) == (False, None)
    assert (result.error or "").startswith("Expected")


def fill(folder: Path, count: int, smooth) -> None:
    for number in range(count):
        image = Image.from_array(smooth(50 + number, 50))
        asyncio.run(save_processed_image(image, folder / f"img{number}.png", ImageFormat.PNG))


@pytest.mark.parametrize("workers", [1, 2, 4, 8, None])
def test_a_directory_is_processed(workers: int | None, tmp_path: Path, smooth) -> None:
    fill(tmp_path / "in", 10, smooth)
    config = ProcessingConfig(workers, 5, (Resize(50, 50), Grayscale()))
    stats = asyncio.run(process_directory_concurrent(tmp_path / "in", tmp_path / "out", config))

    assert (stats.total_processed, stats.total_failed) == (10, 0)
    assert stats.total_duration > 0
    for source in (tmp_path / "in").iterdir():
        expected = apply_transforms(open_image(source), config.transforms)
        assert np.array_equal(open_image(tmp_path / "out" / source.name).pixels, expected.pixels)


def test_a_second_call_writes_over_its_own_and_leaves_nothing_else(tmp_path: Path, smooth) -> None:
    fill(tmp_path / "in", 3, smooth)
    for size in (20, 10):
        config = ProcessingConfig(transforms=(Thumbnail(size),))
        asyncio.run(process_directory_concurrent(tmp_path / "in", tmp_path / "out", config))
    assert open_image(tmp_path / "out" / "img0.png").width == 10
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "img0.png",
        "img1.png",
        "img2.png",
    ]


def test_a_corrupt_picture_is_counted_as_failed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "corrupt.jpg").write_bytes(b"not an image")
    config = ProcessingConfig(2, 5, (Grayscale(),))
    stats = asyncio.run(process_directory_concurrent(tmp_path / "in", tmp_path / "out", config))
    assert (stats.total_processed, stats.total_failed) == (0, 1)


def test_an_empty_directory_gives_empty_stats(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    stats = asyncio.run(process_directory_concurrent(tmp_path / "in", tmp_path / "out"))
    assert stats.get_report() == "Processed: 0, Failed: 0, Avg time: 0ms"


def test_the_input_directory_is_no_output_directory(tmp_path: Path, smooth) -> None:
    fill(tmp_path, 1, smooth)
    with pytest.raises(ConfigError, match="other than the input folder"):
        asyncio.run(process_directory_concurrent(tmp_path, tmp_path))


def test_the_report_is_the_seeds_line() -> None:
    stats = ProcessingStats()
    for _ in range(10):
        stats.add(ProcessingResult(Path("a"), True, Path("b"), None, 0.012))
    assert stats.get_report() == "Processed: 10, Failed: 0, Avg time: 12ms"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"worker_count": 0}, "Expected worker_count to be a whole number from 1 on, got 0"),
        ({"worker_count": -1}, "got -1"),
        ({"worker_count": 1.5}, "got 1.5"),
        ({"batch_size": 0}, "Expected batch_size"),
        ({"transforms": ("blur",)}, "Expected transforms such as"),
        ({"transforms": Blur}, "Expected transforms such as"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(arguments, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ProcessingConfig(**arguments)


def test_what_cannot_be_listed_is_a_failure_of_its_own(pictures: Path, tmp_path: Path) -> None:
    (pictures / "nothing.jpg").symlink_to(tmp_path / "gone")
    stats = asyncio.run(process_directory_concurrent(pictures, tmp_path / "out"))
    assert (stats.total_processed, stats.total_failed) == (4, 1)
