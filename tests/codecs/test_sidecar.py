"""What a DICOM picture says of its patient: beside each output where asked, else nowhere."""

import hashlib
import json
import logging
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from imgpipe import (
    ConfigError,
    ImageFormat,
    OutputVariant,
    PipelineConfig,
    run_pipeline,
)
from imgpipe.cli.history import prune_outputs
from imgpipe.metadata import check_keep
from imgpipe.policy import Policy
from imgpipe.steps.decode import read_head
from imgpipe.steps.demand import demand_of
from imgpipe.steps.plan import Output
from PIL import Image as pil

from .dicoms import SECRETS, imgpipe, made, names, ramp, run

pydicom = pytest.importorskip("pydicom")

FILES = Path(pydicom.__file__).parent / "data" / "test_files"
NAME = "scan.png.dicom.json"

pytestmark = pytest.mark.filterwarnings("ignore:.*:UserWarning")  # of pydicom about its samples


def full(**elements: object) -> bytes:
    """A picture with bulk at every depth, and somebody's binary notes."""
    icon = pydicom.Dataset()
    icon.add_new(0x7FE00010, "OW", bytes(40))
    icon.PatientComments = "nested"
    data = made(ramp(), IconImageSequence=[icon], PatientWeight=71.5, **elements)
    dataset = pydicom.dcmread(BytesIO(data))
    dataset.add_new(0x00091010, "OB", b"\1\2")
    dataset.add_new(0x00091011, "OB", bytes(5000))
    buffer = BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def test_a_sidecar_is_the_model_that_pydicom_makes_without_bulk(tmp_path: Path) -> None:
    data = full()
    assert not run(tmp_path, data, keep="dicom").failed
    told = json.loads((tmp_path / "out" / NAME).read_text("utf-8"))
    expected = pydicom.dcmread(BytesIO(data))
    del expected[0x7FE00010], expected[0x00091011], expected.IconImageSequence[0][0x7FE00010]
    assert told == json.loads(expected.to_json())
    read = pydicom.Dataset.from_json(json.dumps(told))
    assert (str(read.PatientName), read.PatientID) == ("Secret^Person", "4711-0815")
    assert read.IconImageSequence[0].PatientComments == "nested"


@pytest.mark.parametrize("path", sorted(FILES.glob("*.dcm")), ids=lambda path: path.stem)
def test_every_sample_has_one_beside_each_output_or_none_has(path: Path, tmp_path: Path) -> None:
    variants = [OutputVariant("a", [], ImageFormat.PNG), OutputVariant("b", [], ImageFormat.JPEG)]
    log = run(tmp_path, path.read_bytes(), keep="dicom", variants=variants)
    made = set() if log.failed else {"scan_a.png", "scan_b.jpg"}
    assert names(tmp_path / "out") == made | {f"{name}.dicom.json" for name in made}
    for name in made:
        told = json.loads((tmp_path / "out" / f"{name}.dicom.json").read_text("utf-8"))
        assert told["00280010"]["Value"] == [pydicom.dcmread(path, force=True).Rows]
        assert not any(tag.startswith("7FE0") for tag in told)


def test_only_dicom_has_one_and_the_name_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pil.new("L", (8, 8)).save(tmp_path / "in" / "other.png")
    (tmp_path / "in" / "liar.png").write_bytes(made(ramp()))
    assert not run(tmp_path, made(ramp()), keep="all,dicom").failed
    assert names(tmp_path / "out") == {
        *("other.png", "liar.png", "liar.png.dicom.json", "scan.png", NAME),
    }


@pytest.mark.parametrize("keep", ["none", "copyright", "all", "all,gps"])
def test_nothing_is_told_unless_asked(keep: str, tmp_path: Path, capfd, caplog) -> None:
    data = full()
    log = run(tmp_path, data, keep=keep)
    assert not log.failed
    written = b"".join(path.read_bytes() for path in tmp_path.glob("out/**/*") if path.is_file())
    reports = imgpipe("report", tmp_path / "out").stdout
    reports += imgpipe("why", tmp_path / "out", tmp_path / "in" / "scan.dcm").stdout
    told = log.to_json() + reports + json.dumps(capfd.readouterr()) + caplog.text
    assert names(tmp_path / "out") == {"scan.png"}
    for secret in (*SECRETS, "nested", "Person"):
        assert secret not in told
        assert secret.encode() not in written


def test_asked_it_is_told_in_the_sidecar_alone(tmp_path: Path, capfd, caplog) -> None:
    data = full(StudyInstanceUID="4711-0815 is no UID", OtherPatientIDs="Secret" * 20)
    caplog.clear()
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        log = run(tmp_path, data, keep="dicom")
    assert not log.failed
    reports = imgpipe("report", tmp_path / "out").stdout
    reports += imgpipe("why", tmp_path / "out", tmp_path / "in" / "scan.dcm").stdout
    assert f"beside it: {NAME}" in reports
    told = log.to_json() + reports + json.dumps(capfd.readouterr()) + caplog.text
    told += " ".join(str(warning.message) for warning in warned)
    beside = (tmp_path / "out" / NAME).read_bytes()
    (tmp_path / "out" / NAME).unlink()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("out/**/*") if path.is_file())
    for secret in SECRETS:
        assert secret.encode() in beside
        assert secret not in told
        assert secret.encode() not in written


