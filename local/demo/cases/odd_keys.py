"""Keys that break an application which decodes a key twice or never, or writes it unescaped into a URL or a page."""

from local.demo.cases.matches import listed_jpeg, matching
from local.demo.picture import CLEAN, JPEG, Picture
from local.pictures import draw, encode

_CLEAN_KEYS = {
    "spaces": "odd/a day at  the sea.jpg",
    "plus signs": "odd/1+1=2 ++.jpg",
    "percent signs": "odd/100%25 sure%2Fyes %.jpg",
    "emoji": "odd/🏖️ été 日本.jpg",
    "combining characters": "odd/Zoe\u0308 caf\u00e9 cafe\u0301.jpg",
    "right to left": "odd/صورة \u202egpj.exe",
    "deep path": "odd/" + "/".join("abcdefghijklmnopqrstuvwxyz") + "/deep.jpg",
    "path with ..": "odd/album/../sea.jpg",
    "dots and slashes": "odd//..hidden/./...jpg",
    "quotes and markup": "odd/\"q\" 'a' &amp; <script>alert(1)</script>.jpg",
    "URL signs": "odd/a?b=c&d=e;f#g[h]@i:j$k,l!m*n(o)|p\\q^r`s{t}~.jpg",
    "1,000 characters": "odd/" + "long-" * 198 + "key.jp",
    "1,024 bytes of Unicode": "odd/" + "写" * 340,
}


def pictures() -> list[Picture]:
    """Return clean and matching pictures under unusual keys."""
    return [*_clean(), *_matches()]


def _clean() -> list[Picture]:
    return [
        Picture(
            key,
            f"odd key: {kind}",
            CLEAN,
            encode(draw(seed, (320, 240)), "JPEG"),
            tags={"owner": "Zoë + co", "album": "a/b=c"},
            drawn=True,
        )
        for seed, (kind, key) in enumerate(_CLEAN_KEYS.items(), start=40)
    ]


def _matches() -> list[Picture]:
    return [
        matching("odd/match +&%20 ünï 🔒.jpg", "odd key", listed_jpeg(), JPEG),
        matching("odd/match/../" + "long " * 195 + ".jpg", "odd key, long", listed_jpeg(), JPEG),
    ]
