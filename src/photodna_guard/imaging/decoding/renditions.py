"""Frames -> the renditions of an object: the different pictures that its frames show."""

from PIL import Image

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.renditions import Rendition, RenditionSet
from photodna_guard.imaging.decoding.frames import Frames, choose_frames
from photodna_guard.imaging.decoding.views import encode, is_same, iter_views


def make_renditions(frames: Frames, max_frames: int, enlarge_from: int, inconclusive: str = "") -> RenditionSet:
    """Return the renditions of at most `max_frames` frames.

    A frame that cannot be decoded leaves the look inconclusive. One that is too small for the service, beside another
    that is not, is a thumbnail. Raises UnscannableError where there is no rendition.
    """
    shown: list[Image.Image] = []
    made: list[Rendition] = []
    chosen, faults = choose_frames(frames.total, max_frames), []
    for number in chosen:
        try:
            frame = frames.get(number)
            for picture in iter_views(frame):
                if not any(is_same(picture, other) for other in shown):
                    made.append(Rendition(encode(picture, frame.size, enlarge_from), number))
                    shown.append(picture)
        except MemoryError:
            faults.append("too-many-pixels")
        except UnscannableError as error:
            faults.append(str(error))
        except Exception:  # noqa: BLE001 - a decoder raises whatever it meets in hostile bytes
            faults.append("damaged")
    if not made:
        raise UnscannableError(faults[0] if faults else "damaged")
    seen = len(chosen) - len(faults)
    fault = next((one for one in faults if one != "too-small"), "")
    return RenditionSet(tuple(made), seen, frames.total, inconclusive or fault)
