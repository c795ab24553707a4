"""Writes HEIF files of pictures that were coded before: items, properties and references (ISO/IEC 23008-12)."""

import struct
from dataclasses import dataclass, field

from tests.imaging.variants.boxes import box, children, full_box, one

_PRIMARY_KIND = b"pict"


@dataclass(frozen=True)
class Coded:
    """A coded picture: the decoder's configuration and the coded bytes."""

    config: bytes
    size: tuple[int, int]
    data: bytes

    @property
    def properties(self) -> tuple[bytes, ...]:
        """The properties that every item of this picture has."""
        return self.config, size_property(self.size), full_box(b"pixi", b"\x03\x08\x08\x08")


def read_coded(heic: bytes) -> list[Coded]:
    """Read the coded pictures of a file that heif-enc wrote: version 0 of `iloc`, four properties an item at most."""
    meta = one(heic, b"meta")[4:]
    properties = children(one(one(meta, b"iprp"), b"ipco"))
    configs = [box(name, data) for name, data in properties if name == b"hvcC"]
    sizes = [struct.unpack(">II", data[4:12]) for name, data in properties if name == b"ispe"]
    locations, found = one(meta, b"iloc"), []
    base, entry = 8, struct.Struct(">HHIHII")
    for number, config in enumerate(configs):
        _, _, start, _, offset, length = entry.unpack_from(locations, base + entry.size * number)
        found.append(Coded(config, sizes[number], heic[start + offset : start + offset + length]))
    return found


def size_property(size: tuple[int, int]) -> bytes:
    """Return the property that states the size (width, height) in pixels."""
    return full_box(b"ispe", struct.pack(">II", *size))


@dataclass
class _Item:
    kind: bytes
    data: bytes
    properties: tuple[bytes, ...]
    hidden: bool = False


@dataclass
class HeifFile:
    """A file to which items are added; the number of an item counts from 1."""

    items: list[_Item] = field(default_factory=list)
    references: list[tuple[bytes, int, tuple[int, ...]]] = field(default_factory=list)

    def add(self, coded: Coded, *properties: bytes, hidden: bool = False) -> int:
        """Add a coded picture, with more properties such as irot, and return its number."""
        return self._add(_Item(b"hvc1", coded.data, (*coded.properties, *properties), hidden))

    def add_grid(self, tiles: tuple[int, ...], shape: tuple[int, int], size: tuple[int, int]) -> int:
        """Add a picture of tiles in rows and columns (`shape`), and return its number."""
        rows, columns = shape
        data = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
        number = self._add(_Item(b"grid", data, (size_property(size),)))
        self.references.append((b"dimg", number, tiles))
        return number

    def add_exif(self, of: int, exif: bytes) -> None:
        """Add EXIF, a TIFF header and what follows, that describes the item `of`."""
        number = self._add(_Item(b"Exif", struct.pack(">I", 6) + b"Exif\0\0" + exif, (), hidden=True))
        self.references.append((b"cdsc", number, (of,)))

    def add_thumbnail(self, of: int, coded: Coded) -> None:
        """Add a coded picture as the thumbnail of the item `of`."""
        self.references.append((b"thmb", self.add(coded), (of,)))

    def to_bytes(self, primary: int, brands: bytes = b"heicmif1heic") -> bytes:
        """Write the file. `brands`: the major brand, and the compatible ones."""
        kind = box(b"ftyp", brands[:4] + bytes(4) + brands[4:])
        start = len(kind) + len(self._meta(primary, 0)) + 8
        return kind + self._meta(primary, start) + box(b"mdat", b"".join(item.data for item in self.items))

    def _add(self, item: _Item) -> int:
        self.items.append(item)
        return len(self.items)

    def _meta(self, primary: int, start: int) -> bytes:
        handler = full_box(b"hdlr", bytes(4) + _PRIMARY_KIND + bytes(13))
        parts = [handler, full_box(b"pitm", struct.pack(">H", primary)), self._locations(start), self._infos()]
        if self.references:
            parts.append(full_box(b"iref", b"".join(_reference(*reference) for reference in self.references)))
        return full_box(b"meta", b"".join([*parts, self._properties()]))

    def _locations(self, start: int) -> bytes:
        entries = b""
        for number, item in enumerate(self.items, 1):
            entries += struct.pack(">HHHII", number, 0, 1, start, len(item.data))
            start += len(item.data)
        return full_box(b"iloc", b"\x44\x00" + struct.pack(">H", len(self.items)) + entries)

    def _infos(self) -> bytes:
        entries = (
            full_box(b"infe", struct.pack(">HH", number, 0) + item.kind + b"\0", version=2, flags=int(item.hidden))
            for number, item in enumerate(self.items, 1)
        )
        return full_box(b"iinf", struct.pack(">H", len(self.items)) + b"".join(entries))

    def _properties(self) -> bytes:
        """Write each property once, for all items that have it; irot and imir are essential."""
        stored: list[bytes] = []
        associations = b""
        for number, item in enumerate(self.items, 1):
            associations += struct.pack(">HB", number, len(item.properties))
            for one_property in item.properties:
                if one_property not in stored:
                    stored.append(one_property)
                essential = one_property[4:8] in (b"irot", b"imir", b"hvcC")
                associations += bytes([stored.index(one_property) + 1 | (0x80 if essential else 0)])
        ipma = full_box(b"ipma", struct.pack(">I", len(self.items)) + associations)
        return box(b"iprp", box(b"ipco", b"".join(stored)) + ipma)


def _reference(name: bytes, source: int, targets: tuple[int, ...]) -> bytes:
    return box(name, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets))
