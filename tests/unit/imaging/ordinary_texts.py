"""Texts as people and programs write them. None shows a picture, so none may be held back."""

import base64
import json

_TOKEN_PARTS = (b'{"alg":"HS256"}', b'{"sub":"1234567890"}', bytes(range(100, 132)))
_PANGRAMS = {
    "english": "The quick brown fox jumps over the lazy dog, and 2 < 3 while 5 > 4.\n",
    "german": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n",
    "french": "Dès Noël, où un zéphyr haï me vêt de glaçons würmiens, je dîne d’exquis rôtis de bœuf.\n",
    "spanish": "El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia y frío. ¿Añoraba?\n",
    "polish": "Pchnąć w tę łódź jeża lub ośm skrzyń fig.\n",
    "russian": "Съешь же ещё этих мягких французских булок, да выпей чаю.\n",
    "ukrainian": "Щастям б’єш жук їх глицю в фон й ґедзь пріч.\n",
    "greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.\n",
    "turkish": "Pijamalı hasta yağız şoföre çabucak güvendi.\n",
    "hebrew": "דג סקרן שט בים מאוכזב ולפתע מצא חברה.\n",
    "arabic": "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر.\n",
    "persian": "می\u200cخواهم کتاب\u200cها را بخوانم؛ نمی\u200cدانم چه می\u200cشود.\n",
    "hindi": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश करने वाले।\n",
    "thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน\n",
    "japanese": "いろはにほへと ちりぬるを。日本語の文章、テスト。\n",
    "chinese": "我能吞下玻璃而不伤身体。快速的棕色狐狸。\n",
    "korean": "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다.\n",
    "vietnamese": "Tôi có thể ăn thủy tinh mà không hại gì.\n",
}
_LEGACY = {
    "german": ("cp1252", "latin-1", "cp850"),
    "french": ("cp1252",),
    "spanish": ("latin-1",),
    "polish": ("cp1250", "iso8859-2"),
    "russian": ("cp1251", "koi8-r", "cp866", "iso8859-5"),
    "ukrainian": ("cp1251",),
    "greek": ("cp1253", "iso8859-7"),
    "turkish": ("cp1254",),
    "hebrew": ("cp1255", "iso8859-8"),
    "arabic": ("cp1256", "iso8859-6"),
    "thai": ("tis-620",),
    "japanese": ("shift_jis", "euc_jp", "iso2022_jp"),
    "chinese": ("gbk", "gb18030", "gb2312"),
    "korean": ("euc_kr", "cp949"),
    "vietnamese": ("cp1258",),
}
_CHATS = {
    "emoji": "I ❤️ you 👩‍👩‍👧 🏳️‍🌈 😀👍🏽 <3\n",
    "whatsapp": "\u200e[12.03.24, 09:14:02] Tom: \u200eimage omitted\n[12.03.24, 09:15:00] Ann: <Media omitted> 😂\n",
    "irc": "<tom> hi\n<ann> hello <tom>, see #include <stdio.h>\n",
    "bidi": "\u202bשלום\u202c and \u2067مرحبا\u2069 \u061c ok\n",
    "mail": "From: Ann <ann@example.org>\nTo: Tom <tom@example.org>\nSubject: lunch\n\n> are you there?\nYes.\n",
    "subtitles": "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello.</i>\n",
    "ansi": "\x1b[31mERROR\x1b[0m disk full \x1b[1;32mok\x1b[m\n\x1b]0;title\x07\n",
    "windows": "first line\r\nsecond line\r\n\r\n\tindented\r\n",
    "newest emoji": "shaking face \U0001fae8, and what comes \U0001faea\n",
    "private use": "an icon \uf8ff \ue001\n",
    "old mac": "first line\rsecond line\r",
    "form feed": "page one\n\fpage two\n",
    "no-break": "10\u00a0000\u202f€ — “quoted” … \u2028next\n",
    "overstruck": "N\bNA\bAM\bME\bE\n",
}
_PROGRAMS = {
    "c": '#include <stdio.h>\n#define MAX 10\nint main(void) { if (1 < 2 && a<b) puts("x"); }\n'
    "for (i=0; i<n; i++) style = 3;\n",
    "define": "#define MAX 10\n#define max_width 10\n",
    "c++": "#include <vector>\nstd::vector<image> v; std::map<int, std::list<Image>> m; template <class T> T f();\n",
    "java": "List<Image> all = new ArrayList<Image>(); Map<String, List<Style>> m; class A<Body> {}\n",
    "rust": "fn f(x: Vec<Picture>) -> Option<Video> { x.iter().map(|p| p.len() << 2).sum::<usize>() }\n",
    "python": "#!/usr/bin/env python\nimport os\n\nprint('a' if 1 < 2 else 'b')\n",
    "shell": "#!/bin/sh\nset -e\ncat <<EOF\nimage: data\nEOF\ngrep x < in > out\n",
    "sql": "SELECT * FROM image WHERE a <> b AND c <= 3; -- body > head\n",
    "css": "body { color: red; background: url(/img/a.png); }\n",
    "javascript": "const svg = (a) => a < 3; let image = `x`; // <3\n",
    "yaml": "image: nginx:1.2\ndata: [image/png, b]\n",
    "toml": '[package]\nname = "image"\n',
    "diff": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old <b\n+new\n",
    "markdown": "# Title\n\n![a](https://example.org/a.png) and `x < y`\n",
    "latex": "\\documentclass{article}\\begin{document}$a<b$\\includegraphics{a.png}\\end{document}\n",
    "json": json.dumps({"image": "a.png", "items": [1, 2, {"note": "a < b"}], "data": "image"}),
    "csv": 'id;name;size\n1;"image";3,5\n2;"Ä";4\n',
    "log": '127.0.0.1 - - [01/Jan/2024:00:00:01 +0000] "GET /a.png HTTP/1.1" 200 12 "-" "Mozilla/5.0 (X11)"\n',
    "pem": "-----BEGIN CERTIFICATE-----\n"
    + base64.encodebytes(bytes(i * 37 % 251 for i in range(900))).decode()
    + "-----END CERTIFICATE-----\n",
    "jwt": ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in _TOKEN_PARTS) + "\n",
    "ssh": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b\n",
    "hashes": "da39a3ee5e6b4b0d3255bfef95601890afd80709  image.png\n" * 20,
    "ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    "makefile": "all:\n\tcc -o $@ $<\n",
    "geojson": '{"type":"Point","coordinates":[1.5,2.5]}',
}
# Beginnings that remind of a picture's.
_LOOKALIKES = {
    "BM": "BM is a train station.\n",
    "P1": "P1 report, P2 follows\n",
    "P1 and numbers": "P1 2024 10 tasks are open\n",
    "P5": "P5: 30 people\n",
    "II*": "II* is a star\n",
    "GIF": "GIF is a format\n",
    "RIFF": "RIFF means a tune\n",
    "8": "8B people live here\n",
    "hash": "#?what\n",
    "percent": "%d of %s\n",
    "MM": "MM has a star\n",
    "SIMPLE": "SIMPLE words are best\n",
    "ID3": "ID3 tags are text\n",
    "data": "data: 5 images, date: today\n",
    "single": "x",
    "blank": " \n",
    "less": "<",
    "heart": "<3",
    "arrow": "<- back\n<= less\n<- -->\n",
    "address": "<ann@example.org> wrote:\n",
    "begin": "begin with 5 eggs\nbegin 12 of them\n",
    "base64 word": "iVBORw is how PNG begins in base64\n",
}


def _list_texts() -> dict[str, bytes]:
    texts = {f"{name}, utf-8": text.encode() for name, text in _PANGRAMS.items()}
    texts |= {
        f"{name}, {encoding}": text.encode(encoding, "replace")
        for name, encodings in _LEGACY.items()
        for text in [_PANGRAMS[name]]
        for encoding in encodings
    }
    texts |= {
        f"{name}, {encoding}": (_PANGRAMS[name] * 3).encode(encoding)
        for name in ("english", "russian", "japanese", "arabic")
        for encoding in ("utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be")
    }
    texts |= {f"{name}, utf-16": text.encode("utf-16") for name, text in (_CHATS | _PROGRAMS).items()}
    return texts | {name: text.encode() for name, text in (_CHATS | _PROGRAMS | _LOOKALIKES).items()}


ORDINARY_TEXTS = _list_texts()
