import json
from pathlib import Path

import pytest
from imgpipe import (
    Blur,
    CircuitBreaker,
    ConfigError,
    Convolve,
    ErrorRecoveryStrategy,
    ImageFormat,
    Kernel,
    OutputVariant,
    PipelineConfig,
    WatermarkConfig,
    WatermarkPosition,
    Width,
)
from imgpipe.recipe import (
    SETTINGS,
    config_from_json,
    parse_recipe,
    read_recipe,
    recipe_to_json,
    spell_recipe,
)

EVERYTHING = {
    "animation": "first",
    "raw": "preview",
    "raw_exposure": 0.5,
    "raw_highlights": "blend",
    "depth": 10,
    "dither": True,
    "dicom_window": "full",
    "max_pixels": 10**9,
    "max_frames": 1000,
    "max_side": 70_000,
    "max_file_bytes": 10**9,
    "worker_count": 3,
    "buffer_size": 5,
    "retry_attempts": 2,
    "variants": [OutputVariant("a: b, c", [Width(5), Blur(0.7)], ImageFormat.WEBP, 7, widest=9)],
    "watermark": WatermarkConfig(text="© Me", position=WatermarkPosition.TILE, angle=-30),
    "widths": (320, 640),
    "formats": (ImageFormat.JPEG2000, ImageFormat.AVIF),
    "name": "{stem}_{variant}-{width}{ext}",
    "transforms": [Blur(2), Convolve(Kernel.sobel_x())],
    "format": ImageFormat.PNG,
    "quality": 33,
    "effort": 4,
    "progressive": True,
    "lossless": True,
    "lossless_jpeg": True,
    "subsampling": "4:4:4",
    "max_bytes": 100_000,
    "keep": {"icc", "dates"},
    "forbid_loss": ["alpha", "depth"],
    "linear_light": True,
    "decode_margin": 1,
    "background": (1, 2, 3),
    "if_larger": "keep",
    "batch_size": 2,
    "memory_limit": "5MB",
    "error_strategy": ErrorRecoveryStrategy.retry(4),
    "max_errors": "5%",
    "circuit_breaker": CircuitBreaker(3, 2.5),
    "timeout": 1.5,
    "durability": "run",
    "verify": True,
    "log": "/somewhere/run.sqlite",
    "on_collision": "keep-ext",
    "overwrite": "changed",
    "recursive": False,
    "flat": True,
}


def test_every_setting_comes_back_from_json(tmp_path: Path) -> None:
    assert set(EVERYTHING) == set(SETTINGS)
    config = PipelineConfig([tmp_path / "in", b"\xff".decode("utf-8", "surrogateescape")], "out")
    for settings in ({}, EVERYTHING):
        config = PipelineConfig(config.input_dirs, "out", **settings)
        again = config_from_json(recipe_to_json(config), Path("out"))
        assert again.outputs == config.outputs
        assert [source.absolute() for source in config.sources] == list(again.sources)
        assert spell_recipe(again) == spell_recipe(config)
    usual = spell_recipe(PipelineConfig("in", "out"))
    assert {name for name in SETTINGS if spell_recipe(again)[name] != usual[name]} == set(SETTINGS)
    assert again.circuit_breaker is not None
    assert again.circuit_breaker.max_failures == 3


def test_a_toml_file_gives_settings(tmp_path: Path) -> None:
    recipe = tmp_path / "shop.toml"
    recipe.write_text(
        """
transforms = ["thumbnail:256", "grayscale"]
variants = ["web: width=1920, format=webp", {name = "icon", format = "png"}]
on-collision = "suffix"
background = "navy"
keep = ["icc"]

[watermark]
text = "© Me"
position = "center"
""",
        "utf-8",
    )
    config = PipelineConfig("in", "out", **read_recipe(recipe))
    assert [output.variant for output in config.outputs] == ["web", "icon"]
    assert [output.format for output in config.outputs] == [ImageFormat.WEBP, ImageFormat.PNG]
    assert [len(output.transforms) for output in config.outputs] == [3, 2]
    assert config.on_collision == "suffix"
    assert config.background == (0, 0, 128)
    assert config.watermark == WatermarkConfig(text="© Me", position=WatermarkPosition.CENTER)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"qualty": 3}, "Expected a setting such as quality, got 'qualty'"),
        ({"output_dir": "x"}, "Expected a setting such as .*, got 'output_dir'"),
        ({"quality": "high"}, "Expected `int . null`, got `str`, for quality"),
        ({"progressive": "yes"}, "Expected `bool`, got `str`, for progressive"),
        ({"transforms": "blur:2"}, "Expected a list, got 'blur:2', for transforms"),
        ({"transforms": ["swirl"]}, "Expected a transform such as .* got 'swirl', for transforms"),
        ({"watermark": {"txt": "a"}}, "Expected a table of text, .*, got {'txt': 'a'}, for"),
        ({"watermark": {"text": "a", "position": "x"}}, "Expected a position of top-left.*'x'"),
        ({"variants": [{"quality": 3}]}, "Expected something else, got .*'name'.*for variants"),
        ({"variants": [{"name": "a", "quality": 140}]}, 'quality from 1 to 100 for variant "a"'),
        ({"format": 5}, "Expected something else, got 5 .*for format"),
        ({"error_strategy": "hope"}, "Expected skip, fail or retry:3, got 'hope', for"),
    ],
)
def test_nonsense_names_the_setting(given, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_recipe(given)


def test_a_file_that_is_no_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Expected a recipe at .*nowhere.toml, got: No such file"):
        read_recipe(tmp_path / "nowhere.toml")
    (tmp_path / "bad.toml").write_text("transforms = [")
    with pytest.raises(ConfigError, match="in the recipe .*bad.toml"):
        read_recipe(tmp_path / "bad.toml")


def test_what_is_written_is_plain(tmp_path: Path) -> None:
    config = PipelineConfig(tmp_path, "out", **EVERYTHING)
    assert json.loads(json.dumps(spell_recipe(config))) == spell_recipe(config)
