"""`imgpipe doctor`: what this installation is made of and what it may use here."""

import platform
from importlib.metadata import version

from imgpipe import __version__, _imgcore
from imgpipe.cgroups import memory_allowed
from imgpipe.codecs import versions
from imgpipe.cores import available


def report() -> str:
    """A few lines of `name  value`."""
    levels = ", ".join(_imgcore.simd_levels())
    lines = {
        "imgpipe": __version__,
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "numpy": version("numpy"),
        "SIMD": f"{_imgcore.simd_level()} (this machine runs {levels})",
        "OpenMP": "yes" if _imgcore.has_openmp() else "no, each kernel call runs on one core",
        "cores": str(available()),
        "memory": f"{memory_allowed() / 2**30:.1f} GiB",
        **versions(),
    }
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())
