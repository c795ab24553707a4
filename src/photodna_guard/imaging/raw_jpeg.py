"""A JPEG's segments up to its first scan -> why viewers may show something else than its raw pixels. Pure."""

import struct
from collections.abc import Iterator

from photodna_guard.imaging.colour_profile import is_usual_profile
from photodna_guard.imaging.exif import is_upright

_SCAN, _APP1, _APP2, _APP14 = 0xDA, 0xE1, 0xE2, 0xEE
_FRAMES = (0xC0, 0xC1, 0xC2)
# Frame headers of arithmetic, lossless and hierarchical coding, and the numbers of lines behind the first scan.
_UNUSUAL = (0xC3, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF, 0xDC, 0xDE, 0xDF)
_EXIF, _PROFILE, _FRAMES_INDEX, _GAIN_MAP = b"Exif\0\0", b"ICC_PROFILE\0", b"MPF\0", b"urn:iso:std:iso:ts:21496"


def find_jpeg_obstacle(head: bytes) -> str:
    """Return the reason; empty if there is none. Raises IndexError or struct.error where the head ends too early."""
    frames: list[bytes] = []
    profile: list[bytes] = []
    transforms: list[int] = []
    for marker, segment in _iter_segments(head):
        if marker in _UNUSUAL:
            return "unusual-jpeg"
        if marker == _APP1 and segment.startswith(b"Exif") and not _is_exif_upright(segment):
            return "orientation"
        if marker == _APP2 and segment.startswith((_FRAMES_INDEX, _GAIN_MAP)):
            return "frames"
        if marker == _APP2 and segment.startswith(_PROFILE):
            profile.append(segment)
        if marker == _APP14 and segment.startswith(b"Adobe"):
            transforms.append(segment[11])
        if marker in _FRAMES:
            frames.append(segment)
    if len(frames) != 1:
        return "unusual-jpeg"
    if profile and not _is_profile_usual(profile):
        return "colour-profile"
    return _find_frame_obstacle(frames[0], transforms)


def _iter_segments(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment before the first scan. Raises IndexError where the head ends before it.

    Bytes between segments are passed over by some decoders and searched by others.
    """
    at = 2
    while True:
        if head[at] != 0xFF:
            yield 0xDE, b""
            return
        while head[at + 1] == 0xFF:
            at += 1
        marker = head[at + 1]
        if marker == _SCAN:
            return
        # A marker without a length stands nowhere before a scan.
        (length,) = struct.unpack_from(">H", head, at + 2)
        if marker < 0xC0 or 0xD0 <= marker <= 0xD9 or length < 2:
            yield 0xDE, b""
            return
        # The next marker must lie within the head, so that the segment does too.
        _ = head[at + 2 + length]
        yield marker, head[at + 4 : at + 2 + length]
        at += 2 + length


def _is_exif_upright(segment: bytes) -> bool:
    return segment.startswith(_EXIF) and is_upright(segment[len(_EXIF) :])


def _is_profile_usual(segments: list[bytes]) -> bool:
    """Return whether the profile's parts, each with its number from 1 and their count, are whole and in order."""
    at = len(_PROFILE)
    numbers = [(segment[at], segment[at + 1]) for segment in segments]
    is_whole = numbers == [(i + 1, len(segments)) for i in range(len(segments))]
    return is_whole and is_usual_profile(b"".join(segment[at + 2 :] for segment in segments))


def _find_frame_obstacle(frame: bytes, transforms: list[int]) -> str:
    """Return why the frame header's colours may be read in more than one way: 8 bits, grey or YCbCr are not."""
    precision, height, width, components = struct.unpack_from(">BHHB", frame)
    if precision != 8 or not height or not width or len(frame) < 6 + 3 * components:
        return "unusual-jpeg"
    if components == 1:
        return ""
    # With Adobe's segment and without it, three components that are called R, G and B are no YCbCr to some decoders.
    ids = frame[6:15:3]
    is_ycc = components == 3 and ids in (b"\1\2\3", b"\0\1\2") and all(transform == 1 for transform in transforms)
    return "" if is_ycc else "colours"
