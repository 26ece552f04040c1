import ast
import subprocess
import sys
from pathlib import Path

import imgpipe
import pytest

PACKAGE = Path(imgpipe.__file__).parent


def test_importing_loads_neither_numpy_nor_asyncio() -> None:
    script = (
        "import sys; before = set(sys.modules); import imgpipe\n"
        "assert not {'numpy', 'asyncio', 'PIL'} & (set(sys.modules) - before)\n"
        "imgpipe.detect_format; assert 'numpy' not in set(sys.modules) - before"
    )
    subprocess.run([sys.executable, "-S", "-c", _with_path(script)], check=True)


def _with_path(script: str) -> str:
    """`script` where only sys.path is set up: no .pth file of an environment runs on -S."""
    return f"import sys; sys.path[:0] = {[str(PACKAGE.parent), *sys.path]!r}\n{script}"


def test_every_public_name_is_there_and_documented() -> None:
    for name in imgpipe.__all__:
        assert getattr(imgpipe, name).__doc__, name


def test_type_checkers_see_the_same_names() -> None:
    module = ast.parse((PACKAGE / "__init__.py").read_text())
    seen = {
        alias.asname
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("imgpipe.")
        for alias in node.names
    }
    assert seen == set(imgpipe.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        imgpipe.nonsense  # noqa: B018


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_few_open_the_doors_to_the_core(path: Path) -> None:
    room, text = path.parent.name, path.read_text()
    assert room == "kernels" or path.name == "doctor.py" or "_imgcore" not in text
    assert room == "metrics" or "_atomics" not in text
    assert path.name == "progressive.py" or "_scans" not in text
