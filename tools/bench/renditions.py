"""Compare the renderer with the same library calls alone, and measure the memory of its child.

Both decode the same files in turns: the renderer through its warm child process, and this process by the libraries'
own calls, from the file to the JPEG.
"""

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from local.pictures import draw
from photodna_guard.domain.renditions import RenditionSet
from photodna_guard.imaging.renderer import Renderer
from tests.imaging.child_usage import read_peak
from tests.imaging.variants.heif_file import HeifFile, read_coded
from tests.imaging.variants.variant import LISTED_SEED, Subject

MAX_RATIO = 1.2
# Of the function's process with its libraries, measured on Linux: the child may use the rest of 350 MB.
MAX_CHILD_MEGABYTES = 250
ROUNDS = 7
_SIDES = {"2 MP": (1632, 1224), "12 MP": (4000, 3000), "48 MP": (8000, 6000)}
_FORMS: Mapping[str, dict[str, Any]] = {
    "JPEG": {"quality": 90},
    "PNG": {"compress_level": 1},
    "WEBP": {"method": 0},
}
# Only their memory is measured.
_HEAVY = {
    "JPEG 100 MP": ("JPEG", (11600, 8700), {"quality": 85}),
    "JPEG 48 MP, progressive": ("JPEG", (8000, 6000), {"quality": 90, "progressive": True}),
    "AVIF 48 MP": ("AVIF", (8000, 6000), {"speed": 10}),
    "TIFF 48 MP": ("TIFF", (8000, 6000), {}),
    "JPEG 2000 48 MP": ("JPEG2000", (8000, 6000), {}),
}


def measure_renditions() -> dict[str, Any]:
    """Return medians in milliseconds, the ratio of each case, and the child's peak memory in MB by case."""
    # As in the child, before libvips is loaded.
    os.environ["VIPS_CONCURRENCY"] = "1"
    times: dict[str, dict[str, float]] = {}
    memory: dict[str, int] = {}
    photograph = draw(77, (2000, 1500))
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "picture"
        for form, options in _FORMS.items():
            for name, size in _SIDES.items():
                photograph.resize(size).save(file, form, **options)
                times[f"{form} {name}"], memory[f"{form} {name}"] = _compare(file, _decode_with_vips), _peak(file)
        for tiles, name in ((12, "HEIC 11 MP"), (26, "HEIC 52 MP")):
            file.write_bytes(_write_heic(tiles))
            times[name], memory[name] = _compare(file, _decode_heic), _peak(file)
        for name, (form, size, options) in _HEAVY.items():
            photograph.resize(size).save(file, form, **options)
            memory[name] = _peak(file)
    worst = max(case["ratio"] for case in times.values())
    return {
        "milliseconds": times,
        "child_peak_megabytes": memory,
        "worst_ratio": worst,
        "goal": MAX_RATIO,
        "over_memory_goal": sorted(name for name, peak in memory.items() if peak > MAX_CHILD_MEGABYTES),
        "reached": worst <= MAX_RATIO,
    }


def _compare(file: Path, alone: Callable[[Path], bytes]) -> dict[str, float]:
    """Take turns, and return both medians and their ratio."""
    renderer = Renderer(max_frames=5, enlarge_from_pixels=50)
    rounds: list[tuple[float, float]] = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        found = renderer.render(file, "", "")
        between = time.perf_counter()
        alone(file)
        rounds.append((between - began, time.perf_counter() - between))
        assert isinstance(found, RenditionSet)
    renderer.close()
    # The first round starts the child and loads the libraries.
    ours, plain = (1000 * statistics.median(times) for times in zip(*rounds[1:], strict=True))
    return {"renderer": round(ours, 1), "alone": round(plain, 1), "ratio": round(ours / plain, 3)}


def _peak(file: Path) -> int:
    """Return the peak of resident memory, in MB, of a fresh child that renders the file."""
    renderer = Renderer(max_frames=5, enlarge_from_pixels=50)
    renderer.render(file, "", "")
    assert renderer.process_id is not None
    peak = read_peak(renderer.process_id)
    renderer.close()
    return peak


def _decode_with_vips(file: Path) -> bytes:
    import pyvips

    # It would keep what it decoded, and not decode it again.
    pyvips.cache_set_max(0)
    reduced = pyvips.Image.thumbnail(str(file), 1024, height=1024, size="down", fail_on="error")
    return _encode(reduced)


def _decode_heic(file: Path) -> bytes:
    import pi_heif
    import pyvips

    image = pi_heif.open_heif(file)[0]
    whole = pyvips.Image.new_from_memory(image.data, image.stride // 3, image.size[1], 3, "uchar")
    picture = whole.crop(0, 0, *image.size).copy(interpretation="srgb")
    return _encode(picture.thumbnail_image(1024, height=1024, size="down"))


def _encode(reduced: Any) -> bytes:
    out = io.BytesIO()
    picture = Image.frombytes("RGB", (reduced.width, reduced.height), bytes(reduced.write_to_memory()))
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def _write_heic(side: int) -> bytes:
    """Write a HEIC of `side` times `side` tiles of 320 x 240 pixels, as phones make them."""
    file, tiles = HeifFile(), read_coded(Subject(LISTED_SEED).coded("-tiles.heic"))
    places = [(row % 2) * 2 + column % 2 for row in range(side) for column in range(side)]
    items = tuple(file.add(tiles[place], hidden=True) for place in places)
    return file.to_bytes(file.add_grid(items, (side, side), (320 * side, 240 * side)))
