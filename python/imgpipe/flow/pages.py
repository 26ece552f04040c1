"""The manifest and the HTML of a responsive set, beside its pictures."""

import json
from pathlib import Path

from imgpipe.config import PipelineConfig
from imgpipe.errors import ConfigError
from imgpipe.manifest import MadePicture, manifest, manifest_json, picture_html
from imgpipe.runlog import RunLog
from imgpipe.steps.save import write_whole

MANIFEST, PAGE = "manifest.json", "pictures.html"
_FIRST_LINE = "<!-- Made by imgpipe from manifest.json; every alt is yours to write. -->\n"


def check_pages(config: PipelineConfig) -> None:
    """Raise ConfigError where a file of somebody else's has the name of the manifest or page."""
    folder = config.destination
    for name, is_ours in ((MANIFEST, _is_manifest), (PAGE, _is_page)):
        path = folder / name
        if path.exists() and config.overwrite != "all" and not is_ours(path):
            raise ConfigError(f"Expected no other file at {path}; move it, or overwrite all")


def _is_manifest(path: Path) -> bool:
    try:
        entries = json.loads(path.read_bytes())
        return all(
            "outputPath" in picture
            for formats in entries.values()
            for pictures in formats.values()
            for picture in pictures
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _is_page(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(_FIRST_LINE.encode())


def write_pages(log: RunLog, config: PipelineConfig) -> None:
    """Write the manifest of all outputs in place, and a `<picture>` for each source."""
    made = (
        MadePicture(_label(source, config), path, format, width, height, size)
        for source, path, format, width, height, size in log.history.made()
    )
    entries = manifest(made)
    write_whole(manifest_json(entries).encode(), config.destination / MANIFEST)
    pictures = (
        picture_html(entry, Path(source).stem.replace("-", " ").replace("_", " "))
        for source, entry in entries.items()
    )
    page = _FIRST_LINE + "\n".join(pictures) + "\n"
    write_whole(page.encode(errors="replace"), config.destination / PAGE)


def _label(path: Path, config: PipelineConfig) -> str:
    """A source's path as somebody who gave the folders would write it."""
    for source in config.sources:
        root = source.absolute()
        if path.is_relative_to(root) and path != root:
            return str(path.relative_to(root))
    return path.name
