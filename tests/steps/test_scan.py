import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from imgpipe import ConfigError, ImageFormat, LoadError, iter_images, scan_directory
from imgpipe.steps.scan import scan


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder: Path, **options) -> list[str]:
    listings = scan([folder], **options)
    return [str(found.relative) for listing in listings for found in listing.pictures]


def test_a_folder_gives_its_pictures_sorted_and_nothing_else(tmp_path: Path) -> None:
    touch(tmp_path / "test2.png", tmp_path / "test1.jpg", tmp_path / "readme.txt")
    touch(tmp_path / "below" / "other.jpg")

    images = asyncio.run(scan_directory(tmp_path))

    assert [image.filename for image in images] == ["test1.jpg", "test2.png"]
    assert [image.format for image in images] == [ImageFormat.JPEG, ImageFormat.PNG]
    assert [image.size_bytes for image in images] == [1, 1]


def test_two_folders_can_be_scanned_at_once(tmp_path: Path) -> None:
    touch(tmp_path / "one" / "a.jpg", tmp_path / "two" / "b.png")

    async def both() -> list[int]:
        scans = (scan_directory(tmp_path / name) for name in ("one", "two"))
        return [len(images) for images in await asyncio.gather(*scans)]

    assert asyncio.run(both()) == [1, 1]


def test_folders_are_descended_into_whatever_their_name(tmp_path: Path) -> None:
    touch(tmp_path / "x.png" / "inner.jpg", tmp_path / "a.jpg", tmp_path / "z" / "y" / "deep.gif")
    assert names(tmp_path) == ["a.jpg", "x.png/inner.jpg", "z/y/deep.gif"]
    assert names(tmp_path, recursive=False) == ["a.jpg"]


def test_hidden_folders_previews_and_the_output_are_left_out(tmp_path: Path) -> None:
    for folder in (".git", "@eaDir", ".imgpipe", "out", "kept"):
        touch(tmp_path / folder / "p.jpg")
    assert names(tmp_path, exclude_folder=tmp_path / "out") == ["kept/p.jpg"]


def test_links_to_folders_are_not_followed_links_to_files_are(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.jpg", tmp_path / "else" / "b.jpg")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "linked.jpg").symlink_to(tmp_path / "else" / "b.jpg")
    assert names(tmp_path / "in") == ["a.jpg", "linked.jpg"]


def test_a_link_to_nothing_is_named_as_failed(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (listing,) = scan([tmp_path])
    assert listing.failures[0].path == tmp_path / "gone.jpg"


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert names(tmp_path) == []


def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff\xfe.jpg"
    touch(Path(os.fsdecode(raw)))
    (found,) = (found for listing in scan([tmp_path]) for found in listing.pictures)
    assert os.fsencode(found.file.path) == raw


def test_a_file_named_as_source_is_taken_whatever_its_extension(tmp_path: Path) -> None:
    touch(tmp_path / "odd.name")
    (listing,) = scan([tmp_path / "odd.name"])
    assert [str(found.relative) for found in listing.pictures] == ["odd.name"]


def test_include_and_exclude_go_by_name_and_by_path(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "b.png", tmp_path / "raw" / "c.jpg")
    assert names(tmp_path, include=["*.jpg"]) == ["a.jpg", "raw/c.jpg"]
    assert names(tmp_path, exclude=["raw/*"]) == ["a.jpg", "b.png"]


def test_iter_images_streams_several_folders(tmp_path: Path) -> None:
    touch(tmp_path / "one" / "a.jpg", tmp_path / "two" / "below" / "b.png")

    async def collect() -> list[str]:
        folders = [tmp_path / "one", tmp_path / "two"]
        return [file.filename async for file in iter_images(folders)]

    assert asyncio.run(collect()) == ["a.jpg", "b.png"]


def test_a_missing_folder_is_said_before_anything_is_listed(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    with pytest.raises(ConfigError, match="found nothing at .*nowhere"):
        next(scan([tmp_path, tmp_path / "nowhere"]))


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder of root's that anybody may read; those of `tmp_path` are root's alone."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def as_nobody(closed: Path) -> Iterator[None]:
    closed.chmod(0)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        closed.chmod(0o755)


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@only_root
def test_a_folder_that_cannot_be_read_is_a_failure_of_its_own(public_folder: Path) -> None:
    closed = public_folder / "closed"
    touch(closed / "a.jpg", public_folder / "open" / "b.jpg")
    with as_nobody(closed):
        listings = list(scan([public_folder]))
    failures = [failure for listing in listings for failure in listing.failures]
    assert [failure.path for failure in failures] == [closed]
    assert isinstance(failures[0], LoadError)
    assert sum(len(listing.pictures) for listing in listings) == 1


@only_root
def test_a_source_out_of_reach_is_refused_with_a_sentence(public_folder: Path) -> None:
    touch(public_folder / "closed" / "a.jpg")
    with (
        as_nobody(public_folder / "closed"),
        pytest.raises(ConfigError, match=r"folder or file of pictures, got: .*Permission denied"),
    ):
        list(scan([public_folder / "closed" / "a.jpg"]))
