"""`imgpipe`: the commands and the meaning of their exit codes.

0 all good, 1 could not start or stopped early, 2 the command line is wrong, 3 some pictures
failed, 130 and 143 stopped by a signal. What a run does not need is loaded by the commands that do.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from imgpipe import __version__
from imgpipe.cli.measure import measured
from imgpipe.cli.options import (
    Json,
    Log,
    Memory,
    Metrics,
    MetricsPort,
    Profiled,
    Quiet,
    Workers,
    takes_config,
)
from imgpipe.cli.run import run_with_view
from imgpipe.config import PipelineConfig
from imgpipe.flow.pipeline import Pipeline
from imgpipe.runlog import STEPS

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn folders of pictures into other pictures.",
)

_BENCH_SECONDS = 0.1  # for each number in the table, about

Out = Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of an earlier run.")]


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
@takes_config
def run(
    config: PipelineConfig,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Only say what would be done, as plan does.")
    ] = False,
    metrics: Metrics = None,
    metrics_port: MetricsPort = None,
    profile: Profiled = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Put pictures through transforms into a folder.

    Names and folders are kept. A picture that cannot be done costs itself alone and is named at the
    end. The same command again goes on where it was: what is up to date is not done twice.
    """
    if dry_run:
        raise typer.Exit(_show_plan(config, json))
    with measured(config.destination, metrics, metrics_port, profile) as measurements:
        code = run_with_view(Pipeline(config, metrics=measurements), quiet, json)
    raise typer.Exit(code)


@app.command()
@takes_config
def plan(config: PipelineConfig, json: Json = False) -> None:
    """Say what run would do, with the same options: nothing is written.

    Outputs that are new, up to date or in the way, names that meet, and about how much disk, memory
    and time it will take, from the headers and a sample of the pictures.
    """
    raise typer.Exit(_show_plan(config, json))


def _show_plan(config: PipelineConfig, json: bool) -> int:
    from imgpipe.cli.plan import show_plan

    return show_plan(config, json)


@app.command()
def resume(
    output: Out,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")
    ] = False,
    kind: Annotated[
        str | None,
        typer.Option(metavar="STEP,...", help=f"Only what failed to {', '.join(STEPS)}."),
    ] = None,
    worker_count: Workers = None,
    memory_limit: Memory = None,
    log: Log = None,
    metrics: Metrics = None,
    metrics_port: MetricsPort = None,
    profile: Profiled = False,
    quiet: Quiet = False,
    json: Json = False,
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
    raise typer.Exit(code)


@app.command()
def why(
    output: Out,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture, or one of its outputs.")],
    log: Log = None,
) -> None:
    """Say why a picture was done, skipped, or failed."""
    from imgpipe.cli.history import why_of

    why_of(output, log, file)


@app.command()
def report(output: Out, log: Log = None) -> None:
    """Say what all runs into a folder have come to."""
    from imgpipe.cli.history import report_on

    report_on(output, log)


@app.command()
def prune(
    output: Out,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; else they are listed.")] = False,
    log: Log = None,
) -> None:
    """List outputs whose pictures are gone, or remove them."""
    from imgpipe.cli.history import prune_outputs

    prune_outputs(output, log, yes)


@app.command()
def info(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|DIR", help="What to look at.")],
) -> None:
    """Say what a picture is, or which pictures a folder holds."""
    from imgpipe.cli.info import describe

    raise typer.Exit(describe(paths))


@app.command()
def formats() -> None:
    """Say which formats this installation reads and writes, and what each can hold."""
    from imgpipe.cli.formats import table

    typer.echo(table())


@app.command()
def doctor() -> None:
    """Say what this installation is made of and what it may use here."""
    from imgpipe.cli.doctor import report

    typer.echo(report())


@app.command()
def bench(
    seconds: Annotated[
        float, typer.Option(min=0, max=60, help="How long to measure each number, about.")
    ] = _BENCH_SECONDS,
) -> None:
    """Say how fast kernels are here, beside OpenCV and Pillow where they are installed."""
    from imgpipe.cli.bench import show

    show(seconds)
