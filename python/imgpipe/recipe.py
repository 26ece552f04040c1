"""Recipes: how a run is asked for, as plain data that TOML and JSON can hold."""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from imgpipe.colours import parse_colour
from imgpipe.config import PipelineConfig
from imgpipe.errors import ConfigError
from imgpipe.formats import ImageFormat, parse_format
from imgpipe.recovery import CircuitBreaker, ErrorRecoveryStrategy
from imgpipe.transforms import ImageTransform, parse_transform
from imgpipe.variants import OutputVariant, parse_variant
from imgpipe.watermark import WatermarkConfig, WatermarkPosition, parse_position

T = TypeVar("T")

_PLACES = ("input_dirs", "output_dir")
SETTINGS = tuple(
    field.name for field in fields(PipelineConfig) if field.init and field.name not in _PLACES
)


def read_recipe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The fields of a PipelineConfig that a TOML file gives, by their names, `-` or `_` in them.

    Raises ConfigError that names the file, and the setting where one is wrong.
    """
    try:
        return parse_recipe(tomllib.loads(Path(path).read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"Expected a recipe at {path}, got: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{error}, in the recipe {path}") from None


def parse_recipe(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a PipelineConfig that plain data gives: transforms as they are spelled, tables.

    Variants are spelled too, or tables of their own. Raises ConfigError.

    >>> parse_recipe({"transforms": ["thumbnail:256"], "format": "webp"})["format"]
    <ImageFormat.WEBP: 'WebP'>
    """
    import msgspec  # which most runs do without

    hints = get_type_hints(PipelineConfig)
    config: dict[str, Any] = {}
    for key, value in given.items():
        name = key.replace("-", "_")
        if name not in SETTINGS:
            close = get_close_matches(name, SETTINGS, 1)
            expected = close[0] if close else ", ".join(SETTINGS)
            raise ConfigError(f"Expected a setting such as {expected}, got {key!r}")
        try:
            read = _READERS.get(name)
            config[name] = read(value) if read else msgspec.convert(value, hints[name])
        except (ValueError, TypeError, AttributeError) as error:
            text = str(error)
            if not text.startswith("Expected"):
                text = f"Expected something else, got {value!r} ({text})"
            raise ConfigError(f"{text}, for {key}") from None
    return config


def spell_recipe(config: PipelineConfig) -> dict[str, Any]:
    """The plain data that `parse_recipe` makes the same settings of; places are not among them."""
    plain = {name: _plain(getattr(config, name)) for name in SETTINGS}
    return plain | {"log": _plain(config.log_file)}


def recipe_to_json(config: PipelineConfig) -> str:
    """All that it takes to run `config` again, but for its output folder; names may be no text."""
    sources = [str(source.absolute()) for source in config.sources]
    return json.dumps({"input_dirs": sources, **spell_recipe(config)})


def config_from_json(text: str, output_dir: Path, **changes: Any) -> PipelineConfig:
    """The config that `recipe_to_json` wrote, with some settings changed. Raises ConfigError."""
    given = json.loads(text)
    sources = given.pop("input_dirs")
    return PipelineConfig(sources, output_dir, **(parse_recipe(given) | changes))


def _plain(value: Any) -> Any:
    """`value` as TOML and JSON can hold it, None left for what is not given."""
    match value:
        case ImageTransform() | ErrorRecoveryStrategy():
            return value.spell()
        case ImageFormat():
            return value.name.lower()
        case WatermarkPosition():
            return value.value
        case OutputVariant() | WatermarkConfig():
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case CircuitBreaker():
            return {"max_failures": value.max_failures, "reset_after": value.reset_after}
        case os.PathLike():
            return os.path.abspath(os.fspath(value))
        case frozenset() | set():
            return sorted(value)
        case tuple() | list():
            return [_plain(part) for part in value]
    return value


def _read_all(read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    def read_list(values: Any) -> tuple[T, ...]:
        if not isinstance(values, list):
            raise ValueError(f"Expected a list, got {values!r}")
        return tuple(read(value) for value in values)

    return read_list


def _read_variant(value: Any) -> OutputVariant:
    if isinstance(value, str):
        return parse_variant(value)
    readers = {"transforms": _read_all(parse_transform), "format": parse_format}
    return _made(OutputVariant, value, readers)


def _read_watermark(value: Any) -> WatermarkConfig | None:
    return value and _made(WatermarkConfig, value, {"position": parse_position})


def _read_colour(value: Any) -> tuple[int, ...]:
    return parse_colour(value)[:3] if isinstance(value, str) else tuple(value)


def _made(kind: Callable[..., T], table: Any, readers: Mapping[str, Callable[[Any], object]]) -> T:
    """One of `kind`, made from a table of its fields."""
    known = signature(kind).parameters
    if not isinstance(table, dict) or not table.keys() <= known.keys():
        raise ValueError(f"Expected a table of {', '.join(known)}, got {table!r}")
    read = {key: readers[key](value) for key, value in table.items() if key in readers}
    return kind(**(table | read))


_READERS: dict[str, Callable[[Any], object]] = {
    "transforms": _read_all(parse_transform),
    "variants": _read_all(_read_variant),
    "format": lambda value: value and parse_format(value),
    "formats": _read_all(parse_format),
    "watermark": _read_watermark,
    "background": _read_colour,
    "error_strategy": ErrorRecoveryStrategy.parse,
    "overwrite": str,
    "durability": str,
    "log": lambda value: value and str(value),
    "on_collision": str,
    "circuit_breaker": lambda value: value and _made(CircuitBreaker, value, {}),
}
