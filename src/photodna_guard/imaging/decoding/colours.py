"""Any of Pillow's images -> 8 bits, sRGB, upright: what a viewer shows of it."""

import io

from PIL import Image, ImageCms, ImageOps

_SRGB = ImageCms.createProfile("sRGB")
_GREY_MODES = ("1", "L", "LA", "La")
_ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the image with one of the modes L, LA, RGB, RGBA and CMYK."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("I", "F"):
        return _stretch(image)
    if image.mode in ("L", "RGB", "RGBA", "CMYK", "LA"):
        return image.convert("RGBA") if "transparency" in image.info and image.mode != "CMYK" else image
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in _GREY_MODES else "RGB")


def _stretch(image: Image.Image) -> Image.Image:
    """Return an image of integers or floats with its own range made 0 to 255; of 16 bits with theirs."""
    low, high = image.convert("F").getextrema()
    assert isinstance(low, float) and isinstance(high, float)  # noqa: S101, PT018
    if image.mode != "F" and low >= 0 and 255 < high <= 65535:
        low, high = 0.0, 65535.0
    scale = 255 / (high - low) if high > low else 0.0
    return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")


def to_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Return an image of L, LA, RGB, RGBA or CMYK in sRGB. A profile that cannot be read is ignored, as viewers do."""
    if icc_profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            return _apply_profile(image, icc_profile)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB") if image.mode == "CMYK" else image


def _apply_profile(image: Image.Image, icc_profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode)
    assert converted is not None  # noqa: S101 - it is None only where it works in place
    return converted


def turn_upright(image: Image.Image) -> Image.Image:
    """Return the image turned and mirrored as its EXIF orientation says. Unreadable EXIF says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - hostile EXIF raises whatever its parser meets, and turns no picture
        return image
