"""Encode: an Image in, the bytes of a picture file out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imgpipe.codecs import absent, codec, writable
from imgpipe.codecs.base import Codec, Encoding, Traits
from imgpipe.codecs.markers import as_told
from imgpipe.colour import to_srgb
from imgpipe.errors import ConfigError, EncodeError
from imgpipe.files import ImageData
from imgpipe.formats import ImageFormat
from imgpipe.image import Image
from imgpipe.kernels.arrays import WHITE
from imgpipe.losses import Loss
from imgpipe.metadata import check_keep, kept_exif, says_less, with_orientation
from imgpipe.policy import Policy
from imgpipe.steps.depth import rounded

_PALETTE = 256


@dataclass(frozen=True, slots=True)
class Encoded:
    """An output's bytes, its (width, height), and all that was lost on the way to them.

    `sidecar` is the bytes of a file that goes beside it.
    """

    data: bytes
    format: ImageFormat
    size: tuple[int, int]
    lost: tuple[Loss, ...]
    sidecar: bytes | None = None


def encode_image(
    image: Image,
    format: ImageFormat,
    quality: int | None = None,
    path: Path | None = None,
    *,
    keep: str | Iterable[str] = "copyright",
) -> bytes:
    """`image` as a file of `format`.

    `quality` goes from 1 to 100, None meaning the format's default (80 for JPEG and WebP, 60 for
    AVIF); formats without loss ignore it. Transparency is laid on white where the format has none,
    deep samples are rounded to 8 bits where it has no more, and colours are converted to sRGB
    unless `keep` names the profile; it names the metadata that goes along (see `metadata.KEEP`).

    Raises ConfigError for a format that is not written here, a quality out of range or a word in
    `keep` that has no meaning, EncodeError for a picture the format does not take. `path` is only
    for the error.
    """
    check_writable(format)
    return encode(image, format, Encoding(quality), Policy(check_keep(keep)), path).data


def encode(
    image: Image,
    format: ImageFormat,
    how: Encoding,
    policy: Policy,
    path: Path | None = None,
    max_bytes: int | None = None,
) -> Encoded:
    """`image` as a file of `format`, of at most `max_bytes`, with what was lost.

    Raises EncodeError for a picture the format does not take, or that does not become as small, or
    that loses what `policy` forbids.
    """
    writer = codec(format)
    assert writer is not None  # check_writable saw to it
    traits = _of_such(image, writer.TRAITS[format], policy)
    exif = kept_exif(image.exif, policy.keep) if traits.exif else None
    held = _telling(_held(image.shown(), traits, policy), exif)
    _check_losses(held.lost, policy, path)
    if (how.exif, how.icc_profile) != (exif, held.icc_profile):
        how = replace(how, exif=exif, icc_profile=held.icc_profile)
    try:
        data = writer.encode(held, format, how)
        if max_bytes is not None and len(data) > max_bytes:
            data = _squeezed(writer, held, format, how, max_bytes)
    except EncodeError as error:
        raise EncodeError(str(error), path) from error
    except Exception as error:  # codecs raise anything
        reason = str(error) or type(error).__name__
        raise EncodeError(
            f"Expected a picture that {format.value} takes, got: {reason}", path
        ) from error
    return Encoded(data, format, (held.width, held.height), tuple(sorted(set(held.lost))))


def transcoded(
    image: Image, loaded: ImageData, format: ImageFormat, how: Encoding, policy: Policy
) -> Encoded | None:
    """A JPEG as a JPEG XL of the same coefficients, where that is asked for, and it is one.

    `image` is what was decoded of it, to which nothing was done. None where it cannot be done so.
    """
    both = loaded.file.format is ImageFormat.JPEG and format is ImageFormat.JXL
    if not (both and how.lossless_jpeg) or image.format is not ImageFormat.JPEG:
        return None
    from imgpipe.codecs.jxl import encode_jpeg  # check_writable saw to its being there

    kept = kept_exif(image.exif, policy.keep)
    told = _telling(image, kept)
    _check_losses(told.lost, policy, loaded.file.path)
    exif = with_orientation(kept, loaded.head.orientation if loaded.head else 1)
    try:
        data = encode_jpeg(loaded.data, exif, image.icc_profile)
    except Exception:  # a JPEG of a kind that JPEG XL does not hold is drawn anew
        return None
    return Encoded(data, format, (image.width, image.height), tuple(sorted(set(told.lost))))


def _telling(image: Image, exif: bytes | None) -> Image:
    """`image` with what is lost of its EXIF block where `exif` is what is kept."""
    if not says_less(exif, image.exif):
        return image
    return image.losing(Loss("metadata", "EXIF" if exif is None else "parts of EXIF"))


def _of_such(image: Image, traits: Traits, policy: Policy) -> Traits:
    """What a format holds of pictures that are as deep as this one."""
    if policy.depth is not None:
        depth, grey_depth = min(traits.depth, policy.depth), min(traits.grey_depth, policy.depth)
        traits = replace(traits, depth=depth, grey_depth=grey_depth, real=False)
    if image.frames and not image.is_paged:  # films are not written deeper
        traits = replace(traits, depth=8, grey_depth=8, real=False)
    return traits


def smaller_of(made: Encoded, loaded: ImageData) -> Encoded:
    """What was made of a picture that nothing was done to, or its own file where that is smaller.

    Its file is only taken where it has nothing in it that was to be left out, and a JPEG without
    what is said where nobody looks.
    """
    metadata = any(loss.kind == "metadata" for loss in made.lost)
    if made.format is not loaded.file.format or metadata:
        return made
    own = as_told(loaded.data) if made.format is ImageFormat.JPEG else loaded.data
    return made if own is None or len(made.data) <= len(own) else replace(made, data=own, lost=())


def _held(image: Image, traits: Traits, policy: Policy) -> Image:
    """`image` as the format can hold it, with what that loses."""
    if image.frames and not (traits.pages if image.is_paged else traits.frames):
        what = "pages" if image.is_paged else "animation"
        told = "those after the first" if image.is_paged else "frames after the first"
        image = image.still().losing(Loss(what, told))
    image = image.each(lambda frame: _still_held(frame, traits, policy))
    if traits.palette and _colours(image) > _PALETTE:
        image = image.losing(Loss("colours", f"all but {_PALETTE}"))
    return image


def _still_held(image: Image, traits: Traits, policy: Policy) -> Image:
    if image.has_alpha and not traits.alpha:
        if image.pixels[..., -1].min() < WHITE[image.pixels.dtype]:
            image = image.losing(Loss("alpha", "laid on a background"))
        image = flatten(image, policy.background)
    depth = traits.grey_depth if image.channels == 1 else traits.depth
    image = rounded(image, depth, real=traits.real, dither=policy.dither)
    if "icc" not in policy.keep or not traits.icc:
        image = to_srgb(image)
    return image


def _colours(image: Image) -> int:
    """How many different pixels of uint8 there are; once there are too many, no more is told."""
    samples = np.zeros((image.height, image.width, 4), np.uint8)
    seen = np.empty(0, np.uint32)
    for still in image.stills():
        samples[..., : image.channels] = still.pixels
        seen = np.union1d(seen, samples.view(np.uint32))
        if len(seen) > _PALETTE:
            break
    return len(seen)


def flatten(image: Image, background: tuple[int, int, int] = (255, 255, 255)) -> Image:
    """`image` without its alpha, laid on a background given in 8 bits of red, green and blue."""
    white = WHITE[image.pixels.dtype]
    ground = np.array(background, np.float64) * (white / 255)
    if image.channels == 2:
        ground = np.array([ground @ (0.299, 0.587, 0.114)])
    alpha = image.pixels[..., -1:] / np.float32(white)
    mixed = image.pixels[..., :-1] * alpha + ground.astype(np.float32) * (1 - alpha)
    dtype = image.pixels.dtype
    return image.with_pixels((mixed if dtype == np.float32 else mixed + 0.5).astype(dtype))


def _check_losses(lost: Iterable[Loss], policy: Policy, path: Path | None) -> None:
    for loss in sorted(lost):
        if loss.kind in policy.forbid_loss:
            raise EncodeError(
                f"Expected nothing lost of {', '.join(sorted(policy.forbid_loss))}, got a loss of "
                f"{loss}; choose a format that keeps it, or allow it",
                path,
            )


def _squeezed(
    writer: Codec, image: Image, format: ImageFormat, how: Encoding, max_bytes: int
) -> bytes:
    """The file of the best quality that is small enough; sizes grow with quality."""
    traits = writer.TRAITS[format]
    best, low, high = None, 1, (how.quality or 100) - 1
    if not traits.lossy or how.lossless:
        high = 0
    smallest = None
    while low <= high:
        middle = (low + high) // 2
        data = writer.encode(image, format, replace(how, quality=middle))
        if len(data) <= max_bytes:
            best, low = data, middle + 1
        else:
            smallest, high = len(data), middle - 1
    if best is None:
        got = "more at any quality" if smallest is None else f"{smallest} at quality 1"
        raise EncodeError(
            f"Expected at most {max_bytes} bytes of {format.value}, got {got}; "
            "allow more, or ask for fewer pixels"
        )
    return best


def check_writable(format: ImageFormat) -> None:
    """Raise ConfigError for a format that is not written here."""
    if format not in writable():
        known = ", ".join(known.value for known in writable())
        raise ConfigError(
            absent(format) or f"Expected a format to write, one of {known}, got {format.value}"
        )
