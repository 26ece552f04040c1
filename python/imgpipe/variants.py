"""`OutputVariant`: one of several outputs of a picture."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from imgpipe.codecs.base import Encoding
from imgpipe.errors import ConfigError
from imgpipe.formats import ImageFormat, parse_format
from imgpipe.steps.encode import check_writable
from imgpipe.transforms import ImageTransform, Width, parse_transform

_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,100}")
_TRUE, _FALSE = ("yes", "true", "1", ""), ("no", "false", "0")


@dataclass(frozen=True)
class OutputVariant:
    """One of the outputs that are made of each picture, from one decode.

    Its file is named `{stem}_{name}{extension}`. `transforms` are made in turn, `format` and
    `quality` are as for `encode_image`, the others as for `PipelineConfig`. With `widest` a picture
    that is narrower than so many pixels does not get this output.

    Raises ConfigError that names the variant for anything out of range.
    """

    name: str
    transforms: Sequence[ImageTransform] = ()
    format: ImageFormat = ImageFormat.JPEG
    quality: int | None = None
    _: KW_ONLY
    effort: int | None = None
    progressive: bool = False
    lossless: bool = False
    subsampling: str = "4:2:0"
    lossless_jpeg: bool = False
    max_bytes: int | None = None
    widest: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name) or ".." in self.name:
            raise ConfigError(
                "Expected a variant's name of up to 100 characters without slashes or dots in a "
                f"row, got {self.name!r}"
            )
        object.__setattr__(self, "transforms", checked_transforms(self.transforms))
        try:
            check_max_bytes(self.max_bytes)
            check_writable(self.format)
            _ = self.encoding
        except ConfigError as error:
            expected, comma, got = str(error).rpartition(", got")
            raise ConfigError(f'{expected} for variant "{self.name}"{comma}{got}') from None

    @property
    def encoding(self) -> Encoding:
        """How it is written."""
        return Encoding(
            self.quality,
            self.effort,
            self.progressive,
            self.lossless,
            self.subsampling,
            self.lossless_jpeg,
        )


def check_max_bytes(count: int | None) -> None:
    """Raise ConfigError for a size of files that is no whole number from 1 on, or None."""
    if count is not None and (type(count) is not int or count < 1):
        raise ConfigError(f"Expected max_bytes to be a whole number from 1 on, got {count!r}")


def check_variants(variants: Iterable[OutputVariant]) -> tuple[OutputVariant, ...]:
    """`variants` as a tuple. Raises ConfigError where two have one name and format."""
    given = tuple(variants) if isinstance(variants, Iterable) else (variants,)
    seen = set()
    for variant in given:
        if not isinstance(variant, OutputVariant):
            raise ConfigError(f"Expected variants such as OutputVariant('web'), got {variant!r}")
        key = variant.name.casefold(), variant.format
        if key in seen:
            raise ConfigError(
                f'Expected a name of its own for each variant, got "{variant.name}" twice'
            )
        seen.add(key)
    return given


def checked_transforms(transforms: Sequence[ImageTransform]) -> tuple[ImageTransform, ...]:
    """`transforms` as a tuple. Raises ConfigError for what is no transform."""
    given = tuple(transforms) if isinstance(transforms, Iterable) else (transforms,)
    for transform in given:
        if not isinstance(transform, ImageTransform):
            raise ConfigError(f"Expected transforms such as Thumbnail(256), got {transform!r}")
    return given


def responsive(
    widths: Iterable[int],
    formats: Iterable[ImageFormat] = (ImageFormat.JPEG,),
    quality: int | None = None,
) -> tuple[OutputVariant, ...]:
    """A variant for each of `widths`, in pixels, and each of `formats`: a set for `srcset`.

    They are named `320w` and so on. None is made that is wider than its picture, but for the
    narrowest, which is then as wide as the picture. Raises ConfigError for widths that are none.

    >>> [variant.name for variant in responsive([640, 320])]
    ['320w', '640w']
    """
    given = list(widths) if isinstance(widths, Iterable) else [widths]
    if not given:
        raise ConfigError("Expected at least one width, got none")
    try:
        steps = [Width(width) for width in given]
    except (TypeError, ValueError):
        raise ConfigError(f"Expected widths from 1 to 65535 pixels, got {given!r}") from None
    steps.sort(key=lambda step: step.width)
    return check_variants(
        OutputVariant(
            f"{step.width}w", (step,), format, quality, widest=0 if step is steps[0] else step.width
        )
        for step in steps
        for format in formats
    )


def parse_variant(text: str) -> OutputVariant:
    """The variant that `text` spells, such as `web: width=1920, format=webp, quality=85`.

    Before the colon is its name; then come transforms by their names, made in the order given, and
    settings of `OutputVariant`. Raises ConfigError that says what was expected.

    >>> parse_variant("web: width=1920, grayscale, quality=85").transforms
    (Width(width=1920), Grayscale())
    """
    name, colon, rest = text.partition(":")
    if not colon:
        raise ConfigError(f"Expected a variant such as 'web: width=1920', got {text!r}")
    variant = OutputVariant(name.strip())
    transforms = []
    for part in filter(None, map(str.strip, rest.split(","))):
        key, _, value = (piece.strip() for piece in part.partition("="))
        setting = _SETTINGS.get(key.lower().replace("-", "_"))
        try:
            if setting:
                variant = replace(variant, **{key.lower().replace("-", "_"): setting(value)})
            else:
                transforms.append(parse_transform(f"{key}:{value}" if value else key))
        except ValueError as error:
            raise ConfigError(f'{error} for variant "{variant.name}"') from None
    return replace(variant, transforms=tuple(transforms))


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"Expected a whole number in a variant, got {value!r}") from None


def _flag(value: str) -> bool:
    if value.lower() not in _TRUE + _FALSE:
        raise ConfigError(f"Expected yes or no in a variant, got {value!r}")
    return value.lower() in _TRUE


_SETTINGS: dict[str, Callable[[str], Any]] = {
    "format": parse_format,
    "quality": _whole,
    "effort": _whole,
    "max_bytes": _whole,
    "progressive": _flag,
    "lossless": _flag,
    "lossless_jpeg": _flag,
    "subsampling": str,
}
