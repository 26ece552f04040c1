"""`imgpipe`: the commands and the meaning of their exit codes.

0 all good, 1 could not start or stopped early, 2 the command line is wrong, 3 some pictures
failed, 130 and 143 stopped by a signal.
"""

import sys
import warnings
from pathlib import Path
from typing import Annotated, cast

import typer

from imgpipe import __version__
from imgpipe.cli.bench import SECONDS, show
from imgpipe.cli.doctor import report
from imgpipe.cli.info import describe
from imgpipe.cli.run import run_with_view
from imgpipe.config import PipelineConfig
from imgpipe.errors import ConfigError, ImgpipeError
from imgpipe.formats import ImageFormat, detect_format
from imgpipe.runlog.decide import OVERWRITE_RULES, Overwrite
from imgpipe.transforms import KINDS, ImageTransform, parse_transform

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn folders of pictures into other pictures.",
)


def _transform(text: str) -> ImageTransform:
    try:
        return parse_transform(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _format(text: str) -> ImageFormat:
    format = detect_format(f"x.{text.lower().lstrip('.')}")
    if format is ImageFormat.UNKNOWN:
        raise typer.BadParameter(f"Expected a format such as jpeg, png or webp, got {text!r}")
    return format


def _overwrite(text: str) -> str:
    if text not in OVERWRITE_RULES:
        rules = ", ".join(OVERWRITE_RULES)
        raise typer.BadParameter(f"Expected one of {rules}, got {text!r}")
    return text


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imgpipe {__version__}")
        raise typer.Exit


@app.callback()
def _imgpipe(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


# What `run` takes.

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
        parser=_transform,
        metavar="NAME[:ARGS]",
        help="A change to make, in the order given: " + "; ".join(kind.usage for kind in KINDS),
    ),
]
Format = Annotated[
    ImageFormat | None,
    typer.Option(
        *("--format", "-f"),
        parser=_format,
        metavar="FORMAT",
        help="jpeg, png, gif, webp or bmp; each picture's own without it.",
    ),
]
Quality = Annotated[
    int | None, typer.Option("--quality", "-q", help="1 to 100, for JPEG and WebP; 80.")
]
Rule = Annotated[
    str,
    typer.Option(
        *("--overwrite", "-O"),
        parser=_overwrite,
        metavar="RULE",
        help="never replaces a file, changed those of earlier runs that are out of date, "
        "all every file but inputs.",
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


@app.command()
def run(
    sources: Sources,
    output: Output,
    transforms: Transforms = None,
    format: Format = None,
    quality: Quality = None,
    overwrite: Rule = "never",
    recursive: Recursive = True,
    flat: Flat = False,
    workers: Workers = None,
    buffer: Buffer = None,
    batch_size: BatchSize = 8,
    quiet: Quiet = False,
) -> None:
    """Put pictures through transforms into a folder.

    Names and folders are kept. A picture that cannot be done costs itself alone and is named at the
    end. The same command again goes on where it was: what is up to date is not done twice.
    """
    try:
        config = PipelineConfig(
            sources,
            output,
            workers,
            buffer,
            transforms=transforms or (),
            format=format,
            quality=quality,
            batch_size=batch_size,
            overwrite=cast(Overwrite, overwrite),
            recursive=recursive,
            flat=flat,
        )
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.Exit(run_with_view(config, quiet))


@app.command()
def info(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|DIR", help="What to look at.")],
) -> None:
    """Say what a picture is, or which pictures a folder holds."""
    raise typer.Exit(describe(paths))


@app.command()
def doctor() -> None:
    """Say what this installation is made of and what it may use here."""
    typer.echo(report())


@app.command()
def bench(
    seconds: Annotated[
        float, typer.Option(min=0, max=60, help="How long to measure each number, about.")
    ] = SECONDS,
) -> None:
    """Say how fast kernels are here, beside OpenCV and Pillow where they are installed."""
    show(seconds)


def main() -> None:
    """Run the command line."""
    # Pillow warns of oddities in metadata that we do not use, without naming the picture.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        app(prog_name="imgpipe")
    except ImgpipeError as error:
        print(f"imgpipe: {error}", file=sys.stderr)
        sys.exit(1)
