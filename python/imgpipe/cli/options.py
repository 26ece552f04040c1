"""What commands that plan a run take on the command line, and the config that comes of it."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

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

T = TypeVar("T")


def reads(parse: Callable[[str], T]) -> Callable[[str], T]:
    """`parse`, with what is wrong told as a complaint about the option."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return read


def _parse_widths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"Expected widths such as 320,640,1280, got {text!r}") from None


def _option(*names: str, help: str, parse: Callable[[str], Any] | None = None, **more: Any) -> Any:
    return typer.Option(*names, help=help, parser=reads(parse) if parse else None, **more)


Workers = Annotated[
    int | None, _option("--workers", help="Pictures worked on at a time; one for each core.")
]
Memory = Annotated[
    str | None,
    _option(
        "--memory",
        metavar="SIZE",
        help="What pictures in flight may take, as 1GB; half of what is there.",
    ),
]
Log = Annotated[
    Path | None,
    _option("--log", metavar="FILE", help="Where the log is kept; in OUT/.imgpipe without it."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but failures.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object a line for each output and the end.")
]
Metrics = Annotated[
    Path | None,
    _option("--metrics", metavar="FILE", help="Write numbers for Prometheus there, as text."),
]
MetricsPort = Annotated[
    int | None,
    _option("--metrics-port", metavar="N", help="Answer Prometheus at that port of this machine."),
]
Profiled = Annotated[
    bool, typer.Option("--profile", help="Say where the time went, and write a Chrome trace.")
]


class RunOptions:
    """The options of a run: fields of PipelineConfig, and what is put together to make them."""

    sources: Annotated[
        list[Path], typer.Argument(metavar="SRC", help="Folders of pictures, or single pictures.")
    ]
    output: Annotated[
        Path, _option("--output", "-o", metavar="OUT", help="The folder for the results.")
    ]
    recipe: Annotated[
        Path | None,
        _option(
            "--recipe",
            metavar="FILE",
            help="Settings from a TOML file, by PipelineConfig's names; options given here win.",
        ),
    ]
    transforms: Annotated[
        list[Any] | None,
        _option(
            *("--transform", "-t"),
            parse=parse_transform,
            metavar="NAME[:ARGS]",
            help="A change to make, in the order given: " + "; ".join(kind.usage for kind in KINDS),
        ),
    ]
    variants: Annotated[
        list[Any] | None,
        _option(
            "--variant",
            parse=parse_variant,
            metavar="SPEC",
            help="An output of each picture, such as 'web: width=1920, format=webp, quality=85'; "
            "any number of them.",
        ),
    ]
    widths: Annotated[
        Any,
        _option(
            "--widths",
            parse=_parse_widths,
            metavar="W,W,...",
            help="A responsive set: an output for each width, with manifest.json and HTML.",
        ),
    ]
    formats: Annotated[
        Any,
        _option(
            "--formats",
            parse=lambda text: tuple(map(parse_format, text.split(","))),
            metavar="F,F,...",
            help="The formats of --widths; jpeg without it.",
        ),
    ]
    name: Annotated[
        str | None,
        _option(
            "--name",
            metavar="TEMPLATE",
            help="Names of outputs, such as '{dir}/{stem}-{variant}-{width}w.{hash:10}{ext}'.",
        ),
    ]
    format: Annotated[
        Any,
        _option(
            *("--format", "-f"),
            parse=parse_format,
            metavar="FORMAT",
            help="jpeg, png, webp, avif and so on; each picture's own without it.",
        ),
    ]
    quality: Annotated[
        int | None,
        _option("--quality", "-q", help="1 to 100, for JPEG and WebP, 80, and AVIF, 60."),
    ]
    effort: Annotated[int | None, _option("--effort", help="0 to 10: how long an encoder may try.")]
    progressive: Annotated[
        bool | None, _option("--progressive", help="JPEGs that load from coarse.")
    ]
    lossless: Annotated[bool | None, _option("--lossless", help="WebP without loss.")]
    subsampling: Annotated[
        str | None,
        _option("--subsampling", help="Of colours in JPEG and AVIF: 4:2:0, the default, to 4:4:4."),
    ]
    lossless_jpeg: Annotated[
        bool | None,
        _option("--lossless-jpeg", help="JPEGs as JPEG XL of the same coefficients."),
    ]
    max_bytes: Annotated[
        int | None,
        _option("--max-bytes", help="Lower the quality until a file is no larger than that."),
    ]
    keep: Annotated[
        str | None,
        _option(
            "--keep",
            metavar="WHAT",
            help=f"Metadata to keep: {', '.join(KEEP)}; copyright without it. dicom writes all "
            "that a DICOM picture says, its patient included, beside each output, as "
            f"scan.png{SIDECAR}.",
        ),
    ]
    forbid_loss: Annotated[
        Any,
        _option(
            "--forbid-loss",
            parse=lambda text: list(filter(None, text.split(","))),
            metavar="WHAT",
            help="Losses that are errors: " + ", ".join(LOSSES) + ".",
        ),
    ]
    background: Annotated[
        Any,
        _option(
            "--background",
            parse=lambda text: parse_colour(text)[:3],
            metavar="COLOUR",
            help="What transparency is laid on where a format has none; white without it.",
        ),
    ]
    linear_light: Annotated[
        bool | None, _option("--linear-light", help="Resize light, not numbers.")
    ]
    decode_margin: Annotated[
        float | None,
        _option("--decode-margin", help="1 decodes large JPEGs faster, a little less sharp; to 2."),
    ]
    if_larger: Annotated[
        str | None,
        _option(
            "--if-larger",
            metavar="write|keep",
            help="keep takes a picture's own file where nothing was done but make it larger.",
        ),
    ]
    depth: Annotated[
        int | None,
        _option("--depth", help="8, 10, 12 or 16: the most bits a sample has in the output."),
    ]
    dither: Annotated[
        bool | None, _option("--dither", help="Round deep samples so that their mean stays.")
    ]
    animation: Annotated[
        str | None,
        _option(
            "--animation",
            metavar="|".join(ANIMATIONS),
            help="All frames and pages where the output can hold them, the first, or a failure.",
        ),
    ]
    dicom_window: Annotated[
        str | None,
        _option(
            "--dicom-window",
            metavar="|".join(DICOM_WINDOWS),
            help="Which values of a DICOM picture are shown where no window: says so: those its "
            "file names, all but a percent at either end, or all.",
        ),
    ]
    raw: Annotated[
        str | None,
        _option("--raw", metavar="|".join(RAWS), help="Develop RAW, or take the camera's preview."),
    ]
    raw_exposure: Annotated[
        float | None,
        _option("--raw-exposure", help="Stops from -2 to 3; as bright as looks good without it."),
    ]
    raw_highlights: Annotated[
        str | None,
        _option(
            "--raw-highlights",
            metavar="|".join(RAW_HIGHLIGHTS),
            help="What becomes of highlights that not all colours have.",
        ),
    ]
    max_pixels: Annotated[
        int | None,
        _option("--max-pixels", help=f"Of a picture, in all frames kept; {MAX_PIXELS} without it."),
    ]
    max_frames: Annotated[
        int | None, _option("--max-frames", help=f"Of a picture; {MAX_FRAMES} without it.")
    ]
    max_side: Annotated[
        int | None, _option("--max-side", help=f"Of a picture, in pixels; {MAX_SIDE} without it.")
    ]
    max_file_bytes: Annotated[
        int | None,
        _option("--max-file-bytes", help=f"Of a picture; {MAX_FILE_BYTES} without it."),
    ]
    watermark_text: Annotated[
        str | None, _option("--watermark-text", help="Text laid over every output.")
    ]
    watermark_image: Annotated[
        Path | None, _option("--watermark-image", help="A picture laid over every output.")
    ]
    position: Annotated[
        Any,
        _option(
            "--position",
            parse=parse_position,
            metavar="PLACE",
            help=f"{', '.join(place.value for place in WatermarkPosition)}; bottom-right without.",
        ),
    ]
    opacity: Annotated[
        float | None, _option("--opacity", help="Of the watermark, 0 to 1; 0.5 without it.")
    ]
    memory_limit: Memory
    error_strategy: Annotated[
        Any,
        _option(
            "--on-error",
            parse=ErrorRecoveryStrategy.parse,
            metavar="skip|retry:N|fail",
            help="What a picture that fails means to the others; retry is for what storage "
            "refuses.",
        ),
    ]
    max_errors: Annotated[
        str | None,
        _option("--max-errors", metavar="N|N%", help="Stop once more pictures than that failed."),
    ]
    timeout: Annotated[
        float | None, _option("--timeout", help="Seconds a picture may be worked on.")
    ]
    on_collision: Annotated[
        str | None,
        _option(
            "--on-collision",
            metavar="|".join(COLLISION_RULES),
            help="Where two pictures would land on one output.",
        ),
    ]
    overwrite: Annotated[
        str | None,
        _option(
            *("--overwrite", "-O"),
            metavar="|".join(OVERWRITE_RULES),
            help="never replaces a file, changed those of earlier runs that are out of date, "
            "all every file but inputs.",
        ),
    ]
    durability: Annotated[
        str | None,
        _option(
            "--durability",
            metavar="|".join(DURABILITIES),
            help="What survives a power cut: every file, which is the default, those of a run that "
            "has ended, or whatever.",
        ),
    ]
    verify: Annotated[
        bool | None,
        _option("--verify", help="Tell changed pictures by their content, not by their time."),
    ]
    log: Log
    recursive: Annotated[
        bool | None,
        _option("--recursive/--no-recursive", help="Descend into folders, hidden ones left out."),
    ]
    flat: Annotated[bool | None, _option("--flat", help="Put all results in one folder.")]
    worker_count: Workers
    buffer_size: Annotated[
        int | None,
        _option("--buffer", help="What may wait before each lane; four for each worker."),
    ]
    batch_size: Annotated[
        int | None, _option("--batch-size", help="Small pictures that travel together, 8 at most.")
    ]


def takes_config(command: Callable[..., None]) -> Callable[..., None]:
    """`command(config, ...)` as one that takes all options of a run in place of `config`."""
    own = list(inspect.signature(command).parameters.values())[1:]

    def from_options(**given: Any) -> None:
        mine = {parameter.name: given.pop(parameter.name) for parameter in own}
        try:
            config = config_of(**given)
        except ConfigError as error:
            raise typer.BadParameter(str(error)) from None
        command(config, **mine)

    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if name in ("sources", "output") else None,
            annotation=annotation,
        )
        for name, annotation in get_type_hints(RunOptions, include_extras=True).items()
    ]
    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    from_options.__signature__ = inspect.Signature([*options, *own])  # type: ignore[attr-defined]
    from_options.__annotations__ = {}
    from_options.__name__, from_options.__doc__ = command.__name__, command.__doc__
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
    config |= {name: value for name, value in settings.items() if value not in (None, [])}
    if watermark_text is not None or watermark_image is not None:
        look = {"position": position, "opacity": opacity}
        given: dict[str, Any] = {name: value for name, value in look.items() if value is not None}
        config["watermark"] = WatermarkConfig(watermark_text, watermark_image, **given)
    return PipelineConfig(sources, output, **config)
