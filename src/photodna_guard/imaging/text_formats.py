"""Picture formats that are text: SVG, PNM, XBM, XPM, FITS and others. Pure.

The quantifiers are possessive: no text that an uploader crafts takes long to match.
"""

import re

_MAGIC = (
    (b"/* XPM", "xpm"),
    (b"/*XPM", "xpm"),
    (b"! XPM2", "xpm"),
    (b"SIMPLE  =", "fits"),
    (b"#?RADIANCE", "hdr"),
    (b"#?RGBE", "hdr"),
    (b"id=ImageMagick", "miff"),
    (b"LBLSIZE=", "vicar"),
    (b"YUV4MPEG2 ", "y4m"),
    (b"#FIG ", "fig"),
    (b"NRRD000", "nrrd"),
    (b"# ImageMagick pixel enumeration:", "miff"),
    (b"push graphic-context", "mvg"),
    (b"P0CMYK", "pnm"),
    (b"PyP\n", "pnm"),
    (b"PyRGBA", "pnm"),
    (b"PyCMYK", "pnm"),
    (b"P7 332", "pnm"),
)
# White space and comments between a portable anymap's numbers.
_GAP = rb"(?:\s|\#[^\r\n]*+[\r\n])++"
# The magic number, width and height, and for most formats the beginning of what follows them.
_PNM = re.compile(
    rb"P(?: 1 GAP \d++ GAP \d++ GAP [01]"
    rb"  | [2356fF] GAP \d++ GAP \d++ GAP [-+.\d]"
    rb"  | 4 GAP \d++ GAP \d++ (?:[\s\#]|\Z)"
    rb"  | 7 GAP (?:WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE) )".replace(b"GAP", _GAP),
    re.VERBOSE,
)
_LONG_HEAD_BYTES, _NUMBERS = 32 * 1024, b"\n1 1 1 "
_XBM_WIDTH = re.compile(rb"#define[ \t]++[^\r\n]{0,200}?width[ \t]++\d")
_XBM_BITS = re.compile(rb"bits[ \t]*+\[")
# The two halves of an IM Tools header.
_IMT_MODE, _IMT_DATA = b"pixel n8", b"\x0c"
# What may precede the root of a markup document: white space, comments, processing instructions, a document type
# without declarations of its own; each only if it is complete.
_PROLOGUE = re.compile(
    rb"""(?: \s
          | <!-- (?:(?!-->).)*+ -->
          | <\? (?:(?!\?>).)*+ \?>
          | <!doctype (?: [^\[>"'] | "[^"]*+" | '[^']*+' )*+ >
          )*+""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_ROOT = re.compile(rb"<(?:[^\s<>/:!?]++:)?([^\s<>/:!?]++)")
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


def detect_text_format(head: bytes) -> str | None:
    """Return the type of a picture format that is text, such as "pnm" or "svg"."""
    by_magic = next((file_type for magic, file_type in _MAGIC if head.startswith(magic)), None)
    if by_magic:
        return by_magic
    # Where a comment goes on behind the head, nothing speaks against a picture.
    if head[:1] == b"P" and _PNM.match(head + _NUMBERS if len(head) >= _LONG_HEAD_BYTES else head):
        return "pnm"
    if has_xbm_parts(head) == (True, True):
        return "xbm"
    if _IMT_MODE in head[:4096] and _IMT_DATA in head:
        return "imt"
    return "svg" if is_svg(head) else None


def has_xbm_parts(text: bytes) -> tuple[bool, bool]:
    """Return whether the two lines that make a C source an X bitmap are there: its width, and its array of bits."""
    has_width = b"#define" in text and _XBM_WIDTH.search(text) is not None
    return has_width, b"bits" in text and _XBM_BITS.search(text) is not None


def is_svg(head: bytes) -> bool:
    """Return whether the root of a markup text is SVG's, in any Unicode encoding and behind any document type."""
    return _find_root(head)[1] == b"svg"


def has_other_root(head: bytes) -> bool:
    """Return whether a markup text with a prologue has another root than SVG's. The root must lie within the head."""
    has_prologue, root = _find_root(head)
    return has_prologue and root not in (b"", b"svg")


def _find_root(head: bytes) -> tuple[bool, bytes]:
    """Return whether something stands before the root of a markup text, and the root's name, empty if unseen."""
    text = to_ascii(head).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"<"):
        return False, b""
    prologue = _PROLOGUE.match(text)
    start = prologue.end() if prologue else 0
    # A document type with declarations of its own ends the prologue, and the root is looked for behind them.
    if text[start : start + 9].lower() == b"<!doctype":
        start = text.find(b"<", max(text.find(b"]", start), start + 1))
    root = _ROOT.match(text, start) if start >= 0 else None
    return start != 0, root[1].lower() if root else b""


def to_ascii(head: bytes) -> bytes:
    """Return the first bytes of a text with UTF-16 and UTF-32 as UTF-8, and all else as it is."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if encoding is None:
        return head
    return head.decode(encoding, "ignore").removeprefix("\ufeff").encode("utf-8", "ignore")
