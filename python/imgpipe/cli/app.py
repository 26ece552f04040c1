"""`imgpipe`: the commands and the meaning of their exit codes.

0 all good, 1 could not start or stopped early, 2 the command line is wrong, 3 some pictures
failed, 130 and 143 stopped by a signal. What a run does not need is loaded by the commands that do.
"""

import math
import signal
from pathlib import Path
from typing import Any

import click

from imgpipe import __version__
from imgpipe.cli import options
from imgpipe.cli.measure import measured
from imgpipe.cli.options import PATH, Parsed, all_of, takes_config
from imgpipe.cli.run import run_with_view
from imgpipe.config import PipelineConfig
from imgpipe.flow.pipeline import Pipeline
from imgpipe.runlog import STEPS

_BENCH_SECONDS = 0.1  # for each number in the table, about

_output = click.argument(
    "output", type=PATH, metavar="OUT", help="The output folder of an earlier run."
)
_measured = all_of(options.metrics, options.metrics_port, options.profile)
_told = all_of(options.quiet, options.json)


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= 60:
        raise ValueError(f"Expected 0 to 60 seconds, got {text}")
    return seconds


class _Commands(click.Group):
    """Commands that end by Ctrl-C as everybody else's, where they do not see to it themselves."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(128 + signal.SIGINT) from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="imgpipe %(version)s", help="Print the version.")
def app() -> None:
    """Turn folders of pictures into other pictures."""


@app.command()
@takes_config
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would be done, as plan does.")
@_measured
@_told
def run(
    config: PipelineConfig,
    dry_run: bool,
    metrics: Path | None,
    metrics_port: int | None,
    profile: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Put pictures through transforms into a folder.

    Names and folders are kept. A picture that cannot be done costs itself alone and is named at the
    end. The same command again goes on where it was: what is up to date is not done twice.
    """
    if dry_run:
        raise click.exceptions.Exit(_show_plan(config, json))
    with measured(config.destination, metrics, metrics_port, profile) as measurements:
        code = run_with_view(Pipeline(config, metrics=measurements), quiet, json)
    raise click.exceptions.Exit(code)


@app.command()
@takes_config
@options.json
def plan(config: PipelineConfig, json: bool) -> None:
    """Say what run would do, with the same options: nothing is written.

    Outputs that are new, up to date or in the way, names that meet, and about how much disk, memory
    and time it will take, from the headers and a sample of the pictures.
    """
    raise click.exceptions.Exit(_show_plan(config, json))


def _show_plan(config: PipelineConfig, json: bool) -> int:
    from imgpipe.cli.plan import show_plan

    return show_plan(config, json)


@app.command()
@_output
@click.option("--retry-failed", is_flag=True, help="Try again what failed in an earlier run.")
@click.option("--kind", metavar="STEP,...", help=f"Only what failed to {', '.join(STEPS)}.")
@options.workers
@options.memory
@options.log
@_measured
@_told
def resume(
    output: Path,
    retry_failed: bool,
    kind: str | None,
    worker_count: int | None,
    memory_limit: str | None,
    log: Path | None,
    metrics: Path | None,
    metrics_port: int | None,
    profile: bool,
    quiet: bool,
    json: bool,
) -> None:
    """Go on with the last run into a folder, as it was asked for.

    What is left is made, what has changed since is made anew, all else is left as it is.
    """
    steps = kind.split(",") if kind else STEPS if retry_failed else ()
    given = {"worker_count": worker_count, "memory_limit": memory_limit}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with measured(output, metrics, metrics_port, profile) as measurements:
        pipeline = Pipeline.resume(
            output, log=log, retry_failed=steps, metrics=measurements, **changes
        )
        code = run_with_view(pipeline, quiet, json)
    raise click.exceptions.Exit(code)


@app.command()
@_output
@click.argument("file", type=PATH, metavar="FILE", help="A picture, or one of its outputs.")
@options.log
def why(output: Path, file: Path, log: Path | None) -> None:
    """Say why a picture was done, skipped, or failed."""
    from imgpipe.cli.history import why_of

    why_of(output, log, file)


@app.command()
@_output
@options.log
def report(output: Path, log: Path | None) -> None:
    """Say what all runs into a folder have come to."""
    from imgpipe.cli.history import report_on

    report_on(output, log)


@app.command()
@_output
@click.option("--yes", is_flag=True, help="Remove them; else they are listed.")
@options.log
def prune(output: Path, yes: bool, log: Path | None) -> None:
    """List outputs whose pictures are gone, or remove them."""
    from imgpipe.cli.history import prune_outputs

    prune_outputs(output, log, yes)


@app.command(short_help="Say what a picture or a folder is.")
@click.argument(
    "paths", type=PATH, metavar="FILE|DIR...", nargs=-1, required=True, help="What to look at."
)
def info(paths: tuple[Path, ...]) -> None:
    """Say what a picture is, or which pictures a folder holds."""
    from imgpipe.cli.info import describe

    raise click.exceptions.Exit(describe(paths))


@app.command(short_help="Say which formats are read and written here.")
def formats() -> None:
    """Say which formats this installation reads and writes, and what each can hold."""
    from imgpipe.cli.formats import table

    click.echo(table())


@app.command()
def doctor() -> None:
    """Say what this installation is made of and what it may use here."""
    from imgpipe.cli.doctor import report

    click.echo(report())


@app.command(short_help="Say how fast kernels are here.")
@click.option(
    "--seconds",
    type=Parsed(_parse_seconds),
    metavar="SECONDS",
    default=_BENCH_SECONDS,
    show_default=True,
    help="How long to measure each number, about.",
)
def bench(seconds: float) -> None:
    """Say how fast kernels are here, beside OpenCV and Pillow where they are installed."""
    from imgpipe.cli.bench import show

    show(seconds)