def test_what_makes_no_sense_is_left_out_and_recorded(tmp_path: Path) -> None:
    data = made(ramp(), PatientWeight="71.5").replace(b"71.5", b"x1.5")
    assert not run(tmp_path, data, keep="dicom").failed
    assert "00101030" not in json.loads((tmp_path / "out" / NAME).read_text())
    why = imgpipe("why", tmp_path / "out", tmp_path / "in" / "scan.dcm").stdout
    assert "metadata (DICOM elements that make no sense: 1)" in why
    settings = {"keep": "dicom", "forbid_loss": {"metadata"}, "overwrite": "all"}
    ((_, reason),) = run(tmp_path, data, **settings).failed
    assert "a loss of metadata" in reason
    assert "x1.5" not in reason


def test_a_picture_that_loses_what_is_forbidden_leaves_none(tmp_path: Path) -> None:
    stored = np.stack([ramp()] * 2)
    assert run(tmp_path, made(stored), keep="dicom", forbid_loss={"pages"}).failed
    assert names(tmp_path / "out") == set()


def test_both_are_skipped_together(tmp_path: Path) -> None:
    data, out = made(ramp()), tmp_path / "out"
    assert len(run(tmp_path, data, keep="dicom").successful) == 1
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert len(run(tmp_path, data, keep="dicom").skipped) == 1
    assert {name: (out / name).stat().st_mtime_ns for name in names(out)} == before


@pytest.mark.parametrize("missing", ["scan.png", NAME])
def test_what_is_missing_is_made_again(missing: str, tmp_path: Path) -> None:
    data, out = made(ramp()), tmp_path / "out"
    run(tmp_path, data, keep="dicom")
    whole = {name: (out / name).read_bytes() for name in names(out)}
    (out / missing).unlink()
    assert len(run(tmp_path, data, keep="dicom").successful) == 1
    assert {name: (out / name).read_bytes() for name in names(out)} == whole


def test_both_are_replaced_together(tmp_path: Path) -> None:
    out, settings = tmp_path / "out", {"keep": "dicom", "overwrite": "changed"}
    run(tmp_path, made(ramp()), **settings)
    older = (out / "scan.png").read_bytes()
    changed = made(ramp() // 2, PatientID="another")
    assert len(run(tmp_path, changed, keep="dicom").skipped) == 1
    assert (out / "scan.png").read_bytes() == older
    assert b"another" not in (out / NAME).read_bytes()
    assert len(run(tmp_path, changed, **settings).successful) == 1
    assert (out / "scan.png").read_bytes() != older
    assert b"another" in (out / NAME).read_bytes()


def test_it_goes_where_it_is_asked_for_no_more(tmp_path: Path) -> None:
    run(tmp_path, made(ramp()), keep="dicom")
    assert len(run(tmp_path, made(ramp()), overwrite="changed").successful) == 1
    assert names(tmp_path / "out") == {"scan.png"}


@pytest.mark.parametrize("format", [None, ImageFormat.PNG])
def test_a_file_of_somebody_is_not_replaced_unless_all_are(format, tmp_path: Path) -> None:
    out, data = tmp_path / "out", made(ramp())
    out.mkdir()
    (out / NAME).write_text("somebody's")
    ((_, reason),) = run(tmp_path, data, format=format, keep="dicom").failed
    assert f"Expected nothing of somebody else's at {out / NAME}" in reason
    assert names(out) == {NAME}
    assert not run(tmp_path, data, format=format, keep="none").failed  # as nothing goes there
    assert (out / NAME).read_text() == "somebody's"
    assert not run(tmp_path, data, format=format, keep="dicom", overwrite="all").failed
    assert b"Secret" in (out / NAME).read_bytes()
    (out / NAME).write_text("somebody's")
    assert len(run(tmp_path, data, format=format, keep="dicom", overwrite="changed").skipped) == 1
    assert not run(tmp_path, data, format=format, overwrite="changed").failed
    assert (out / NAME).read_text() == "somebody's"


def test_none_stays_beside_an_output_that_cannot_appear(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scan.png").write_text("somebody's")
    assert run(tmp_path, made(ramp()), keep="dicom").failed
    assert names(tmp_path / "out") == {"scan.png"}
    assert (tmp_path / "out" / "scan.png").read_text() == "somebody's"


def test_an_input_is_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "scan.dcm").write_bytes(made(ramp()))
    (out / NAME).write_bytes(made(ramp()))
    sources = [out / "scan.dcm", out / NAME]
    settings = {"keep": "dicom", "overwrite": "all", "format": ImageFormat.PNG}
    log = run_pipeline(PipelineConfig(sources, out, **settings))
    assert "an output that is no input" in dict(log.failed)[out / "scan.dcm"]
    assert (out / NAME).read_bytes() == made(ramp())


def test_prune_removes_both_or_what_is_still_ours(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "left.dcm").write_bytes(made(ramp()))
    (tmp_path / "in" / "edited.dcm").write_bytes(made(ramp()))
    run(tmp_path, made(ramp()), keep="dicom")
    for name in ("scan.dcm", "edited.dcm"):
        (tmp_path / "in" / name).unlink()
    out = tmp_path / "out"
    edited = out / "edited.png.dicom.json"
    edited.write_bytes(edited.read_bytes().replace(b"Secret", b"Public"))
    every = names(out)
    told = imgpipe("prune", out)
    assert set(told.stdout.split()) == {
        str(out / name) for name in ("scan.png", NAME, "edited.png")
    }
    assert "edited.png.dicom.json: changed since" in told.stderr
    assert names(out) == every
    imgpipe("prune", out, "--yes")
    assert names(out) == {"left.png", "left.png.dicom.json", "edited.png.dicom.json"}


def test_prune_reads_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "left.dcm").write_bytes(made(ramp()))
    run(tmp_path, made(ramp()), keep="dicom")
    (tmp_path / "in" / "scan.dcm").unlink()
    read, real = [], hashlib.file_digest

    def counted(opened, digest):
        read.append(Path(opened.name).name)
        return real(opened, digest)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    prune_outputs(tmp_path / "out", None, remove=False)
    assert sorted(read) == ["scan.png", NAME]


