"""`imgpipe plan`: what a run would do, and about what it would take."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from imgpipe.bytesize import format_bytes
from imgpipe.cli.view import printable
from imgpipe.config import PipelineConfig
from imgpipe.errors import CollisionError
from imgpipe.flow.forecast import Forecast, forecast
from imgpipe.runlog import Decision

SHOWN = 10


def show_plan(config: PipelineConfig, as_json: bool) -> int:
    """Print the plan and give the exit code: 1 where the run would stop for names that meet."""
    if as_json:
        outlook = forecast(config, _tell_json)
        print(_end_to_json(outlook))
    else:
        first: list[str] = []

        def tell(source: Path, output: Path, decision: Decision) -> None:
            if len(first) < SHOWN:
                below = output.relative_to(config.destination)
                first.append(f"  {printable(source)} -> {printable(below)} ({decision.value})")

        outlook = forecast(config, tell)
        _show(outlook, config, first)
    for failure in outlook.unlisted:
        print(f"{printable(failure.path or '')}: {failure}", file=sys.stderr)
    for collision in outlook.collisions:
        _show_collisions(collision)
    return 1 if outlook.collisions else 0


def _show(outlook: Forecast, config: PipelineConfig, first: list[str]) -> None:
    outputs = outlook.decisions.total()
    place = printable(config.destination)
    print(f"Pictures: {outlook.pictures}, outputs: {outputs}, into {place}:")
    print(*first, sep="\n")
    if outputs > len(first):
        print(f"  ... and {outputs - len(first)} more")
    for decision, count in outlook.decisions.items():
        print(f"{decision.value}: {count}")
    if not outlook.headers:
        return
    print(f"Reads {format_bytes(outlook.reads)}", end="")
    print(f", writes about {format_bytes(outlook.writes)}" if outlook.writes is not None else "")
    told = f"headers read: {outlook.headers}"
    print(f"Memory: at most about {format_bytes(outlook.memory)} ({told})")
    if outlook.seconds is not None:
        told = f"workers: {config.workers}, by a few pictures that were tried"
        print(f"Time: about {_duration(outlook.seconds)} ({told})")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _show_collisions(error: CollisionError) -> None:
    print(f"imgpipe: {error}", file=sys.stderr)
    for path, one, other in error.collisions[1:SHOWN]:
        both = f"{printable(one)} and {printable(other)}"
        print(f"  {printable(path)} would come of {both} too", file=sys.stderr)
    if len(error.collisions) > SHOWN:
        print(f"  ... and {len(error.collisions) - SHOWN} more", file=sys.stderr)


def _tell_json(source: Path, output: Path, decision: Decision) -> None:
    paths = {"input": os.fspath(source), "output": os.fspath(output)}
    print(json.dumps({"event": "output", **paths, "decision": decision.value}))


def _end_to_json(outlook: Forecast) -> str:
    return json.dumps(
        {
            "event": "plan",
            "pictures": outlook.pictures,
            "outputs": {decision.value: n for decision, n in outlook.decisions.items()},
            "collisions": [_paths(c) for error in outlook.collisions for c in error.collisions],
            "unlisted": [os.fspath(failure.path or "") for failure in outlook.unlisted],
            "reads": outlook.reads,
            "writes": outlook.writes and round(outlook.writes),
            "memory": outlook.memory,
            "seconds": outlook.seconds and round(outlook.seconds, 3),
        }
    )


def _paths(paths: Iterable[os.PathLike[str]]) -> list[str]:
    return [os.fspath(path) for path in paths]
