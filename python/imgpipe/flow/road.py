"""The steps of one picture between its lanes, as plain functions that run in threads."""

from dataclasses import dataclass
from pathlib import Path

from imgpipe.cores import working
from imgpipe.errors import ImageError
from imgpipe.files import ImageData
from imgpipe.flow.parcels import Item
from imgpipe.flow.recorder import Made
from imgpipe.runlog import Row
from imgpipe.steps.decode import decode_for
from imgpipe.steps.encode import Encoded, encode, smaller
from imgpipe.steps.load import load
from imgpipe.steps.plan import Job, Output, settle
from imgpipe.steps.save import stage
from imgpipe.steps.source import Source
from imgpipe.steps.transform import render


@dataclass(frozen=True, slots=True)
class Drawn:
    """One output's bytes and where they go, or the error that came in their way."""

    row: Row
    output: Output
    result: Encoded | ImageError


def load_picture(_: Item[Job], job: Job) -> ImageData:
    """The load lane's step."""
    return load(job.found.file)


def make_outputs(item: Item[ImageData], loaded: ImageData) -> tuple[Drawn, ...]:
    """The work lane's step: one decode, then every output's transforms and encode.

    How far the decode goes follows from all outputs of the picture, not from those left to make.
    """
    with working():
        planned = item.job.outputs
        chains = [output.transforms for output in planned]
        source = decode_for(loaded, chains, max(output.policy.margin for output in planned))
        return tuple(_make_output(item.job, row, source, loaded) for row in item.rows)


def _make_output(job: Job, row: Row, source: Source, loaded: ImageData) -> Drawn:
    output = settle(row.output, loaded.file.format)
    assert output.format is not None  # settle saw to it
    try:
        image = render(source, output.transforms, output.policy, job.path)
        made = encode(
            image, output.format, output.encoding, output.policy, job.path, output.max_bytes
        )
        if output.policy.if_larger == "keep" and image.pixels is source.image.pixels:
            made = smaller(made, loaded)
    except ImageError as error:
        return Drawn(row, output, error)
    return Drawn(row, output, made)


def stage_outputs(
    _: Item[tuple[Drawn, ...]], drawn: tuple[Drawn, ...], *, output_dir: Path, scratch: Path
) -> tuple[Made, ...]:
    """The save lane's step: every output flushed to the disk under a temporary name."""
    return tuple(_stage_output(one, output_dir, scratch) for one in drawn)


def _stage_output(drawn: Drawn, output_dir: Path, scratch: Path) -> Made:
    if isinstance(drawn.result, ImageError):
        return Made(drawn.row, error=drawn.result)
    encoded = drawn.result
    try:
        staged = stage(encoded.data, output_dir / drawn.output.path, scratch)
        return Made(drawn.row, staged, lost=encoded.lost)
    except ImageError as error:
        return Made(drawn.row, error=error)