def test_prune_finds_a_sidecar_whose_output_is_gone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "left.dcm").write_bytes(made(ramp()))
    run(tmp_path, made(ramp()), keep="dicom")
    (tmp_path / "in" / "scan.dcm").unlink()
    (tmp_path / "out" / "scan.png").unlink()
    imgpipe("prune", tmp_path / "out", "--yes")
    assert names(tmp_path / "out") == {"left.png", "left.png.dicom.json"}


def test_prune_removes_both_where_making_them_anew_has_failed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "left.dcm").write_bytes(made(ramp()))
    settings = {"keep": "dicom", "overwrite": "changed"}
    run(tmp_path, made(ramp()), **settings)
    assert run(tmp_path, made(ramp())[:-5000], **settings).failed
    (tmp_path / "in" / "scan.dcm").unlink()
    imgpipe("prune", tmp_path / "out", "--yes")
    assert names(tmp_path / "out") == {"left.png", "left.png.dicom.json"}


def test_names_end_in_their_extension_where_something_lies_beside(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="^Expected a name that ends in {ext}"):
        PipelineConfig("in", "out", keep="dicom", name="{stem}.dicom.json")
    settings = {"keep": "dicom", "name": "{stem}.{hash:8}{ext}", "format": ImageFormat.PNG}
    assert not run(tmp_path, made(ramp()), **settings).failed
    (output,) = (name for name in names(tmp_path / "out") if name.endswith(".png"))
    assert names(tmp_path / "out") == {output, f"{output}.dicom.json"}
    assert len(run(tmp_path, made(ramp()), **settings).skipped) == 1


def test_the_command_and_its_recipe_ask_for_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "scan.dcm").write_bytes(made(ramp()))
    (tmp_path / "kept.toml").write_text('keep = "copyright,dicom"')
    imgpipe("run", tmp_path / "in", "-o", tmp_path / "a", "--keep", "dicom")
    imgpipe("run", tmp_path / "in", "-o", tmp_path / "b", "--recipe", tmp_path / "kept.toml")
    for out in ("a", "b"):
        assert names(tmp_path / out) == {"scan.png", NAME}
    assert ".dicom.json" in "".join(imgpipe("run", "--help").stdout.split())


def empty_items() -> "pydicom.sequence.Sequence":
    items = []
    for _ in range(5000):
        item = pydicom.Dataset()
        item.PatientName = item.PatientID = item.PatientSex = item.PatientAge = ""
        items.append(item)
    return pydicom.sequence.Sequence(items)


@pytest.mark.parametrize(
    "elements",
    [
        lambda: {"OtherPatientNames": ["A"] * 5000},
        lambda: {"PatientComments": "\1" * 50_000},
        lambda: {"ReferencedImageSequence": empty_items()},
    ],
    ids=["names", "control characters", "empty elements"],
)
def test_memory_is_set_aside_for_all_that_a_file_may_say(elements, tmp_path: Path) -> None:
    data = made(ramp(), **elements())
    assert not run(tmp_path, data, keep="dicom").failed
    costs = [
        demand_of(read_head(data), (Output(policy=Policy(check_keep(keep))),)).cost(len(data))
        for keep in ("all", "all,dicom")
    ]
    assert costs[1] - costs[0] >= (tmp_path / "out" / NAME).stat().st_size
