"""Cost: how much memory a picture takes on its whole way, from its header alone."""

from collections.abc import Sequence
from dataclasses import replace

from imgpipe.codecs import codec
from imgpipe.codecs.base import Head
from imgpipe.codecs.palettes import TABLE_BYTES
from imgpipe.formats import ImageFormat
from imgpipe.steps.decode import frames_read, scale_for, wish_for
from imgpipe.steps.plan import Output
from imgpipe.transforms import leading_size

_COPIES = 4  # of one output's pixels: before and after a step, its scratch, and for the encoder
_TOLD = 10  # times a file's size, for all that a DICOM file says; 9.5 if in names of one letter
_DECODED_ALPHA = 4  # samples a pixel at most


def picture_cost(head: Head, size_bytes: int, outputs: Sequence[Output]) -> int:
    """At most how many bytes a picture takes, from its file to its encoded outputs.

    `size_bytes` is its file's. Outputs are made in turn, their files kept until they are saved.
    """
    reader = codec(head.format)
    assert reader, "a head comes from a codec"
    linear = any(output.policy.linear for output in outputs)
    chains = [] if linear else [output.transforms for output in outputs]
    scale = scale_for(head, chains, max(output.policy.margin for output in outputs))
    width, height = (-(-side // scale) for side in head.upright_size)
    deep = 2 if head.depth > 8 else 1
    policy = outputs[0].policy
    formats = [output.format for output in outputs]
    wish = wish_for([output.transforms for output in outputs], formats, head.format, policy)
    frames = frames_read(head, wish)
    if frames > policy.limits.frames or frames * head.width * head.height > policy.limits.pixels:
        frames = 1  # it is refused before it is decoded
    head = replace(head, frames=frames)
    pixels = width * height * max(head.channels, 3 if frames == 1 else 4) * deep * frames
    halves = pixels // 3
    areas = [_area(output, head) for output in outputs]
    sample = 4 if linear else deep
    making = max(areas) * _DECODED_ALPHA * _COPIES * sample * frames
    making += TABLE_BYTES if frames > 1 else 0  # for a GIF's palette
    files = sum(areas) * 2 * deep * frames
    if "dicom" in policy.keep and head.format is ImageFormat.DICOM:
        files += _TOLD * size_bytes
    return size_bytes + max(reader.cost(head, scale), pixels + halves + making) + files


def _area(output: Output, head: Head) -> int:
    """Most pixels that are looked at while an output is made, once it has its first size."""
    width, height = head.upright_size
    most = 0 if leading_size(output.transforms, width, height) else width * height
    for step in output.transforms:
        width, height = step.reach(width, height)
        most = max(most, width * height)
    return most
