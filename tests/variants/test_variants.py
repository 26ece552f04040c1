import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path, PurePath

import numpy as np
import pytest
from hypothesis import given, strategies as st
from imgpipe import (
    Blur,
    CollisionError,
    ConfigError,
    Fit,
    Grayscale,
    Image,
    ImageFile,
    ImageFormat,
    ImageTransform,
    OutputVariant,
    Pipeline,
    PipelineConfig,
    Thumbnail,
    WatermarkConfig,
    Width,
    load_image,
    open_image,
    parse_variant,
    picture_html,
    process_with_variants,
    responsive,
    run_pipeline,
)
from imgpipe.manifest import MadePicture, manifest, manifest_json
from imgpipe.naming import FIELDS, Template
from PIL import Image as pil


def run(config: PipelineConfig):
    async def collect():
        async with Pipeline(config) as pipeline:
            return [result async for result in pipeline]

    return asyncio.run(asyncio.wait_for(collect(), 60))


@pytest.fixture
def photos(tmp_path: Path, smooth) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, size in (("wide.jpg", (1000, 500)), ("small.jpg", (300, 200))):
        pil.fromarray(smooth(*size)).save(folder / name, quality=95)
    return folder


@pytest.mark.parametrize(
    "name", ["", "a/b", "a\\b", "..", "a..b", "new\nline", "\0", "x" * 101, None]
)
def test_a_name_that_is_no_part_of_a_file_name_is_refused(name) -> None:
    with pytest.raises(ConfigError, match="^Expected a variant's name"):
        OutputVariant(name)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"quality": 140}, 'Expected quality from 1 to 100 for variant "web", got 140'),
        ({"quality": 0}, 'Expected quality from 1 to 100 for variant "web", got 0'),
        ({"max_bytes": 0}, 'for variant "web", got 0'),
        ({"effort": 11}, 'Expected effort from 0 to 10 for variant "web", got 11'),
        ({"format": ImageFormat.DICOM}, 'for variant "web", got DICOM'),
        ({"transforms": ["blur"]}, "Expected transforms such as"),
    ],
)
def test_what_makes_no_sense_names_the_variant(options, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        OutputVariant("web", **options)
    assert sentence in str(raised.value)


def test_variants_are_read_from_text() -> None:
    assert parse_variant("web: width=1920, format=webp, quality=85, effort=3") == OutputVariant(
        "web", (Width(1920),), ImageFormat.WEBP, 85, effort=3
    )
    assert parse_variant("s: thumbnail=64, grayscale, blur=1.5").transforms == (
        Thumbnail(64),
        Grayscale(),
        Blur(1.5),
    )
    assert parse_variant("p: progressive, lossless=no").progressive
    assert parse_variant("plain:") == OutputVariant("plain")
    for bad in (
        "web",
        "web: quality=x",
        "web: swirl=3",
        "web: width=0",
        "a/b: width=3",
        "web: progressive=maybe",
        "web: format=doc",
    ):
        with pytest.raises(ConfigError, match="^Expected"):
            parse_variant(bad)


def test_a_set_of_variants_from_one_decode(photos: Path, tmp_path: Path) -> None:
    path = photos / "wide.jpg"
    data = asyncio.run(load_image(ImageFile(path, 0, ImageFormat.JPEG)))
    variants = [
        OutputVariant("small", (Width(100),)),
        OutputVariant("grey", (Width(200), Grayscale()), ImageFormat.PNG),
        OutputVariant("tiny", (Thumbnail(50),), ImageFormat.WEBP, 90),
    ]
    results = asyncio.run(process_with_variants(data, variants, tmp_path / "out"))
    assert [result.output_path for result in results] == [
        tmp_path / "out" / name for name in ("wide_small.jpg", "wide_grey.png", "wide_tiny.webp")
    ]
    sizes = [(open_image(r.output_path).width, open_image(r.output_path).channels) for r in results]
    assert sizes == [(100, 3), (200, 1), (50, 3)]
    with pytest.raises(ConfigError, match="twice"):
        asyncio.run(process_with_variants(data, [variants[0]] * 2, tmp_path / "out"))


@dataclass(frozen=True)
class Shifted(ImageTransform):
    """One of one's own: without a name, without a hash, and not to be compared."""

    levels: np.ndarray

    def apply(self, image: Image) -> Image:
        return image.with_pixels(image.pixels + self.levels)


def test_transforms_of_ones_own_are_asked_for_nothing_but_pixels(photos, tmp_path: Path) -> None:
    path = next(photos.glob("*.jpg"))
    data = asyncio.run(load_image(ImageFile(path, path.stat().st_size, ImageFormat.JPEG)))
    expected = open_image(path).pixels + np.array([1, 2, 3], np.uint8)
    for _ in range(2):
        step = Shifted(np.array([1, 2, 3], np.uint8))
        variant = OutputVariant("own", [step], ImageFormat.PNG)
        (result,) = asyncio.run(process_with_variants(data, [variant], tmp_path))
        assert np.array_equal(open_image(result.output_path).pixels, expected)


def test_a_picture_that_is_none_fails_in_every_variant(tmp_path: Path) -> None:
    from imgpipe import ImageData

    data = ImageData(ImageFile(Path("x.jpg"), 3, ImageFormat.JPEG), b"no!", 0, 0)
    variants = [OutputVariant("a"), OutputVariant("b")]
    results = asyncio.run(process_with_variants(data, variants, tmp_path))
    assert [(r.success, r.step) for r in results] == [(False, "decode")] * 2
    assert not list(tmp_path.iterdir())


def test_the_pipeline_makes_variants_names_them_and_goes_on(photos: Path, tmp_path: Path) -> None:
    config = PipelineConfig(
        photos,
        tmp_path / "out",
        variants=[
            OutputVariant("web", (Width(400),), quality=85),
            OutputVariant("icon", (Thumbnail(32),), ImageFormat.PNG),
        ],
        watermark=WatermarkConfig(text="©"),
    )
    assert all(result.success and not result.skipped for result in run(config))
    made = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert made == {"wide_web.jpg", "wide_icon.png", "small_web.jpg", "small_icon.png"}
    assert open_image(tmp_path / "out" / "wide_web.jpg").width == 400
    again = run(config)
    assert [result.skipped for result in again] == ["up to date"] * 4


def test_another_watermark_makes_outputs_anew(photos: Path, tmp_path: Path) -> None:
    for text, changed in (("one", None), ("one", "up to date"), ("two", None)):
        config = PipelineConfig(
            photos,
            tmp_path / "out",
            transforms=[Width(200)],
            watermark=WatermarkConfig(text=text),
            overwrite="changed",
        )
        assert [result.skipped for result in run(config)] == [changed] * 2


def test_one_variant_left_to_make_comes_out_as_all_together(photos: Path, tmp_path: Path) -> None:
    variants = [OutputVariant("a", (Width(60),)), OutputVariant("b", (Width(450),))]
    for out in ("one", "two"):
        run(PipelineConfig(photos, tmp_path / out, variants=variants))
    (tmp_path / "two" / "wide_a.jpg").unlink()
    run(PipelineConfig(photos, tmp_path / "two", variants=variants))
    first, second = ((tmp_path / out / "wide_a.jpg").read_bytes() for out in ("one", "two"))
    assert first == second


def test_a_responsive_set_has_no_picture_above_its_source(photos: Path, tmp_path: Path) -> None:
    config = PipelineConfig(
        photos,
        tmp_path / "out",
        widths=[200, 400, 2000],
        formats=[ImageFormat.WEBP, ImageFormat.JPEG],
        name="{dir}/{stem}-{width}w.{hash:8}{ext}",
    )
    results = run(config)
    assert all(result.success for result in results)
    entries = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert set(entries) == {"wide.jpg", "small.jpg"}
    widths = {name: [p["width"] for p in entry["webp"]] for name, entry in entries.items()}
    assert widths == {"wide.jpg": [200, 400], "small.jpg": [200]}
    for entry in entries.values():
        for pictures in entry.values():
            for picture in pictures:
                path = tmp_path / "out" / picture["outputPath"]
                assert path.stat().st_size == picture["size"]
                shown = open_image(path)
                assert (shown.width, shown.height) == (picture["width"], picture["height"])
    page = (tmp_path / "out" / "pictures.html").read_text()
    assert page.count("<picture>") == 2
    stamp = (photos / "small.jpg").stat()
    (photos / "small.jpg").write_bytes(bytes(stamp.st_size))  # nobody will look into it again
    os.utime(photos / "small.jpg", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    skipped = [result.skipped for result in run(config)]
    assert sorted(set(filter(None, skipped))) == ["up to date", "wider than the picture"]
    assert None not in skipped


def test_somebody_elses_manifest_is_not_replaced(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text('{"name": "my app"}')
    with pytest.raises(ConfigError, match="^Expected no other file at"):
        run(PipelineConfig(photos, out, widths=[200]))
    assert (out / "manifest.json").read_text() == '{"name": "my app"}'
    assert not list(out.glob("*.jpg"))


def test_names_that_would_meet_are_told_before_anything_is_made(photos, tmp_path: Path) -> None:
    variants = [OutputVariant("a"), OutputVariant("b")]
    with pytest.raises(CollisionError, match="put {variant} into the name"):
        run(PipelineConfig(photos, tmp_path / "out", variants=variants, name="{stem}{ext}"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x.jpg",
        "{variant}{ext}",
        "/etc/{stem}",
        "../{stem}",
        "{foo}",
        "{stem:3}",
        "{hash:3}",
        "{hash:65}",
        "{stem!r}",
        "{stem",
        "{stem}\\x",
        "{0}{stem}",
    ],
)
def test_templates_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="^Expected"):
        Template(text)


CHARACTERS = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
STEMS = st.text(CHARACTERS, min_size=1).filter(
    lambda stem: stem not in (".", "..") and PurePath(stem + ".jpg").stem == stem
)


@given(STEMS, STEMS, st.sampled_from(["", "a", "a/b c", "{dir}"]))
def test_names_stay_inside_and_apart(stem: str, other: str, folder: str) -> None:
    template = Template("{dir}/{stem}_{variant}-{width}x{height}.{hash:10}{ext}")

    def name(stem: str) -> PurePath:
        return template.name(PurePath(folder, stem + ".jpg"), "web", ".webp", (3, 4), b"x")

    first = name(stem)
    assert not first.is_absolute()
    assert ".." not in first.parts
    assert first.name == f"{stem}_web-3x4.2d711642b7{'.webp'}"
    assert (first == name(other)) == (stem == other)


@pytest.mark.parametrize("name", ["{stem}/picture{ext}", "{variant}/{stem}{ext}", ".{stem}/x{ext}"])
def test_a_picture_called_nothing_but_dots_stays_inside(name: str, photos, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for dots in ("..", "...", "...."):
        shutil.copy(next(photos.iterdir()), tmp_path / "in" / f"{dots}jpg")
    out = tmp_path / "below" / "out"
    log = run_pipeline(
        PipelineConfig(tmp_path / "in", out, variants=[OutputVariant(".")], name=name)
    )
    assert (len(log.successful), log.failed) == (3, ())
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_dots_of_neighbours_are_no_way_out() -> None:
    name = Template("{stem}.{variant}.{hash:8}{ext}").name(Path("a.jpg"), "", ".jpg", (1, 1), b"")
    assert name == Path("a..e3b0c442.jpg")


@pytest.mark.parametrize("first", [Thumbnail(64), Fit(64, 48, "cover"), Width(50)])
def test_grey_before_a_resize_decodes_as_small_as_after_it(first, photos, tmp_path: Path) -> None:
    orders = ((Grayscale(), first), (first, Grayscale()))
    made = []
    for number, transforms in enumerate(orders):
        out = tmp_path / str(number)
        config = PipelineConfig(photos, out, transforms=transforms, format=ImageFormat.PNG)
        assert run_pipeline(config).failed == ()
        made.append({path.name: path.read_bytes() for path in out.glob("*.png")})
    assert made[0] == made[1]
    assert made[0]


def test_every_field_is_filled() -> None:
    template = Template("".join(f"{{{field}}}|" for field in FIELDS if field != "dir"))
    name = template.name(PurePath("a/b.jpg"), "v", ".png", (3, 4), b"x")
    assert str(name) == "b|v|3|4|2d711642b726b044|.png|"
    assert template.needs_content
    assert not template.needs_folder


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_html_says_what_the_manifest_says() -> None:
    made = [
        MadePicture("in/a b.jpg", f'a b%"&ü_{width}w{format.extension}', format, width, 9, 5)
        for width in (640, 320)
        for format in (ImageFormat.JPEG, ImageFormat.AVIF)
    ]
    entries = manifest(made, "/img/")
    assert json.loads(manifest_json(entries)) == entries
    assert [picture["width"] for picture in entries["in/a b.jpg"]["jpeg"]] == [320, 640]
    reader = Reader()
    reader.feed(picture_html(entries["in/a b.jpg"], 'A "cat" & <dog>', "50vw"))
    tags = [tag for tag, _ in reader.seen]
    assert tags == ["picture", "source", "source", "img"]
    assert [attrs.get("type") for _, attrs in reader.seen[1:3]] == ["image/avif", "image/jpeg"]
    image = reader.seen[3][1]
    assert image["alt"] == 'A "cat" & <dog>'
    assert image["src"] == "/img/a%20b%25%22%26%C3%BC_320w.jpg"
    assert image["width"] == "320"
    assert reader.seen[1][1]["srcset"].count("w,") == 1


def test_widths_are_checked() -> None:
    assert [v.widest for v in responsive([640, 320, 1280])] == [0, 640, 1280]
    for bad in ([], [0], ["x"], [320, 320], [70000]):
        with pytest.raises(ConfigError, match="^Expected"):
            responsive(bad)


def test_a_file_that_nothing_was_done_to_may_be_kept(tmp_path: Path, smooth) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    buffer = BytesIO()
    pil.fromarray(smooth(200, 100)).save(buffer, "JPEG", quality=20)
    (folder / "a.jpg").write_bytes(buffer.getvalue())
    run(PipelineConfig(folder, tmp_path / "out", quality=95, if_larger="keep"))
    assert (tmp_path / "out" / "a.jpg").read_bytes() == buffer.getvalue()
    run(PipelineConfig(folder, tmp_path / "all", quality=95))
    assert len((tmp_path / "all" / "a.jpg").read_bytes()) > len(buffer.getvalue())


@pytest.mark.parametrize(
    "options",
    [
        {"keep": "everything"},
        {"forbid_loss": ["frames"]},
        {"decode_margin": 3},
        {"if_larger": "maybe"},
        {"background": (1, 2)},
        {"name": "{foo}"},
        {"widths": [0]},
        {"variants": ["web"]},
        {"subsampling": "4:1:1"},
        {"max_bytes": -1},
    ],
)
def test_a_pipeline_that_makes_no_sense_is_refused_before_it_runs(options, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="^Expected"):
        PipelineConfig(tmp_path, tmp_path / "out", **options)


def test_a_loss_that_is_forbidden_costs_that_picture_alone(tmp_path: Path, smooth) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pil.fromarray(smooth(20, 10)).save(folder / "a.png")
    pil.fromarray(smooth(20, 10, 4)).save(folder / "b.png")
    config = PipelineConfig(
        folder, tmp_path / "out", format=ImageFormat.JPEG, forbid_loss=["alpha"]
    )
    results = {result.original_path.name: result for result in run(config)}
    assert results["a.png"].success
    assert "a loss of alpha" in results["b.png"].error
    relaxed = run(PipelineConfig(folder, tmp_path / "out", format=ImageFormat.JPEG))
    lost = {r.original_path.name: [loss.kind for loss in r.lost] for r in relaxed}
    assert lost["b.png"] == ["alpha"]


def test_light_is_resized_where_it_is_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    pil.fromarray(stripes).save(folder / "a.png")
    for linear, level in ((False, 128), (True, 188)):
        out = tmp_path / f"out{linear}"
        run(PipelineConfig(folder, out, transforms=[Thumbnail(8)], linear_light=linear))
        assert abs(int(np.median(open_image(out / "a.png").pixels)) - level) <= 2


def test_files_keep_their_dates_where_that_is_asked_for(photos: Path, tmp_path: Path) -> None:
    for path in photos.iterdir():
        os.utime(path, ns=(10**18, 10**18))
    for keep, kept in (("copyright,dates", True), ("copyright", False)):
        run(PipelineConfig(photos, tmp_path / keep, transforms=[Width(50)], keep=keep))
        stamps = {path.stat().st_mtime_ns for path in (tmp_path / keep).glob("*.jpg")}
        assert (stamps == {10**18}) == kept


def test_a_name_by_content_never_takes_a_file_that_is_not_ours(photos, tmp_path: Path) -> None:
    def config(width: int, overwrite: str) -> PipelineConfig:
        return PipelineConfig(
            photos,
            tmp_path / "out",
            transforms=[Width(width)],
            name="{stem}-{width}{ext}",
            overwrite=overwrite,
        )

    assert all(result.success for result in run(config(100, "never")))
    foreign = tmp_path / "out" / "wide-90.jpg"
    foreign.write_bytes(b"mine")
    results = {result.original_path.name: result for result in run(config(90, "changed"))}
    assert results["small.jpg"].output_path == tmp_path / "out" / "small-90.jpg"
    assert not results["wide.jpg"].success
    assert foreign.read_bytes() == b"mine"
    foreign.unlink()
    again = {result.original_path.name: result for result in run(config(90, "changed"))}
    assert again["wide.jpg"].output_path == foreign
    assert again["small.jpg"].skipped == "up to date"
