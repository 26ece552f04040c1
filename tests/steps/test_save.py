import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from imgpipe import ConfigError, Image, ImageFormat, SaveError, StorageFull, open_image, save_image
from imgpipe.steps.save import publish, stage, write_whole


def refusing(number: int, reason: str) -> Callable[..., None]:
    """A call of the system that is always refused."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, reason)

    return refuse


def test_save_image_goes_by_the_extension_and_makes_folders(tmp_path: Path, smooth) -> None:
    path = tmp_path / "new" / "folder" / "picture.webp"
    save_image(Image.from_array(smooth(20, 10)), path)
    assert open_image(path).format is ImageFormat.WEBP
    assert os.listdir(path.parent) == ["picture.webp"]


def test_save_image_replaces_what_is_there(tmp_path: Path, smooth) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    save_image(Image.from_array(smooth(20, 10)), path, format=ImageFormat.BMP)
    assert open_image(path).format is ImageFormat.BMP


def test_an_extension_of_no_format_is_refused(tmp_path: Path, smooth) -> None:
    with pytest.raises(ConfigError, match="Expected a format to write"):
        save_image(Image.from_array(smooth(4, 4)), tmp_path / "picture.txt")
    assert os.listdir(tmp_path) == []


def test_outputs_have_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    publish(stage(b"x", tmp_path / "ours"), replace=False)
    assert os.listdir(tmp_path) == ["ours"]
    (tmp_path / "plain").write_bytes(b"x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_publishing_never_replaces_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / "taken.jpg"
    target.write_bytes(b"somebody's picture")
    staged = stage(b"ours", target)
    with pytest.raises(SaveError, match="Expected no file under the output's name"):
        publish(staged, replace=False)
    assert target.read_bytes() == b"somebody's picture"
    publish(staged, replace=True)
    assert target.read_bytes() == b"ours"
    assert os.listdir(tmp_path) == ["taken.jpg"]


def test_where_links_are_not_to_be_had_nothing_is_replaced_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refusing(errno.EPERM, "no links here"))
    target = tmp_path / "a.jpg"
    publish(stage(b"first", target), replace=False)
    with pytest.raises(SaveError, match="found one just now"):
        publish(stage(b"second", target), replace=False)
    assert target.read_bytes() == b"first"


@pytest.mark.parametrize(("call", "replace"), [("link", False), ("replace", True)])
def test_what_was_done_before_an_error_was_told_is_done(
    call: str, replace: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a network tells whose answer got lost."""
    staged, real = stage(b"whole", tmp_path / "a.jpg"), getattr(os, call)

    def late(source: Path, target: Path) -> None:
        real(source, target)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, call, late)
    publish(staged, replace=replace)
    assert os.listdir(tmp_path) == ["a.jpg"]
    assert staged.target.read_bytes() == b"whole"


@pytest.mark.parametrize(("replace", "content"), [(True, b"theirs"), (False, b"whole")])
def test_somebody_elses_file_is_not_taken_for_what_was_done(
    replace: bool, content: bytes, tmp_path: Path
) -> None:
    """Whatever has become of the temporary file."""
    staged = stage(b"whole", tmp_path / "a.jpg")
    staged.temporary.unlink()
    staged.target.write_bytes(content)
    with pytest.raises(SaveError):
        publish(staged, replace=replace)
    assert staged.target.read_bytes() == content


def test_a_file_with_its_name_may_keep_its_other_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage(b"whole", tmp_path / "a.jpg")

    monkeypatch.setattr(os, "unlink", refusing(errno.EIO, "not now"))
    publish(staged, replace=False)
    assert staged.target.read_bytes() == b"whole"


@pytest.mark.parametrize("replace", [False, True])
def test_what_could_not_get_its_name_may_be_tried_again(
    replace: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage(b"whole", tmp_path / "a.jpg")

    with monkeypatch.context() as faulty:
        faulty.setattr(os, "replace" if replace else "link", refusing(errno.EIO, "not now"))
        with pytest.raises(SaveError, match="not now"):
            publish(staged, replace=replace)
    publish(staged, replace=replace)
    assert os.listdir(tmp_path) == ["a.jpg"]
    assert staged.target.read_bytes() == b"whole"


def test_a_whole_file_that_cannot_be_put_there_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", refusing(errno.EIO, "not now"))
    with pytest.raises(SaveError, match="not now"):
        write_whole(b"whole", tmp_path / "a.jpg")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    script = f"""
import os, resource, signal
from pathlib import Path
from imgpipe import StorageFull
from imgpipe.steps.save import stage
os.chdir({str(tmp_path)!r})
try:
    stage(b"x" * 2**20, Path("full/picture.jpg"))
except StorageFull as error:
    print(error, os.listdir("full"))
"""
    mount = f"mkdir -p {tmp_path}/full && mount -t tmpfs -o size=64k none {tmp_path}/full"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    command = ["unshare", "-m", "sh", "-c", f"{mount} && exec {sys.executable} -c '{script}'"]
    script_safe = [part.replace("'" + script + "'", '"$SCRIPT"') for part in command]
    ran = subprocess.run(
        script_safe,
        env={**os.environ, "SCRIPT": script},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the disk is full" in ran.stdout
    assert ran.stdout.strip().endswith("[]")


def test_storage_full_is_no_failure_of_one_picture() -> None:
    assert not issubclass(StorageFull, SaveError)


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smooth
) -> None:
    happened: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        happened.append(f"flush {Path(os.readlink(f'/proc/self/fd/{descriptor}')).suffix}")
        fsync(descriptor)

    def note_replace(old: Path, new: Path) -> None:
        happened.append(f"name {new.name}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    folder = tmp_path / "folder.d"
    save_image(Image.from_array(smooth(4, 4)), folder / "a.png")
    assert happened == ["flush ", "name a.png", "flush .d"]
