"""Variants that pretend to be something else: encodings, text that holds a picture, names of other types."""

import base64
import gzip
import zlib
from functools import partial
from urllib.parse import quote_from_bytes

import brotli
from backports import zstd

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


def _shouted_url(subject: Subject) -> bytes:
    return b"DATA:IMAGE/JPEG;charset=utf-8;BASE64," + base64.b64encode(_jpeg(subject))


def _gzip_and_brotli(subject: Subject) -> bytes:
    return bytes(brotli.compress(gzip.compress(_jpeg(subject)), quality=1))


def _percent_url(subject: Subject) -> bytes:
    return b"data:image/jpeg," + quote_from_bytes(encode(subject.small, "JPEG", quality=60)).encode()


VARIANTS = (
    Variant("gzip encoded", "image/jpeg", lambda s: gzip.compress(_jpeg(s), mtime=0), "gzip"),
    Variant("gzip encoded twice", "image/jpeg", lambda s: gzip.compress(gzip.compress(_jpeg(s))), "gzip, x-gzip"),
    Variant("deflate encoded", "image/jpeg", lambda s: zlib.compress(_jpeg(s)), "deflate"),
    Variant("deflate encoded without header", "image/jpeg", _raw_deflate, "deflate"),
    Variant("brotli encoded", "image/jpeg", lambda s: brotli.compress(_jpeg(s), quality=1), "br"),
    Variant("zstd encoded", "image/jpeg", lambda s: zstd.compress(_jpeg(s)), "zstd"),
    Variant("gzip, then brotli encoded", "image/jpeg", _gzip_and_brotli, "gzip, br"),
    Variant("gzip encoded heic", "image/heic", lambda s: gzip.compress(s.coded(".heic")), "GZIP"),
    Variant("gzip encoded only by name", "image/jpeg", _jpeg, "gzip"),
    Variant("base64 encoded by name", "image/jpeg", _jpeg, "base64"),
    Variant("utf-8 encoded by name", "image/jpeg", _jpeg, "utf-8"),
    Variant("encoded by the name none", "image/jpeg", _jpeg, "none"),
    Variant("encoded by the name binary", "image/jpeg", _jpeg, "binary"),
    Variant("base64 text behind a byte order mark", TEXT, lambda s: b"\xef\xbb\xbf" + base64.b64encode(_jpeg(s))),
    Variant("base64 text of heic", "image/heic", lambda s: base64.b64encode(s.coded(".heic"))),
    Variant("base64 text", TEXT, lambda s: base64.b64encode(_jpeg(s))),
    Variant("base64 text in lines", "image/jpeg", _base64_lines),
    Variant("base64 text, URL-safe", "image/jpeg", lambda s: base64.urlsafe_b64encode(_jpeg(s)).rstrip(b"=")),
    Variant("data URL", "image/jpeg", _data_url),
    Variant("data URL in capitals", TEXT, _shouted_url),
    Variant("data URL, percent-encoded", "image/jpeg", _percent_url),
    Variant("jpeg that is called a text", TEXT, _jpeg),
    Variant("jpeg that is called an archive", "application/zip", _jpeg),
    Variant("heic that is called a jpeg", "image/jpeg", lambda s: s.coded(".heic")),
    Variant("jpeg before markup", "image/jpeg", lambda s: _jpeg(s) + b"<html><script>"),
    Variant("webp that is called a video", "video/mp4", lambda s: encode(s.image, "WEBP")),
    Variant("png that is called nothing", OCTETS, lambda s: encode(s.image, "PNG")),
    Variant("gif in a jpeg's name", "image/jpeg", partial(lambda s: encode(s.image, "GIF"))),
)
