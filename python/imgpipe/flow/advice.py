"""What a run's measurements say to whoever wants it faster, in one sentence."""

from imgpipe.config import PipelineConfig
from imgpipe.flow.measure import Bottleneck
from imgpipe.formats import ImageFormat

# Time an encoder takes with efforts from 0 to 10, that of its default being 1: five photographs of
# 800 pixels, Pillow 13 with libwebp 1.6, libavif 1.4 and zlib-ng, one thread.
_TIMES: dict[ImageFormat, tuple[float, ...]] = {
    ImageFormat.AVIF: (0.08, 0.08, 0.31, 0.49, 1.0, 5.1, 6.7, 14, 21, 25, 58),
    ImageFormat.WEBP: (0.27, 0.34, 0.34, 0.45, 0.57, 1.0, 1.0, 1.0, 1.1, 1.1, 2.1),
    ImageFormat.PNG: (0.16, 0.32, 0.34, 0.41, 0.53, 0.65, 1.0, 1.2, 1.9, 2.3, 2.3),
}
_DEFAULTS = {ImageFormat.AVIF: 4, ImageFormat.WEBP: 7, ImageFormat.PNG: 6}
_SHARES = {0.1: "a tenth", 0.2: "a fifth", 0.25: "a quarter", 1 / 3: "a third", 0.5: "half"}
_DOING = {
    "load": "reading pictures",
    "decode": "decoding",
    "transform": "transforms",
    "encode": "encoding",
    "save": "saving outputs",
}


def advise(bottleneck: Bottleneck, config: PipelineConfig) -> str:
    """What took most of the time, and what would take less of it, where something would.

    >>> config = PipelineConfig("in", "out", format=ImageFormat.AVIF, effort=4)
    >>> advise(Bottleneck("encode", "AVIF", 0.83), config)
    '83 % of the time went into encoding AVIF; effort 3 would take about half'
    """
    what = f"{_DOING[bottleneck.step]} {bottleneck.format}".strip()
    sentence = f"{bottleneck.share * 100:.0f} % of the time went into {what}"
    hint = ""
    if bottleneck.step == "encode":
        hint = _less_effort(ImageFormat(bottleneck.format), config)
    elif bottleneck.step == "save" and config.flushes_each:
        hint = "durability run would flush once, not every file"
    return f"{sentence}; {hint}" if hint else sentence


def _less_effort(format: ImageFormat, config: PipelineConfig) -> str:
    """The most effort that takes at most half of the time."""
    if format not in _TIMES:
        return ""
    efforts = {how.encoding.effort for how in config.outputs if how.format in (format, None)}
    given = max(_DEFAULTS[format] if effort is None else effort for effort in efforts)
    times = _TIMES[format]
    less = [effort for effort in range(given) if times[effort] <= 0.55 * times[given]]
    if not less:
        return ""
    ratio = times[max(less)] / times[given]
    share = min(_SHARES, key=lambda share: abs(share - ratio))
    return f"effort {max(less)} would take about {_SHARES[share]}"
