"""imgpipe: folders of pictures into other pictures.

Names are loaded when they are first used, so that importing this package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from imgpipe.api import (
        ProcessedImage as ProcessedImage,
        iter_images as iter_images,
        load_image as load_image,
        load_log as load_log,
        load_with_retry as load_with_retry,
        monitor_progress as monitor_progress,
        process_directory_concurrent as process_directory_concurrent,
        process_image as process_image,
        process_image_worker as process_image_worker,
        process_with_cancellation as process_with_cancellation,
        process_with_filter as process_with_filter,
        process_with_progress as process_with_progress,
        process_with_variants as process_with_variants,
        retry_with_backoff as retry_with_backoff,
        run_pipeline as run_pipeline,
        save_log as save_log,
        save_processed_image as save_processed_image,
        scan_directory as scan_directory,
        streaming_pipeline as streaming_pipeline,
    )
    from imgpipe.cancel import (
        CancellationToken as CancellationToken,
    )
    from imgpipe.config import (
        PipelineConfig as PipelineConfig,
        ProcessingConfig as ProcessingConfig,
    )
    from imgpipe.errors import (
        Cancelled as Cancelled,
        CircuitOpen as CircuitOpen,
        CollisionError as CollisionError,
        ConfigError as ConfigError,
        DecodeError as DecodeError,
        EncodeError as EncodeError,
        ImageError as ImageError,
        ImgpipeError as ImgpipeError,
        LimitExceeded as LimitExceeded,
        LoadError as LoadError,
        MissingExtra as MissingExtra,
        NoPictures as NoPictures,
        SaveError as SaveError,
        StorageFull as StorageFull,
        TooManyFailures as TooManyFailures,
        TransformError as TransformError,
    )
    from imgpipe.files import (
        ImageData as ImageData,
        ImageFile as ImageFile,
    )
    from imgpipe.flow.measure import (
        PipelineMetrics as PipelineMetrics,
    )
    from imgpipe.flow.pipeline import (
        Pipeline as Pipeline,
    )
    from imgpipe.formats import (
        ImageFormat as ImageFormat,
        detect_format as detect_format,
        sniff_format as sniff_format,
    )
    from imgpipe.image import (
        Image as Image,
    )
    from imgpipe.kernels import (
        Kernel as Kernel,
    )
    from imgpipe.losses import (
        Loss as Loss,
    )
    from imgpipe.manifest import (
        picture_html as picture_html,
    )
    from imgpipe.metrics import (
        ORDERING_GUIDELINES as ORDERING_GUIDELINES,
        AtomicCounter as AtomicCounter,
        AtomicGauge as AtomicGauge,
        AtomicHistogram as AtomicHistogram,
        AtomicMinMax as AtomicMinMax,
        FullSnapshot as FullSnapshot,
        HistogramSnapshot as HistogramSnapshot,
        MetricsCollector as MetricsCollector,
        MetricsRegistry as MetricsRegistry,
        MetricsServer as MetricsServer,
        MetricsSnapshot as MetricsSnapshot,
        Ordering as Ordering,
        ProgressMetrics as ProgressMetrics,
        compare_orderings as compare_orderings,
        serve_metrics as serve_metrics,
        write_textfile as write_textfile,
    )
    from imgpipe.progress import (
        ProcessingStage as ProcessingStage,
        ProgressUpdate as ProgressUpdate,
    )
    from imgpipe.recovery import (
        CircuitBreaker as CircuitBreaker,
        ErrorRecoveryStrategy as ErrorRecoveryStrategy,
    )
    from imgpipe.results import (
        ProcessingLog as ProcessingLog,
        ProcessingResult as ProcessingResult,
        ProcessingStats as ProcessingStats,
    )
    from imgpipe.steps.decode import (
        decode_image as decode_image,
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
        AutoContrast as AutoContrast,
        AutoOrient as AutoOrient,
        Blur as Blur,
        BoxBlur as BoxBlur,
        Brighten as Brighten,
        Clahe as Clahe,
        Contrast as Contrast,
        Convolve as Convolve,
        Crop as Crop,
        EdgeDetect as EdgeDetect,
        Emboss as Emboss,
        Equalize as Equalize,
        Fit as Fit,
        FlipHorizontal as FlipHorizontal,
        FlipVertical as FlipVertical,
        Gamma as Gamma,
        Grayscale as Grayscale,
        Height as Height,
        ImageTransform as ImageTransform,
        Median as Median,
        Pad as Pad,
        Resize as Resize,
        Rotate as Rotate,
        Rotate90 as Rotate90,
        Rotate180 as Rotate180,
        Rotate270 as Rotate270,
        Saturation as Saturation,
        Sharpen as Sharpen,
        Sobel as Sobel,
        Thumbnail as Thumbnail,
        UnsharpMask as UnsharpMask,
        Width as Width,
        Window as Window,
        apply_kernel as apply_kernel,
        apply_transform as apply_transform,
        apply_transforms as apply_transforms,
        parse_transform as parse_transform,
    )
    from imgpipe.variants import (
        OutputVariant as OutputVariant,
        parse_variant as parse_variant,
        responsive as responsive,
    )
    from imgpipe.watermark import (
        WatermarkConfig as WatermarkConfig,
        WatermarkPosition as WatermarkPosition,
        apply_image_watermark as apply_image_watermark,
        apply_text_watermark as apply_text_watermark,
        apply_watermark as apply_watermark,
        calculate_watermark_position as calculate_watermark_position,
    )

_HOMES = {
    "imgpipe.api": (
        "ProcessedImage iter_images load_image load_log load_with_retry monitor_progress "
        "process_directory_concurrent process_image process_image_worker "
        "process_with_cancellation process_with_filter process_with_progress "
        "process_with_variants retry_with_backoff run_pipeline save_log save_processed_image "
        "scan_directory streaming_pipeline"
    ),
    "imgpipe.cancel": "CancellationToken",
    "imgpipe.progress": "ProcessingStage ProgressUpdate",
    "imgpipe.config": "PipelineConfig ProcessingConfig",
    "imgpipe.errors": (
        "Cancelled CircuitOpen CollisionError ConfigError DecodeError EncodeError ImageError "
        "ImgpipeError LimitExceeded LoadError MissingExtra NoPictures SaveError StorageFull "
        "TooManyFailures TransformError"
    ),
    "imgpipe.files": "ImageData ImageFile",
    "imgpipe.flow.measure": "PipelineMetrics",
    "imgpipe.flow.pipeline": "Pipeline",
    "imgpipe.formats": "ImageFormat detect_format sniff_format",
    "imgpipe.image": "Image",
    "imgpipe.kernels": "Kernel",
    "imgpipe.losses": "Loss",
    "imgpipe.manifest": "picture_html",
    "imgpipe.metrics": (
        "ORDERING_GUIDELINES AtomicCounter AtomicGauge AtomicHistogram AtomicMinMax "
        "FullSnapshot HistogramSnapshot MetricsCollector MetricsRegistry MetricsServer "
        "MetricsSnapshot Ordering ProgressMetrics compare_orderings serve_metrics "
        "write_textfile"
    ),
    "imgpipe.variants": "OutputVariant parse_variant responsive",
    "imgpipe.watermark": (
        "WatermarkConfig WatermarkPosition apply_image_watermark apply_text_watermark "
        "apply_watermark calculate_watermark_position"
    ),
    "imgpipe.recovery": "CircuitBreaker ErrorRecoveryStrategy",
    "imgpipe.results": "ProcessingLog ProcessingResult ProcessingStats",
    "imgpipe.steps.decode": "decode_image get_image_dimensions",
    "imgpipe.steps.load": "open_image",
    "imgpipe.steps.encode": "encode_image",
    "imgpipe.steps.save": "save_image",
    "imgpipe.transforms": (
        "AutoContrast AutoOrient Blur BoxBlur Brighten Clahe Contrast Convolve Crop "
        "EdgeDetect Emboss Equalize Fit FlipHorizontal FlipVertical Gamma Grayscale Height "
        "ImageTransform Median Pad Resize Rotate Rotate180 Rotate270 Rotate90 Saturation "
        "Sharpen Sobel Thumbnail UnsharpMask Width Window apply_kernel apply_transform "
        "apply_transforms parse_transform"
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME_OF]
