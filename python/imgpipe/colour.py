"""Colour profiles: what a file means by its numbers, said in sRGB. littleCMS does the work.

Profiles are those of the International Color Consortium (ICC.1:2022). Conversions are perceptual,
with black points matched, as browsers and print services have them.
"""

from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pil, ImageCms

from imgpipe.image import Image
from imgpipe.losses import Loss

_INTENT = ImageCms.Intent.PERCEPTUAL
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_BROKEN = Loss("profile", "broken or not for such pixels, colours taken for sRGB")


def to_srgb(image: Image) -> Image:
    """`image` in sRGB or its grey, without a profile.

    A profile that makes no sense is left out, which is recorded with the picture. Samples of more
    than 8 bits are left as they are, with their profile, where there is no imagecodecs, which
    converts them.
    """
    return image if image.icc_profile is None else image.each(_to_srgb)


def _to_srgb(image: Image) -> Image:
    profile = image.icc_profile
    assert profile is not None  # to_srgb saw to it
    colours = image.channels - image.has_alpha
    mode = "L" if colours == 1 else "RGB"
    try:
        if is_srgb(profile, mode):
            return image.without_profile()
        if image.pixels.dtype != np.uint8:
            return _deep_to_srgb(image, profile) if find_spec("imagecodecs") else image
        convert = _transform(profile, mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.without_profile().losing(_BROKEN)
    shown = np.ascontiguousarray(image.pixels[..., :colours])
    result = _apply(convert, shown)
    if mode == "L":
        result = result[..., 1:2]  # a grey has three equal parts
    if image.has_alpha:
        result = np.concatenate([result, image.pixels[..., -1:]], axis=2)
    return image.with_pixels(result).without_profile()


def _deep_to_srgb(image: Image, profile: bytes) -> Image:
    """The same by littleCMS behind imagecodecs, which takes deep samples."""
    import imagecodecs  # which is large, so not before there is a picture for it

    grey = image.channels < 3
    colours = np.ascontiguousarray(image.pixels[..., : 1 if grey else 3])
    try:
        result = imagecodecs.cms_transform(
            colours[..., 0] if grey else colours,
            profile,
            _srgb_bytes(),
            colorspace="gray" if grey else "rgb",
            outcolorspace="rgb",
            intent=imagecodecs.CMS.INTENT.PERCEPTUAL,
            flags=imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION,
        )
    except imagecodecs.CmsError as error:
        raise ValueError(str(error)) from error
    pixels = result[..., 1:2] if grey else result  # as above
    if image.has_alpha:
        pixels = np.concatenate([pixels, image.pixels[..., -1:]], axis=2)
    return image.with_pixels(np.ascontiguousarray(pixels)).without_profile()


@lru_cache(maxsize=1)
def _srgb_bytes() -> bytes:
    return ImageCms.ImageCmsProfile(_srgb()).tobytes()


@lru_cache(maxsize=64)
def is_srgb(profile: bytes, mode: str) -> bool:
    """Whether a profile for `mode`, L or RGB, gives within a level what sRGB itself does.

    Raises PyCMSError, OSError or ValueError for one that makes no sense.
    """
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    if mode == "L":
        samples = steps[np.newaxis, :, np.newaxis]
    else:
        grid = np.meshgrid(steps[::3], steps[::3], steps[::3], indexing="ij")
        samples = np.stack(grid, axis=-1).reshape(1, -1, 3)
    shown = _apply(_transform(profile, mode), samples).astype(int)
    return bool(np.abs(shown - samples).max() <= 1)


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> Any:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    return ImageCms.buildTransform(source, _srgb(), mode, "RGB", _INTENT, _FLAGS)


@lru_cache(maxsize=1)
def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")


def _apply(transform: Any, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = samples.shape[2] == 1
    source = pil.fromarray(samples[..., 0] if grey else samples)
    return np.asarray(ImageCms.applyTransform(source, transform))


def cmyk_to_srgb(image: pil.Image, profile: bytes | None) -> tuple[pil.Image, list[Loss]]:
    """A PIL image of mode CMYK as RGB: by its profile, or else by a formula, which is recorded."""
    what = "none for CMYK, colours by a formula"
    if profile:
        try:
            transform = _transform(profile, "CMYK")
            return _without_profile(ImageCms.applyTransform(image, transform)), []
        except (ImageCms.PyCMSError, OSError, ValueError):
            what = "a broken one for CMYK, colours by a formula"
    return _without_profile(image.convert("RGB")), [Loss("profile", what)]


def lab_to_srgb(image: pil.Image) -> pil.Image:
    """A PIL image of mode LAB as RGB."""
    lab = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB", _INTENT, _FLAGS)
    return _without_profile(ImageCms.applyTransform(image, transform))


def _without_profile(image: pil.Image | None) -> pil.Image:
    assert image is not None  # only a transform in place gives none
    image.info.pop("icc_profile", None)
    return image


def to_linear(image: Image) -> Image:
    """An sRGB picture in 16 bits or floats of light; alpha, which is light already, stays.

    IEC 61966-2-1. Sums of light are what a lens would give, so a resize of this keeps fine bright
    patterns as bright as they look from afar.
    """
    pixels = image.pixels
    if pixels.dtype == np.float32:
        return _recoloured(image, _linear(pixels).astype(np.float32), pixels)
    scale = 257 if pixels.dtype == np.uint8 else 1
    curve = _linear_curve(np.iinfo(pixels.dtype).max)
    return _recoloured(image, curve[pixels], pixels.astype(np.uint16) * np.uint16(scale))


def from_linear(image: Image, dtype: np.dtype[Any]) -> Image:
    """What `to_linear` gave, as sRGB of `dtype` again."""
    pixels = image.pixels
    if pixels.dtype == np.float32:
        return _recoloured(image, _encoded(pixels).astype(np.float32), pixels)
    curve = _srgb_curve(np.iinfo(dtype).max)
    alpha = pixels if dtype == np.uint16 else ((pixels.astype(np.uint32) + 128) // 257)
    return _recoloured(image, curve[pixels].astype(dtype), alpha.astype(dtype))


def _recoloured(image: Image, colours: NDArray[Any], alpha: NDArray[Any]) -> Image:
    if image.has_alpha:
        colours[..., -1] = alpha[..., -1]
    return image.with_pixels(colours)


def _linear(values: NDArray[Any]) -> NDArray[Any]:
    low = values <= 0.04045
    return np.where(low, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4)


def _encoded(values: NDArray[Any]) -> NDArray[Any]:
    low = values <= 0.0031308
    return np.where(low, values * 12.92, 1.055 * np.maximum(values, 0) ** (1 / 2.4) - 0.055)


@lru_cache(maxsize=2)
def _linear_curve(white: int) -> NDArray[np.uint16]:
    light = _linear(np.arange(white + 1) / white)
    curve: NDArray[np.uint16] = np.rint(light * 65535).astype(np.uint16)
    return curve


@lru_cache(maxsize=2)
def _srgb_curve(white: int) -> NDArray[np.uint16]:
    shown = _encoded(np.arange(65536) / 65535)
    curve: NDArray[np.uint16] = np.rint(shown * white).astype(np.uint16)
    return curve
