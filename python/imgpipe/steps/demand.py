"""Demand: what a picture's outputs need of its file, from its header alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import is_

from imgpipe.codecs import codec, traits, written_as
from imgpipe.codecs.base import SCALES, Head, Wish
from imgpipe.codecs.palettes import TABLE_BYTES
from imgpipe.formats import ImageFormat
from imgpipe.steps.plan import Output
from imgpipe.transforms import ImageTransform, Window, leading_size, starts_grey

Chain = Sequence[ImageTransform]

_COPIES = 4  # of one output's pixels: before and after a step, its scratch, and for the encoder
_TOLD = 10  # times a file's size, for all that a DICOM file says; 9.5 if in names of one letter
_DECODED_ALPHA = 4  # samples a pixel at most


@dataclass(frozen=True, slots=True)
class Demand:
    """How a picture is decoded for its outputs, and what it takes on its whole way.

    It is decoded `scale` times smaller, where its codec can, without colours where it is to be
    `grey`, and with what they `wish` for. `memory` is at most how many bytes it takes beside its
    file, and `told` how many times its file's bytes for what goes beside an output.
    """

    scale: int
    grey: bool
    wish: Wish
    memory: int
    told: int = 0

    def cost(self, file_bytes: int) -> int:
        """At most how many bytes a picture takes, from its file to its encoded outputs."""
        return file_bytes * (1 + self.told) + self.memory


@dataclass(frozen=True, slots=True, eq=False)
class _Those:
    """These very outputs, as a key: transforms of one's own may have no hash, nor be compared."""

    outputs: tuple[Output, ...]

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.outputs)))

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, _Those)
        return len(self.outputs) == len(other.outputs) and all(
            map(is_, self.outputs, other.outputs)
        )


def demand_of(head: Head, outputs: tuple[Output, ...]) -> Demand:
    """What all `outputs` of such a picture need, which are made in turn, and kept until saved."""
    return _demand_of(head, _Those(outputs))


@lru_cache(maxsize=64)  # as most pictures of a folder are alike
def _demand_of(head: Head, those: _Those) -> Demand:
    outputs = those.outputs
    reader = codec(head.format)
    assert reader, "a head comes from a codec"
    linear = any(output.policy.linear for output in outputs)  # a smaller decode is not
    chains = [] if linear else [output.transforms for output in outputs]
    scale = _scale(head, chains, max(output.policy.margin for output in outputs))
    grey = bool(chains) and all(map(starts_grey, chains))
    wish, policy = _wish(head.format, outputs), outputs[0].policy
    frames = frames_read(head, wish)
    if frames > policy.limits.frames or frames * head.width * head.height > policy.limits.pixels:
        frames = 1  # it is refused before it is decoded
    head = replace(head, frames=frames)
    deep = 2 if head.depth > 8 else 1
    width, height = (-(-side // scale) for side in head.upright_size)
    pixels = width * height * max(head.channels, 3 if frames == 1 else 4) * deep * frames
    halves = pixels // 3
    areas = [_area(output, head) for output in outputs]
    sample = 4 if linear else deep
    making = max(areas) * _DECODED_ALPHA * _COPIES * sample * frames
    making += TABLE_BYTES if frames > 1 else 0  # for a GIF's palette
    files = sum(areas) * 2 * deep * frames
    memory = max(reader.cost(head, scale), pixels + halves + making) + files
    told = "dicom" in policy.keep and head.format is ImageFormat.DICOM
    return Demand(scale, grey, wish, memory, _TOLD * told)


def frames_read(head: Head, wish: Wish) -> int:
    """How many frames or pages are decoded."""
    both = head.format is ImageFormat.DICOM  # whose header alone does not tell which it has
    pages = wish.pages and (both or head.format is ImageFormat.TIFF)
    wanted = pages or (wish.frames and head.format is not ImageFormat.TIFF)
    return head.frames if wanted else 1


def _scale(head: Head, chains: Sequence[Chain], margin: float) -> int:
    """1, 2, 4 or 8, so that `margin` times the size any chain makes of it first is left."""
    width, height = head.upright_size
    sizes = [leading_size(chain, width, height) for chain in chains]
    needed = [size for size in sizes if size]
    if not needed or len(needed) < len(sizes):
        return 1
    wide = margin * max(size[0] for size in needed)
    high = margin * max(size[1] for size in needed)
    return next((n for n in SCALES if width >= n * wide and height >= n * high), 1)


def _wish(content: ImageFormat, outputs: Sequence[Output]) -> Wish:
    held = [traits(written_as(output.format, content)) for output in outputs]
    policy = outputs[0].policy
    keep = policy.reading.animation == "keep"
    return Wish(
        keep and any(one.frames for one in held),
        keep and any(one.pages for one in held),
        any(isinstance(step, Window) for output in outputs for step in output.transforms),
        (policy.depth or 16) > 8 and any(one.depth > 8 for one in held),
        policy.reading,
    )


def _area(output: Output, head: Head) -> int:
    """Most pixels that are looked at while an output is made, once it has its first size."""
    width, height = head.upright_size
    most = 0 if leading_size(output.transforms, width, height) else width * height
    for step in output.transforms:
        width, height = step.reach(width, height)
        most = max(most, width * height)
    return most
