"""Variants that pretend to be something else: encodings, text that holds a picture, names of other types."""

import base64
import gzip
import zlib
from functools import partial
from urllib.parse import quote_from_bytes

import brotli

from local.pictures import encode
from tests.imaging.variants.variant import Subject, Variant

OCTETS, TEXT = "application/octet-stream", "text/plain"


def _jpeg(subject: Subject) -> bytes:
    return encode(subject.image, "JPEG", quality=85)


def _raw_deflate(subject: Subject) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(_jpeg(subject)) + coder.flush()


def _base64_lines(subject: Subject) -> bytes:
    return base64.encodebytes(_jpeg(subject))


def _data_url(subject: Subject) -> bytes:
    return b"data:image/jpeg;base64," + base64.b64encode(_jpeg(subject))


def _percent_url(subject: Subject) -> bytes:
    return b"data:image/jpeg," + quote_from_bytes(encode(subject.small, "JPEG", quality=60)).encode()


VARIANTS = (
    Variant("gzip encoded", "image/jpeg", lambda s: gzip.compress(_jpeg(s), mtime=0), "gzip"),
    Variant("gzip encoded twice", "image/jpeg", lambda s: gzip.compress(gzip.compress(_jpeg(s))), "gzip, x-gzip"),
    Variant("deflate encoded", "image/jpeg", lambda s: zlib.compress(_jpeg(s)), "deflate"),
    Variant("deflate encoded without header", "image/jpeg", _raw_deflate, "deflate"),
    Variant("brotli encoded", "image/jpeg", lambda s: brotli.compress(_jpeg(s), quality=1), "br"),
    Variant("gzip encoded only by name", "image/jpeg", _jpeg, "gzip"),
    Variant("base64 encoded by name", "image/jpeg", _jpeg, "base64"),
    Variant("utf-8 encoded by name", "image/jpeg", _jpeg, "utf-8"),
    Variant("base64 text", TEXT, lambda s: base64.b64encode(_jpeg(s))),
    Variant("base64 text in lines", "image/jpeg", _base64_lines),
    Variant("base64 text, URL-safe", "image/jpeg", lambda s: base64.urlsafe_b64encode(_jpeg(s)).rstrip(b"=")),
    Variant("data URL", "image/jpeg", _data_url),
    Variant("data URL, percent-encoded", "image/jpeg", _percent_url),
    Variant("jpeg that is called a text", TEXT, _jpeg),
    Variant("webp that is called a video", "video/mp4", lambda s: encode(s.image, "WEBP")),
    Variant("png that is called nothing", OCTETS, lambda s: encode(s.image, "PNG")),
    Variant("gif in a jpeg's name", "image/jpeg", partial(lambda s: encode(s.image, "GIF"))),
)
