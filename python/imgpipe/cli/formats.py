"""`imgpipe formats`: what this installation reads and writes."""

from imgpipe.codecs import codec
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
    found = codec(format)
    if found is None:
        return format.value, "no", "no", *("-" * 6), "nothing here yet"
    traits = found.TRAITS[format]
    flags = (traits.alpha, traits.icc, traits.exif, traits.shrinks)
    alpha, icc, exif, shrinks = ("yes" if flag else "no" for flag in flags)
    bits = "8, grey 16" if traits.depth > 8 else "8"
    frames = "yes" if traits.frames else "pages" if traits.pages else "no"
    return (
        format.value,
        "yes",
        "yes",
        alpha,
        bits,
        frames,
        icc,
        exif,
        shrinks,
        found.version(format),
    )
