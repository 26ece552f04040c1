"""`imgpipe formats`: what this installation reads and writes."""

from imgpipe.codecs import codec, extra
from imgpipe.codecs.base import Traits
from imgpipe.formats import ImageFormat

_COLUMNS = (
    "format",
    "read",
    "write",
    "alpha",
    "bits",
    "frames",
    "ICC",
    "EXIF",
    "shrinks",
    "through",
)


def table() -> str:
    """Lines of columns, a format each; `shrinks` is decoding smaller than stored."""
    rows = [_COLUMNS, *map(_row, ImageFormat)][:-1]  # the last one is UNKNOWN
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)


def _row(format: ImageFormat) -> tuple[str, ...]:
    found, name = codec(format), format.value
    if found is None:
        need = f"pip install 'imgpipe[{extra(format)}]'" if extra(format) else "nothing here yet"
        return name, "no", "no", *("-" * 6), need
    traits = found.TRAITS[format]
    flags = (traits.writes, traits.alpha, traits.icc, traits.exif, traits.shrinks)
    writes, alpha, icc, exif, shrinks = ("yes" if flag else "no" for flag in flags)
    frames = "yes" if traits.frames else "pages" if traits.pages else "no"
    library = found.version(format)
    return name, "yes", writes, alpha, _bits(traits), frames, icc, exif, shrinks, library


def _bits(traits: Traits) -> str:
    bits = str(traits.depth)
    if traits.grey_depth > traits.depth:
        bits += f", grey {traits.grey_depth}"
    return f"{bits}, float" if traits.real else bits
