"""Variants as JPEG: the ways of coding, and what stands before, between and after the segments."""

from functools import partial

from PIL import Image, ImageChops

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant, filler, noise

JPEG = "image/jpeg"
_START = b"\xff\xd8"


def _jpeg(subject: Subject, **options: object) -> bytes:
    return encode(subject.image, "JPEG", **{"quality": 85, **options})


def _cmyk(subject: Subject) -> bytes:
    return encode(subject.image.convert("CMYK"), "JPEG", quality=85)


def _ycck(subject: Subject) -> bytes:
    """Store cyan, magenta and yellow as luma and chroma, and say so in the Adobe segment's last byte."""
    cyan, magenta, yellow, black = subject.image.convert("CMYK").split()
    # Adobe's CMYK is stored inverted, as Pillow does it to all four; libjpeg inverts the three once more.
    converted = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split()
    stored = Image.merge("CMYK", (*(ImageChops.invert(one) for one in converted), black))
    content = bytearray(encode(stored, "JPEG", quality=90))
    content[content.index(b"Adobe") + 11] = 2
    return bytes(content)


def add_segments(content: bytes, *segments: tuple[int, bytes]) -> bytes:
    """Insert segments (marker, payload) right behind the start marker."""
    coded = b"".join(bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data for marker, data in segments)
    return _START + coded + content[2:]


def _comment_of_a_video(subject: Subject) -> bytes:
    """Begin with a comment that spells the box of a video at its offset, 4."""
    return add_segments(_jpeg(subject), (0xFE, b"ftypisom\0\0\2\0isomiso2mp41".ljust(0x6674 - 2, b"\0")))


def _comment_of_a_tar(subject: Subject) -> bytes:
    return add_segments(_jpeg(subject), (0xFE, bytes(257 - 6) + b"ustar\x0000" + bytes(300)))


def _comment_of_markup(subject: Subject) -> bytes:
    return add_segments(_jpeg(subject), (0xFE, b"<html><body>%PDF-1.4 PK\x03\x04 plain text " * 20))


def _long_metadata(subject: Subject) -> bytes:
    """Put 200 kB of application segments before the frame header, so that the head ends before it."""
    return add_segments(_jpeg(subject), *[(0xED, b"Photoshop 3.0\0" + noise(50_000))] * 4)


def _thumbnail_of_another(subject: Subject) -> bytes:
    thumbnail = encode(filler(0, (160, 120)), "JPEG")
    return add_segments(_jpeg(subject), (0xE0, b"JFXX\0\x10" + thumbnail))


def _multi_picture(subject: Subject, first: bool) -> bytes:
    images = [subject.image, filler(0, (640, 480))]
    one, two = images if first else reversed(images)
    return encode(one, "MPO", save_all=True, append_images=[two])


def _motion_photo(subject: Subject) -> bytes:
    video = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + (60_008).to_bytes(4, "big") + b"mdat" + noise(60_000)
    xmp = (
        b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/'
        b'1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
        b'GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="%d"/></rdf:RDF></x:xmpmeta>' % len(video)
    )
    return add_segments(_jpeg(subject), (0xE1, xmp)) + video


def _leading(subject: Subject, lead: bytes) -> bytes:
    return lead + _jpeg(subject)


def _without_end(subject: Subject) -> bytes:
    return _jpeg(subject)[:-2]


VARIANTS = (
    Variant("jpeg, 4:2:0", JPEG, _jpeg),
    Variant("jpeg, 4:4:4", JPEG, partial(_jpeg, subsampling=0)),
    Variant("jpeg, 4:2:2", JPEG, partial(_jpeg, subsampling=1)),
    Variant("jpeg, progressive", JPEG, partial(_jpeg, progressive=True)),
    Variant("jpeg, quality 15", JPEG, partial(_jpeg, quality=15)),
    Variant("jpeg, restart markers", JPEG, partial(_jpeg, restart_marker_rows=2)),
    Variant("jpeg, stored as RGB", JPEG, partial(_jpeg, keep_rgb=True, subsampling=0)),
    Variant("jpeg, arithmetic", JPEG, lambda subject: subject.coded("-arithmetic.jpg")),
    Variant("jpeg, grey", JPEG, lambda subject: encode(subject.image.convert("L"), "JPEG")),
    Variant("jpeg, CMYK", JPEG, _cmyk),
    Variant("jpeg, YCCK", JPEG, _ycck),
    Variant("jpeg, comment spells ftypisom", JPEG, _comment_of_a_video),
    Variant("jpeg, comment spells ustar", JPEG, _comment_of_a_tar),
    Variant("jpeg, comment of markup", JPEG, _comment_of_markup),
    Variant("jpeg, 200 kB of metadata first", JPEG, _long_metadata),
    Variant("jpeg, thumbnail of another picture", JPEG, _thumbnail_of_another),
    Variant("jpeg, without end marker", JPEG, _without_end),
    Variant("mpo, first picture", JPEG, partial(_multi_picture, first=True)),
    Variant("mpo, second picture", JPEG, partial(_multi_picture, first=False)),
    Variant("motion photo", JPEG, _motion_photo),
    Variant("jpeg behind 2 line breaks", JPEG, partial(_leading, lead=b"\r\n\r\n")),
    Variant("jpeg behind 200 zero bytes", JPEG, partial(_leading, lead=bytes(200))),
    Variant("jpeg behind a byte order mark", JPEG, partial(_leading, lead=b"\xef\xbb\xbf")),
)
