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
from imgpipe.cli import options as o
from imgpipe.cli.bench import SECONDS, show
from imgpipe.cli.doctor import report
from imgpipe.cli.formats import table
from imgpipe.cli.info import describe
from imgpipe.cli.run import run_with_view
from imgpipe.config import PipelineConfig
from imgpipe.errors import ConfigError, ImgpipeError
from imgpipe.recovery import ErrorRecoveryStrategy
from imgpipe.runlog.decide import Overwrite
from imgpipe.steps.plan import Collision

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn folders of pictures into other pictures.",
)


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


@app.command()
def run(
    sources: o.Sources,
    output: o.Output,
    transforms: o.Transforms = None,
    variants: o.Variants = None,
    widths: o.Widths = None,
    formats: o.Formats = None,
    name: o.Name = None,
    format: o.Format = None,
    quality: o.Quality = None,
    effort: o.Effort = None,
    progressive: o.Progressive = False,
    lossless: o.Lossless = False,
    subsampling: o.Subsampling = "4:2:0",
    max_bytes: o.MaxBytes = None,
    keep: o.Keep = "copyright",
    forbid_loss: o.ForbidLoss = "",
    background: o.Background = "white",
    linear_light: o.LinearLight = False,
    decode_margin: o.DecodeMargin = 2,
    if_larger: o.IfLarger = "write",
    watermark_text: o.WatermarkText = None,
    watermark_image: o.WatermarkImage = None,
    position: o.Position = "bottom-right",
    opacity: o.Opacity = 0.5,
    memory: o.Memory = None,
    on_error: o.OnError = "skip",
    max_errors: o.MaxErrors = None,
    timeout: o.Timeout = None,
    on_collision: o.OnCollision = "error",
    overwrite: o.Rule = "never",
    recursive: o.Recursive = True,
    flat: o.Flat = False,
    workers: o.Workers = None,
    buffer: o.Buffer = None,
    batch_size: o.BatchSize = 8,
    quiet: o.Quiet = False,
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
            variants=variants or (),
            widths=o.read_widths(widths),
            formats=o.read_formats(formats),
            name=name,
            watermark=o.read_watermark(watermark_text, watermark_image, position, opacity),
            transforms=transforms or (),
            format=format,
            quality=quality,
            effort=effort,
            progressive=progressive,
            lossless=lossless,
            subsampling=subsampling,
            max_bytes=max_bytes,
            keep=keep,
            forbid_loss=list(filter(None, forbid_loss.split(","))),
            linear_light=linear_light,
            decode_margin=decode_margin,
            background=o.read_background(background),
            if_larger=if_larger,
            batch_size=batch_size,
            memory_limit=memory,
            error_strategy=ErrorRecoveryStrategy.parse(on_error),
            max_errors=max_errors,
            timeout=timeout,
            on_collision=cast(Collision, on_collision),
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
def formats() -> None:
    """Say which formats this installation reads and writes, and what each can hold."""
    typer.echo(table())


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
