"""What the renderer found in an object: renditions for the service, or that it is no picture. Frozen, without I/O."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rendition:
    """A reduced picture made of an upload. It is sent by value."""

    # JPEG: sRGB, 8 bit, both sides at least 160 pixels, at most 4 MB.
    content: bytes = field(repr=False)
    # The index of the frame that it shows, from 0.
    frame: int = 0


@dataclass(frozen=True, slots=True)
class RenditionSet:
    """The different pictures that a viewer may show of an object, in the order in which they are sent."""

    renditions: tuple[Rendition, ...]
    # Frames that were decoded, and frames that the object has.
    frames_seen: int = 1
    frames_total: int = 1
    # Why "no match" for all of these proves nothing: then the upload is UNSCANNABLE for this reason. A match counts.
    inconclusive: str = ""


@dataclass(frozen=True, slots=True)
class NotAPicture:
    """The whole object was seen, and it is no picture."""

    # "empty" or "not-an-image", which may be read; "document", "video", "audio" or "archive".
    reason: str
