from pathlib import Path

import pytest
from imgpipe import CollisionError, ImageFormat
from imgpipe.steps.plan import Output, Target, plan, settle
from imgpipe.steps.scan import Roll, scan


def planned(folder: Path, *files: str, format=None, flat: bool = False) -> list[str]:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    roll = Roll()
    for listing in scan([folder]):
        for found in listing.pictures:
            roll.add(found)
    pages = plan(roll, [Output(format=format)], flat=flat)
    return [target.path for page in pages for job in page for target in job.targets]


def test_names_and_folders_are_kept(tmp_path: Path) -> None:
    assert planned(tmp_path, "a.JPG", "b/c.png") == ["a.JPG", "b/c.png"]


def test_another_format_changes_the_extension_alone(tmp_path: Path) -> None:
    names = planned(tmp_path, "a.jpeg", "b.png", "c.d.gif", format=ImageFormat.JPEG)
    assert names == ["a.jpeg", "b.jpg", "c.d.jpg"]


def test_flat_leaves_folders_away(tmp_path: Path) -> None:
    assert planned(tmp_path, "a.jpg", "b/c.jpg", flat=True) == ["a.jpg", "c.jpg"]


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (("a.jpg", "a.png"), {"format": ImageFormat.WEBP}),
        (("x/a.jpg", "y/a.jpg"), {"flat": True}),
    ],
)
def test_two_pictures_never_land_on_one_output(tmp_path: Path, files, options) -> None:
    with pytest.raises(CollisionError, match="would both become") as raised:
        planned(tmp_path, *files, **options)
    assert all(str(tmp_path / name) in str(raised.value) for name in files)


@pytest.mark.parametrize(
    ("path", "format", "content", "expected"),
    [
        ("a.jpg", None, ImageFormat.JPEG, ("a.jpg", ImageFormat.JPEG)),
        ("a.jpg", None, ImageFormat.PNG, ("a.png", ImageFormat.PNG)),
        ("a", None, ImageFormat.GIF, ("a.gif", ImageFormat.GIF)),
        ("a.webp", ImageFormat.WEBP, ImageFormat.PNG, ("a.webp", ImageFormat.WEBP)),
    ],
)
def test_extension_follows_the_content(path, format, content, expected) -> None:
    target = settle(Target(Output(), path, path, format), content)
    assert (target.path, target.format) == expected
