"""Names as Prometheus has them: of a metric, of its labels, and of one series with its labels."""

import re
from collections.abc import Mapping

from imgpipe.errors import ConfigError

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


def spell(name: str, labels: Mapping[str, str]) -> str:
    r"""The one spelling of a series: labels sorted by name, values escaped.

    Raises ConfigError for names that are not Prometheus', and for values that are no text.

    >>> spell("failures_total", {"step": "save", "kind": 'no "room"'})
    'failures_total{kind="no \\"room\\"",step="save"}'
    """
    if not isinstance(name, str) or not _METRIC.fullmatch(name):
        raise ConfigError(
            f"Expected a name of letters, digits, _ and :, no digit first, got {name!r}"
        )
    pairs = [f'{label}="{_value(label, labels[label])}"' for label in sorted(labels)]
    return f"{name}{{{','.join(pairs)}}}" if pairs else name


def split(series: str) -> tuple[str, str]:
    """The name of a series, and what is between its braces.

    >>> split('failures_total{step="save"}')
    ('failures_total', 'step="save"')
    """
    name, _, labels = series.partition("{")
    return name, labels[:-1]


def _value(label: str, value: str) -> str:
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise ConfigError(
            f"Expected a label of letters, digits and _, no digit or __ first, got {label!r}"
        )
    try:
        value.encode()
    except (AttributeError, UnicodeEncodeError):
        raise ConfigError(f"Expected text for label {label}, got {value!r}") from None
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
