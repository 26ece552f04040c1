"""What a run was made on."""

import platform
from importlib.metadata import version
from pathlib import Path

from imgpipe import kernels
from imgpipe.cores import available

from .peers import versions


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def facts() -> dict[str, str]:
    """Name and value, in the order in which they are told."""
    return {
        "processor": processor(),
        "cores": str(available()),
        "SIMD": f"{kernels.simd_level()} (it runs {', '.join(kernels.simd_levels())})",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "imgpipe": version("imgpipe"),
        **versions(),
    }
