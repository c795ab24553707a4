"""ICC profiles that are made by code."""

import struct

_COLORANTS = {
    "sRGB": ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)),
    "Display P3": ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)),
    "Adobe RGB": ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)),
    "ProPhoto": ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249)),
    # sRGB with red and green exchanged.
    "swapped": ((0.3851, 0.7169, 0.0971), (0.4361, 0.2225, 0.0139), (0.1431, 0.0606, 0.7141)),
}


def make_profile(
    name: str,
    gamma: float = 2.2,
    space: bytes = b"",
    device: bytes = b"mntr",
    curve: bytes = b"",
    extra: tuple[bytes, bytes] | None = None,
) -> bytes:
    """Return a matrix profile with those colorants, or the profile "grey"; `extra`: one more tag."""
    curve = curve or b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(gamma * 65536))
    if name == "grey":
        tags = [(b"kTRC", curve)]
    else:
        tags = [(letter + b"TRC", curve) for letter in (b"r", b"g", b"b")]
        for letter, colorant in zip((b"r", b"g", b"b"), _COLORANTS[name], strict=True):
            tags.append((letter + b"XYZ", b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in colorant))))
    tags += [extra] if extra else []
    table = struct.pack(">I", len(tags))
    data = b""
    for tag, content in tags:
        table += struct.pack(">4sII", tag, 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    space = space or (b"GRAY" if name == "grey" else b"RGB ")
    size = 132 + 12 * len(tags) + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x04000000, device, space, b"XYZ ") + bytes(12) + b"acsp"
    return (head + bytes(128))[:128] + table + data
