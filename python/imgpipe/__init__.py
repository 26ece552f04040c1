"""imgpipe: folders of pictures into other pictures.

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from imgpipe.api import (
        ProcessedImage as ProcessedImage,
    )
    from imgpipe.api import (
        iter_images as iter_images,
    )
    from imgpipe.api import (
        load_image as load_image,
    )
    from imgpipe.api import (
        load_with_retry as load_with_retry,
    )
    from imgpipe.api import (
        process_directory_concurrent as process_directory_concurrent,
    )
    from imgpipe.api import (
        process_image as process_image,
    )
    from imgpipe.api import (
        process_image_worker as process_image_worker,
    )
    from imgpipe.api import (
        process_with_filter as process_with_filter,
    )
    from imgpipe.api import (
        retry_with_backoff as retry_with_backoff,
    )
    from imgpipe.api import (
        save_processed_image as save_processed_image,
    )
    from imgpipe.api import (
        scan_directory as scan_directory,
    )
    from imgpipe.config import (
        PipelineConfig as PipelineConfig,
    )
    from imgpipe.config import (
        ProcessingConfig as ProcessingConfig,
    )
    from imgpipe.errors import (
        CollisionError as CollisionError,
    )
    from imgpipe.errors import (
        ConfigError as ConfigError,
    )
    from imgpipe.errors import (
        DecodeError as DecodeError,
    )
    from imgpipe.errors import (
        EncodeError as EncodeError,
    )
    from imgpipe.errors import (
        ImageError as ImageError,
    )
    from imgpipe.errors import (
        ImgpipeError as ImgpipeError,
    )
    from imgpipe.errors import (
        LimitExceeded as LimitExceeded,
    )
    from imgpipe.errors import (
        LoadError as LoadError,
    )
    from imgpipe.errors import (
        SaveError as SaveError,
    )
    from imgpipe.errors import (
        StorageFull as StorageFull,
    )
    from imgpipe.errors import (
        TransformError as TransformError,
    )
    from imgpipe.files import (
        ImageData as ImageData,
    )
    from imgpipe.files import (
        ImageFile as ImageFile,
    )
    from imgpipe.flow.pipeline import (
        Pipeline as Pipeline,
    )
    from imgpipe.formats import (
        ImageFormat as ImageFormat,
    )
    from imgpipe.formats import (
        detect_format as detect_format,
    )
    from imgpipe.formats import (
        sniff_format as sniff_format,
    )
    from imgpipe.image import (
        Image as Image,
    )
    from imgpipe.kernels import (
        Kernel as Kernel,
    )
    from imgpipe.results import (
        ProcessingResult as ProcessingResult,
    )
    from imgpipe.results import (
        ProcessingStats as ProcessingStats,
    )
    from imgpipe.steps.decode import (
        decode_image as decode_image,
    )
    from imgpipe.steps.decode import (
        get_image_dimensions as get_image_dimensions,
    )
    from imgpipe.steps.encode import (
        encode_image as encode_image,
    )
    from imgpipe.steps.load import (
        open_image as open_image,
    )
    from imgpipe.steps.save import (
        save_image as save_image,
    )
    from imgpipe.transforms import (
        Blur as Blur,
    )
    from imgpipe.transforms import (
        Brighten as Brighten,
    )
    from imgpipe.transforms import (
        FlipHorizontal as FlipHorizontal,
    )
    from imgpipe.transforms import (
        FlipVertical as FlipVertical,
    )
    from imgpipe.transforms import (
        Grayscale as Grayscale,
    )
    from imgpipe.transforms import (
        ImageTransform as ImageTransform,
    )
    from imgpipe.transforms import (
        Resize as Resize,
    )
    from imgpipe.transforms import (
        Rotate90 as Rotate90,
    )
    from imgpipe.transforms import (
        Rotate180 as Rotate180,
    )
    from imgpipe.transforms import (
        Rotate270 as Rotate270,
    )
    from imgpipe.transforms import (
        Thumbnail as Thumbnail,
    )
    from imgpipe.transforms import (
        apply_kernel as apply_kernel,
    )
    from imgpipe.transforms import (
        apply_transform as apply_transform,
    )
    from imgpipe.transforms import (
        apply_transforms as apply_transforms,
    )
    from imgpipe.transforms import (
        parse_transform as parse_transform,
    )

_HOMES = {
    "imgpipe.api": (
        "ProcessedImage",
        "iter_images",
        "load_image",
        "load_with_retry",
        "process_directory_concurrent",
        "process_image",
        "process_image_worker",
        "process_with_filter",
        "retry_with_backoff",
        "save_processed_image",
        "scan_directory",
    ),
    "imgpipe.config": (
        "PipelineConfig",
        "ProcessingConfig",
    ),
    "imgpipe.errors": (
        "CollisionError",
        "ConfigError",
        "DecodeError",
        "EncodeError",
        "ImageError",
        "ImgpipeError",
        "LimitExceeded",
        "LoadError",
        "SaveError",
        "StorageFull",
        "TransformError",
    ),
    "imgpipe.files": (
        "ImageData",
        "ImageFile",
    ),
    "imgpipe.flow.pipeline": ("Pipeline",),
    "imgpipe.formats": (
        "ImageFormat",
        "detect_format",
        "sniff_format",
    ),
    "imgpipe.image": ("Image",),
    "imgpipe.kernels": ("Kernel",),
    "imgpipe.results": (
        "ProcessingResult",
        "ProcessingStats",
    ),
    "imgpipe.steps.decode": (
        "decode_image",
        "get_image_dimensions",
    ),
    "imgpipe.steps.load": ("open_image",),
    "imgpipe.steps.encode": ("encode_image",),
    "imgpipe.steps.save": ("save_image",),
    "imgpipe.transforms": (
        "Blur",
        "Brighten",
        "FlipHorizontal",
        "FlipVertical",
        "Grayscale",
        "ImageTransform",
        "Resize",
        "Rotate180",
        "Rotate270",
        "Rotate90",
        "Thumbnail",
        "apply_kernel",
        "apply_transform",
        "apply_transforms",
        "parse_transform",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME_OF]
