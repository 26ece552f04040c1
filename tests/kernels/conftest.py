import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def run_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """(script, *options of python, simd=None) -> what it printed, and how it ended.

    The script can import the modules of this folder. Two minutes, and it is killed.
    """

    def run(
        script: str, *options: str, simd: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        path = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        command = [sys.executable, "-W", "error", *options, "-c", path + script]
        chosen = {} if simd is None else {"IMGPIPE_SIMD": simd}
        environment = {**os.environ, **chosen}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    return run
