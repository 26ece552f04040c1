"""The command as somebody at a terminal meets it."""

import subprocess
import sys


def imgpipe(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run `imgpipe` with these arguments, warnings being errors."""
    command = [sys.executable, "-W", "error", "-m", "imgpipe", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
