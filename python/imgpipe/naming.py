"""Output names from templates such as `{dir}/{stem}_{variant}-{width}w.{hash:10}{ext}`."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import PurePath
from string import Formatter

from imgpipe.errors import ConfigError

FIELDS = ("dir", "stem", "variant", "width", "height", "hash", "ext")
SIDECAR = ".dicom.json"
"""What is put behind an output's name for the file of what its DICOM picture says."""


def sidecar_name(output: str | os.PathLike[str]) -> str:
    """The name, or path, of the file beside `output`."""
    return os.fspath(output) + SIDECAR


_BY_CONTENT = {"width", "height", "hash"}
_HASH_DIGITS = (4, 64)
_FULL_HASH = 16
_DOTS = re.compile(r"^\.+$")  # what a picture called `...jpg` would make of `{stem}/`


@dataclass(frozen=True, slots=True)
class Template:
    """How outputs are named, below the output folder.

    `{dir}` is the picture's folder below its source, `{stem}` its name without extension,
    `{variant}` the variant's name, `{width}` and `{height}` are the output's pixels, `{hash:10}`
    that many hexadecimal digits, from 4 to 64, of its SHA-256, and `{ext}` the extension with its
    dot. Raises ConfigError for any other field, and for a name that could leave the output folder
    or that all pictures would share.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            parts = list(Formatter().parse(self.text))
        except ValueError as error:
            raise ConfigError(f"Expected a name such as {DEFAULT!r}, got: {error}") from None
        used = {field for _, field, _, _ in parts if field is not None}
        for _, field, spec, conversion in parts:
            if field is not None and (field not in FIELDS or conversion):
                raise ConfigError(
                    f"Expected fields among {', '.join(FIELDS)} in a name, got {field!r}"
                )
            if spec and (field != "hash" or not _is_length(spec)):
                raise ConfigError(
                    f"Expected {{hash:4}} to {{hash:64}} in a name, got {{{field}:{spec}}}"
                )
        if not used & {"stem", "hash"}:
            raise ConfigError(
                f"Expected {{stem}} or {{hash}} in a name, or all would be one, got {self.text!r}"
            )
        leaves = self.text.startswith("/") or ".." in self.text.split("/")
        if leaves or "\0" in self.text or "\\" in self.text:
            raise ConfigError(f"Expected a name inside the output folder, got {self.text!r}")

    @property
    def needs_content(self) -> bool:
        """Whether names depend on what is made, and not on what it is made of alone."""
        return any(field in _BY_CONTENT for _, field, _, _ in Formatter().parse(self.text))

    @property
    def ends_in_extension(self) -> bool:
        """Whether names end as pictures' names do, and none as something beside a picture."""
        return self.text.endswith("{ext}")

    @property
    def needs_folder(self) -> bool:
        """Whether the folders of the sources are kept apart."""
        return any(field == "dir" for _, field, _, _ in Formatter().parse(self.text))

    def pattern(self, picture: PurePath, variant: str, extension: str) -> PurePath:
        """The name as far as it is known before anything is made: fields of content stay fields."""
        return self._fill(picture, variant, extension, {})

    def name(
        self, picture: PurePath, variant: str, extension: str, size: tuple[int, int], data: bytes
    ) -> PurePath:
        """The name of what was made: `size` is its (width, height), `data` its bytes."""
        content = {
            "width": str(size[0]),
            "height": str(size[1]),
            "hash": hashlib.sha256(data).hexdigest(),
        }
        return self._fill(picture, variant, extension, content)

    def _fill(
        self, picture: PurePath, variant: str, extension: str, content: dict[str, str]
    ) -> PurePath:
        folder = "" if picture.parent == PurePath() else str(picture.parent)
        values = {
            "dir": folder,
            "stem": picture.stem,
            "variant": variant,
            "ext": extension,
            **content,
        }
        filled = []
        for text, field, spec, _ in Formatter().parse(self.text):
            filled.append(text)
            if field is None:
                continue
            if field not in values:
                filled.append(f"{{{field}}}")
            elif field == "hash":
                filled.append(values[field][: int(spec or _FULL_HASH)])
            else:
                filled.append(values[field])
        parts = "".join(filled).split("/")
        return PurePath(*(_DOTS.sub(lambda dots: "_" * len(dots[0]), part) for part in parts))


def _is_length(spec: str) -> bool:
    low, high = _HASH_DIGITS
    return spec.isdecimal() and low <= int(spec) <= high


DEFAULT = "{dir}/{stem}_{variant}{ext}"
