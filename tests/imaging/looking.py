"""What the service gets of an object: the triage of its head, then its bytes or its renditions."""

from dataclasses import dataclass

from local.match.answers import RefusalError
from local.match.decoding import decode
from local.match.fingerprint import fingerprint
from photodna_guard.domain.errors import UnscannableError
from photodna_guard.domain.models import ObjectHead
from photodna_guard.domain.renditions import NotAPicture
from photodna_guard.imaging.triage import HEAD_BYTES, Disposition, triage
from tests.imaging.conftest import Render
from tests.imaging.variants.variant import Subject, Variant


@dataclass(frozen=True)
class Look:
    """The pictures that are sent, or why none is; `inconclusive`: why "no match" would prove nothing."""

    sent: tuple[bytes, ...] = ()
    reason: str = ""
    inconclusive: str = ""
    is_readable: bool = False

    def distance(self, listed: int) -> int:
        """Return the smallest distance of a sent picture from a listed hash, in bits; 256 where none is sent."""
        return min(((fingerprint(decode(one)).hashes[0] ^ listed).bit_count() for one in self.sent), default=256)


def _is_accepted(content: bytes) -> bool:
    """Return whether the service takes the picture as it is; otherwise the scanner has it rendered."""
    try:
        decode(content)
    except RefusalError:
        return False
    return True


def look(variant: Variant, subject: Subject, render: Render) -> Look:
    """Return what is sent of a variant, as the scanner does it."""
    content = variant.make(subject)
    content_type = variant.content_type
    head = ObjectHead(len(content), content[:HEAD_BYTES], variant.content_encoding, content_type)
    found = triage(head)
    match found.way:
        case Disposition.BY_URL | Disposition.BY_VALUE if _is_accepted(content):
            return Look((content,))
        case Disposition.NOT_AN_IMAGE:
            return Look((), found.reason, is_readable=found.reason in ("empty", "not-an-image"))
        case Disposition.UNSCANNABLE:
            return Look((), found.reason)
    try:
        rendered = render(content, content_type, variant.content_encoding)
    except UnscannableError as error:
        return Look((), str(error))
    if isinstance(rendered, NotAPicture):
        return Look((), rendered.reason, is_readable=rendered.reason == "not-an-image")
    return Look(tuple(one.content for one in rendered.renditions), "", rendered.inconclusive)
