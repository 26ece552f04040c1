"""What a page needs to show responsive pictures: eleventy-img's manifest, and HTML."""

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from imgpipe.formats import ImageFormat

Entry = dict[str, list[dict[str, Any]]]

# Browsers take the first source whose format they know.
_BEST_FIRST = ("avif", "webp", "jxl", "jpeg", "png", "gif")
_FALLBACKS = ("jpeg", "png", "gif", "webp", "avif")


@dataclass(frozen=True, slots=True)
class MadePicture:
    """An output on the disk: whose it is, where below the output folder, and its size."""

    source: str
    path: str
    format: ImageFormat
    width: int
    height: int
    size: int


def manifest(made: Iterable[MadePicture], url: str = "") -> dict[str, Entry]:
    """For each source, for each format, its outputs by width. `url` comes before each path."""
    sources: dict[str, Entry] = {}
    for picture in sorted(made, key=lambda made: (made.source, made.width, made.path)):
        formats = sources.setdefault(picture.source, {})
        formats.setdefault(_name(picture.format), []).append(_describe(picture, url))
    return sources


def _name(format: ImageFormat) -> str:
    return format.mime.partition("/")[2]


def _describe(picture: MadePicture, url: str) -> dict[str, Any]:
    link = url + quote(picture.path, errors="surrogateescape")
    return {
        "format": _name(picture.format),
        "width": picture.width,
        "height": picture.height,
        "url": link,
        "sourceType": picture.format.mime,
        "srcset": f"{link} {picture.width}w",
        "filename": picture.path.rpartition("/")[2],
        "outputPath": picture.path,
        "size": picture.size,
    }


def manifest_json(entries: Mapping[str, Entry]) -> str:
    """The manifest as text."""
    return json.dumps(entries, indent=2) + "\n"


def picture_html(entry: Entry, alt: str, sizes: str = "100vw") -> str:
    """A `<picture>` of one source's entry in the manifest.

    `alt` says what it shows, for those who do not see it; `sizes` how wide the page shows it. The
    narrowest JPEG, or what comes closest, is for browsers that know nothing of all this.

    >>> made = MadePicture("a.jpg", "a_320w.jpg", ImageFormat.JPEG, 320, 200, 9000)
    >>> print(picture_html(manifest([made])["a.jpg"], "A cat"))
    <picture>
      <source type="image/jpeg" srcset="a_320w.jpg 320w" sizes="100vw">
      <img src="a_320w.jpg" width="320" height="200" alt="A cat" loading="lazy" decoding="async">
    </picture>
    """
    lines = ["<picture>"]
    for name in sorted(entry, key=_rank):
        pictures = entry[name]
        srcset = ", ".join(picture["srcset"] for picture in pictures)
        kind = pictures[0]["sourceType"]
        lines.append(f'  <source type="{kind}" srcset="{_safe(srcset)}" sizes="{_safe(sizes)}">')
    fallback = next((name for name in _FALLBACKS if name in entry), min(entry, key=_rank))
    smallest = entry[fallback][0]
    lines.append(
        f'  <img src="{_safe(smallest["url"])}" width="{smallest["width"]}" '
        f'height="{smallest["height"]}" alt="{_safe(alt)}" loading="lazy" decoding="async">'
    )
    return "\n".join([*lines, "</picture>"])


def _rank(name: str) -> int:
    return _BEST_FIRST.index(name) if name in _BEST_FIRST else len(_BEST_FIRST)


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
