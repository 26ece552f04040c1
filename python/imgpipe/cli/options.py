"""What commands that plan a run take on the command line, and the config that comes of it."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from imgpipe.colours import parse_colour
from imgpipe.config import PipelineConfig
from imgpipe.errors import ConfigError
from imgpipe.formats import parse_format
from imgpipe.limits import MAX_FILE_BYTES, MAX_FRAMES, MAX_PIXELS, MAX_SIDE
from imgpipe.losses import KINDS as LOSSES
from imgpipe.metadata import KEEP
from imgpipe.naming import SIDECAR
from imgpipe.policy import ANIMATIONS, DICOM_WINDOWS, RAW_HIGHLIGHTS, RAWS
from imgpipe.recipe import read_recipe
from imgpipe.recovery import ErrorRecoveryStrategy
from imgpipe.runlog.decide import OVERWRITE_RULES
from imgpipe.steps.plan import COLLISION_RULES
from imgpipe.steps.save import DURABILITIES
from imgpipe.transforms import KINDS, parse_transform
from imgpipe.variants import parse_variant
from imgpipe.watermark import WatermarkConfig, WatermarkPosition, parse_position

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

PATH = click.Path(path_type=Path)


class Parsed(click.ParamType[Any]):
    """What `parse` makes of a text, with what is wrong told as a complaint about the option."""

    name = "text"

    def __init__(self, parse: Callable[[str], Any]) -> None:
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _parse_widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"Expected widths such as 320,640,1280, got {text!r}") from None


def _option(*names: str, parse: Callable[[str], Any] | None = None, **more: Any) -> Decorator:
    if parse:
        more["type"] = Parsed(parse)
    return click.option(*names, **more)


workers = _option(
    "worker_count",
    "--workers",
    type=int,
    help="Pictures worked on at a time; one for each core.",
)
memory = _option(
    "memory_limit",
    "--memory",
    metavar="SIZE",
    help="What pictures in flight may take, as 1GB; half of what is there.",
)
log = _option(
    "--log", type=PATH, metavar="FILE", help="Where the log is kept; in OUT/.imgpipe without it."
)
metrics = _option(
    "--metrics",
    type=PATH,
    metavar="FILE",
    help="Write numbers for Prometheus there, as text.",
)
metrics_port = _option(
    "--metrics-port",
    type=int,
    metavar="N",
    help="Answer Prometheus at that port of this machine.",
)
profile = _option(
    "--profile", is_flag=True, help="Say where the time went, and write a Chrome trace."
)
quiet = _option("--quiet", is_flag=True, help="Print nothing but failures.")
json = _option(
    "--json", is_flag=True, help="Print one JSON object a line for each output and the end."
)

# Fields of PipelineConfig, and what is put together to make them.
_OF_A_RUN = (
    click.argument(
        "sources",
        type=PATH,
        metavar="SRC...",
        nargs=-1,
        required=True,
        help="Folders of pictures, or single pictures.",
    ),
    _option(
        "--output",
        "-o",
        metavar="OUT",
        help="The folder for the results.",
        type=PATH,
        required=True,
    ),
    _option(
        "--recipe",
        metavar="FILE",
        help="Settings from a TOML file, by PipelineConfig's names; options given here win.",
        type=PATH,
    ),
    _option(
        "transforms",
        "--transform",
        "-t",
        parse=parse_transform,
        metavar="NAME[:ARGS]",
        help="A change to make, in the order given: " + "; ".join(kind.usage for kind in KINDS),
        multiple=True,
    ),
    _option(
        "variants",
        "--variant",
        parse=parse_variant,
        metavar="SPEC",
        help="An output of each picture, such as 'web: width=1920, format=webp, quality=85'; "
        "any number of them.",
        multiple=True,
    ),
    _option(
        "--widths",
        parse=_parse_widths,
        metavar="W,W,...",
        help="A responsive set: an output for each width, with manifest.json and HTML.",
    ),
    _option(
        "--formats",
        parse=lambda text: tuple(map(parse_format, text.split(","))),
        metavar="F,F,...",
        help="The formats of --widths; jpeg without it.",
    ),
    _option(
        "--name",
        metavar="TEMPLATE",
        help="Names of outputs, such as '{dir}/{stem}-{variant}-{width}w.{hash:10}{ext}'.",
    ),
    _option(
        "--format",
        "-f",
        parse=parse_format,
        metavar="FORMAT",
        help="jpeg, png, webp, avif and so on; each picture's own without it.",
    ),
    _option("--quality", "-q", help="1 to 100, for JPEG and WebP, 80, and AVIF, 60.", type=int),
    _option("--effort", help="0 to 10: how long an encoder may try.", type=int),
    _option("--progressive", help="JPEGs that load from coarse.", is_flag=True, default=None),
    _option("--lossless", help="WebP without loss.", is_flag=True, default=None),
    _option("--subsampling", help="Of colours in JPEG and AVIF: 4:2:0, the default, to 4:4:4."),
    _option(
        "--lossless-jpeg",
        help="JPEGs as JPEG XL of the same coefficients.",
        is_flag=True,
        default=None,
    ),
    _option("--max-bytes", help="Lower the quality until a file is no larger than that.", type=int),
    _option(
        "--keep",
        metavar="WHAT",
        help=f"Metadata to keep: {', '.join(KEEP)}; copyright without it. dicom writes all "
        "that a DICOM picture says, its patient included, beside each output, as "
        f"scan.png{SIDECAR}.",
    ),
    _option(
        "--forbid-loss",
        parse=lambda text: list(filter(None, text.split(","))),
        metavar="WHAT",
        help="Losses that are errors: " + ", ".join(LOSSES) + ".",
    ),
    _option(
        "--background",
        parse=lambda text: parse_colour(text)[:3],
        metavar="COLOUR",
        help="What transparency is laid on where a format has none; white without it.",
    ),
    _option("--linear-light", help="Resize light, not numbers.", is_flag=True, default=None),
    _option(
        "--decode-margin",
        help="1 decodes large JPEGs faster, a little less sharp; to 2.",
        type=float,
    ),
    _option(
        "--if-larger",
        metavar="write|keep",
        help="keep takes a picture's own file where nothing was done but make it larger.",
    ),
    _option("--depth", help="8, 10, 12 or 16: the most bits a sample has in the output.", type=int),
    _option(
        "--dither", help="Round deep samples so that their mean stays.", is_flag=True, default=None
    ),
    _option(
        "--animation",
        metavar="|".join(ANIMATIONS),
        help="All frames and pages where the output can hold them, the first, or a failure.",
    ),
    _option(
        "--dicom-window",
        metavar="|".join(DICOM_WINDOWS),
        help="Which values of a DICOM picture are shown where no window: says so: those its "
        "file names, all but a percent at either end, or all.",
    ),
    _option("--raw", metavar="|".join(RAWS), help="Develop RAW, or take the camera's preview."),
    _option(
        "--raw-exposure", help="Stops from -2 to 3; as bright as looks good without it.", type=float
    ),
    _option(
        "--raw-highlights",
        metavar="|".join(RAW_HIGHLIGHTS),
        help="What becomes of highlights that not all colours have.",
    ),
    _option(
        "--max-pixels", help=f"Of a picture, in all frames kept; {MAX_PIXELS} without it.", type=int
    ),
    _option("--max-frames", help=f"Of a picture; {MAX_FRAMES} without it.", type=int),
    _option("--max-side", help=f"Of a picture, in pixels; {MAX_SIDE} without it.", type=int),
    _option("--max-file-bytes", help=f"Of a picture; {MAX_FILE_BYTES} without it.", type=int),
    _option("--watermark-text", help="Text laid over every output."),
    _option("--watermark-image", help="A picture laid over every output.", type=PATH),
    _option(
        "--position",
        parse=parse_position,
        metavar="PLACE",
        help=f"{', '.join(place.value for place in WatermarkPosition)}; bottom-right without.",
    ),
    _option("--opacity", help="Of the watermark, 0 to 1; 0.5 without it.", type=float),
    memory,
    _option(
        "error_strategy",
        "--on-error",
        parse=ErrorRecoveryStrategy.parse,
        metavar="skip|retry:N|fail",
        help="What a picture that fails means to the others; retry is for what storage refuses.",
    ),
    _option("--max-errors", metavar="N|N%", help="Stop once more pictures than that failed."),
    _option("--timeout", help="Seconds a picture may be worked on.", type=float),
    _option(
        "--on-collision",
        metavar="|".join(COLLISION_RULES),
        help="Where two pictures would land on one output.",
    ),
    _option(
        "--overwrite",
        "-O",
        metavar="|".join(OVERWRITE_RULES),
        help="never replaces a file, changed those of earlier runs that are out of date, "
        "all every file but inputs.",
    ),
    _option(
        "--durability",
        metavar="|".join(DURABILITIES),
        help="What survives a power cut: every file, which is the default, those of a run that "
        "has ended, or whatever.",
    ),
    _option(
        "--verify",
        help="Tell changed pictures by their content, not by their time.",
        is_flag=True,
        default=None,
    ),
    log,
    _option(
        "--recursive/--no-recursive",
        help="Descend into folders, hidden ones left out.",
        default=None,
    ),
    _option("--flat", help="Put all results in one folder.", is_flag=True, default=None),
    workers,
    _option(
        "buffer_size",
        "--buffer",
        help="What may wait before each lane; four for each worker.",
        type=int,
    ),
    _option("--batch-size", help="Small pictures that travel together, 8 at most.", type=int),
)


def all_of(*options: Decorator) -> Decorator:
    """One decorator for several options, told of in that order."""
    return lambda command: functools.reduce(
        lambda made, option: option(made), reversed(options), command
    )


def takes_config(command: Callable[..., None]) -> Callable[..., None]:
    """`command(config, ...)` as one that takes all options of a run in place of `config`."""
    own = list(inspect.signature(command).parameters)[1:]

    @all_of(*_OF_A_RUN)
    @functools.wraps(command)
    def from_options(**given: Any) -> None:
        mine = {name: given.pop(name) for name in own}
        try:
            config = config_of(**given)
        except ConfigError as error:
            raise click.BadParameter(str(error)) from None
        command(config, **mine)

    return from_options


def config_of(
    sources: list[Path],
    output: Path,
    recipe: Path | None,
    watermark_text: str | None,
    watermark_image: Path | None,
    position: WatermarkPosition | None,
    opacity: float | None,
    **settings: Any,
) -> PipelineConfig:
    """The config of a recipe, if any, and of the options that were given. Raises ConfigError."""
    config = read_recipe(recipe) if recipe else {}
    config |= {name: value for name, value in settings.items() if value not in (None, ())}
    if watermark_text is not None or watermark_image is not None:
        look = {"position": position, "opacity": opacity}
        given: dict[str, Any] = {name: value for name, value in look.items() if value is not None}
        config["watermark"] = WatermarkConfig(watermark_text, watermark_image, **given)
    return PipelineConfig(sources, output, **config)
