"""What `imgpipe run` takes on the command line."""

from pathlib import Path
from typing import Annotated

import typer

from imgpipe.colours import parse_colour
from imgpipe.errors import ConfigError
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.losses import KINDS as LOSSES
from imgpipe.metadata import KEEP
from imgpipe.runlog.decide import OVERWRITE_RULES
from imgpipe.steps.plan import COLLISION_RULES
from imgpipe.transforms import KINDS, ImageTransform, parse_transform
from imgpipe.variants import OutputVariant, parse_variant
from imgpipe.watermark import WatermarkConfig, WatermarkPosition


def read_transform(text: str) -> ImageTransform:
    """A transform as it is spelled, or a complaint about the option."""
    try:
        return parse_transform(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_format(text: str) -> ImageFormat:
    """A format by its name or extension."""
    format = detect_format(f"x.{text.lower().lstrip('.')}")
    if format is ImageFormat.UNKNOWN:
        raise typer.BadParameter(f"Expected a format such as jpeg, png or webp, got {text!r}")
    return format


def read_overwrite(text: str) -> str:
    """One of the rules for existing files."""
    if text not in OVERWRITE_RULES:
        rules = ", ".join(OVERWRITE_RULES)
        raise typer.BadParameter(f"Expected one of {rules}, got {text!r}")
    return text


def read_variant(text: str) -> OutputVariant:
    """A variant as it is spelled, or a complaint about the option."""
    try:
        return parse_variant(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


def read_widths(text: str | None) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise ConfigError(f"Expected widths such as 320,640,1280, got {text!r}") from None


def read_formats(text: str | None) -> tuple[ImageFormat, ...]:
    """Formats with commas between them; JPEG without any."""
    return tuple(map(read_format, text.split(","))) if text else (ImageFormat.JPEG,)


def read_background(text: str) -> tuple[int, int, int]:
    """A colour by its name or #rrggbb."""
    try:
        return parse_colour(text)[:3]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_watermark(
    text: str | None, image: Path | None, position: str, opacity: float
) -> WatermarkConfig | None:
    """The mark that is asked for, or None."""
    if text is None and image is None:
        return None
    places = {place.value: place for place in WatermarkPosition}
    if position not in places:
        raise ConfigError(f"Expected a position of {', '.join(places)}, got {position!r}")
    return WatermarkConfig(text, image, places[position], opacity)


Sources = Annotated[
    list[Path], typer.Argument(metavar="SRC", help="Folders of pictures, or single pictures.")
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="OUT", help="The folder for the results.")
]
Transforms = Annotated[
    list[ImageTransform] | None,
    typer.Option(
        *("--transform", "-t"),
        parser=read_transform,
        metavar="NAME[:ARGS]",
        help="A change to make, in the order given: " + "; ".join(kind.usage for kind in KINDS),
    ),
]
Format = Annotated[
    ImageFormat | None,
    typer.Option(
        *("--format", "-f"),
        parser=read_format,
        metavar="FORMAT",
        help="jpeg, png, webp, avif and so on; each picture's own without it.",
    ),
]
Quality = Annotated[
    int | None,
    typer.Option("--quality", "-q", help="1 to 100, for JPEG and WebP, 80, and AVIF, 60."),
]
Variants = Annotated[
    list[OutputVariant] | None,
    typer.Option(
        "--variant",
        parser=read_variant,
        metavar="SPEC",
        help="An output of each picture, such as 'web: width=1920, format=webp, quality=85'; "
        "any number of them.",
    ),
]
Widths = Annotated[
    str | None,
    typer.Option(
        metavar="W,W,...",
        help="A responsive set: an output for each width, with manifest.json and HTML.",
    ),
]
Formats = Annotated[
    str | None, typer.Option(metavar="F,F,...", help="The formats of --widths; jpeg without it.")
]
Name = Annotated[
    str | None,
    typer.Option(
        metavar="TEMPLATE",
        help="Names of outputs, such as '{dir}/{stem}-{variant}-{width}w.{hash:10}{ext}'.",
    ),
]
Effort = Annotated[int | None, typer.Option(help="0 to 10: how long an encoder may try.")]
Progressive = Annotated[bool, typer.Option("--progressive", help="JPEGs that load from coarse.")]
Lossless = Annotated[bool, typer.Option("--lossless", help="WebP without loss.")]
Subsampling = Annotated[str, typer.Option(help="Of colours in JPEG and AVIF: 4:2:0 to 4:4:4.")]
MaxBytes = Annotated[
    int | None, typer.Option(help="Lower the quality until a file is no larger than that.")
]
Keep = Annotated[
    str, typer.Option(metavar="WHAT", help="Metadata to keep: " + ", ".join(KEEP) + ".")
]
ForbidLoss = Annotated[
    str,
    typer.Option(metavar="WHAT", help="Losses that are errors: " + ", ".join(LOSSES) + "."),
]
Background = Annotated[
    str, typer.Option(help="What transparency is laid on where a format has none.")
]
LinearLight = Annotated[bool, typer.Option("--linear-light", help="Resize light, not numbers.")]
DecodeMargin = Annotated[
    int, typer.Option(help="1 decodes large JPEGs faster, a little less sharp.")
]
IfLarger = Annotated[
    str,
    typer.Option(help="keep takes a picture's own file where nothing was done but make it larger."),
]
WatermarkText = Annotated[str | None, typer.Option(help="Text laid over every output.")]
WatermarkImage = Annotated[Path | None, typer.Option(help="A picture laid over every output.")]
Position = Annotated[
    str, typer.Option(help=", ".join(place.value for place in WatermarkPosition) + ".")
]
Opacity = Annotated[float, typer.Option(help="Of the watermark, 0 to 1.")]
Rule = Annotated[
    str,
    typer.Option(
        *("--overwrite", "-O"),
        parser=read_overwrite,
        metavar="RULE",
        help="never replaces a file, changed those of earlier runs that are out of date, "
        "all every file but inputs.",
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help="What pictures in flight may take, as 1GB; half of what is there."
    ),
]
OnError = Annotated[
    str,
    typer.Option(
        metavar="skip|retry:N|fail",
        help="What a picture that fails means to the others; retry is for what storage refuses.",
    ),
]
MaxErrors = Annotated[
    str | None, typer.Option(metavar="N|N%", help="Stop once more pictures than that failed.")
]
Timeout = Annotated[
    float | None, typer.Option(help="Seconds a picture may be worked on before it fails.")
]
OnCollision = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        help="Where two pictures would land on one output: " + ", ".join(COLLISION_RULES) + ".",
    ),
]
Recursive = Annotated[bool, typer.Option(help="Descend into folders, hidden ones left out.")]
Flat = Annotated[bool, typer.Option("--flat", help="Put all results in one folder.")]
Workers = Annotated[
    int | None, typer.Option(help="Pictures worked on at a time; one for each core.")
]
Buffer = Annotated[
    int | None, typer.Option(help="What may wait before each lane; four for each worker.")
]
BatchSize = Annotated[
    int, typer.Option("--batch-size", help="Small pictures that travel together.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but failures.")]
