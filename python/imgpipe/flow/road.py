"""The steps of one picture between its lanes, as plain functions that run in threads."""

from dataclasses import dataclass
from pathlib import Path

from imgpipe.cores import working
from imgpipe.errors import ImageError
from imgpipe.files import ImageData
from imgpipe.flow.parcels import Item
from imgpipe.flow.recorder import Made
from imgpipe.image import Image
from imgpipe.runlog import Row
from imgpipe.steps.decode import decode
from imgpipe.steps.encode import encode_image
from imgpipe.steps.load import load
from imgpipe.steps.plan import Job, Output, settle
from imgpipe.steps.save import stage
from imgpipe.steps.transform import transform


@dataclass(frozen=True, slots=True)
class Encoded:
    """One output's bytes and where they go, or the error that came in their way."""

    row: Row
    output: Output
    data: bytes | ImageError


def load_picture(_: Item[Job], job: Job) -> ImageData:
    """The load lane's step."""
    return load(job.found.file)


def make_outputs(item: Item[ImageData], loaded: ImageData) -> tuple[Encoded, ...]:
    """The work lane's step: one decode, then every output's transforms and encode."""
    with working():
        image = decode(loaded)
        return tuple(_make_output(item.job, row, image, loaded) for row in item.rows)


def _make_output(job: Job, row: Row, image: Image, loaded: ImageData) -> Encoded:
    output = settle(row.output, loaded.file.format)
    assert output.format is not None  # settle saw to it
    try:
        changed = transform(image, output.transforms, job.path)
        data = encode_image(changed, output.format, output.quality, job.path)
    except ImageError as error:
        return Encoded(row, output, error)
    return Encoded(row, output, data)


def stage_outputs(
    _: Item[tuple[Encoded, ...]], encoded: tuple[Encoded, ...], *, output_dir: Path, scratch: Path
) -> tuple[Made, ...]:
    """The save lane's step: every output flushed to the disk under a temporary name."""
    return tuple(_stage_output(one, output_dir, scratch) for one in encoded)


def _stage_output(encoded: Encoded, output_dir: Path, scratch: Path) -> Made:
    if isinstance(encoded.data, ImageError):
        return Made(encoded.row, error=encoded.data)
    try:
        return Made(encoded.row, stage(encoded.data, output_dir / encoded.output.path, scratch))
    except ImageError as error:
        return Made(encoded.row, error=error)
