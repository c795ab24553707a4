"""The drawn test pictures."""

from itertools import combinations

from local.match.fingerprint import fingerprint
from local.pictures import draw, encode


def test_a_seed_draws_the_same_picture_every_time() -> None:
    assert draw(7).tobytes() == draw(7).tobytes()


def test_a_picture_has_the_size_asked_for() -> None:
    assert draw(1, (160, 401)).size == (160, 401)


def test_a_hundred_seeds_are_a_hundred_clearly_different_pictures() -> None:
    fingerprints = [fingerprint(draw(seed)) for seed in range(100)]

    distances = [(a.hashes[0] ^ b.hashes[0]).bit_count() for a, b in combinations(fingerprints, 2)]

    assert min(distances) > 60
    assert all(one.is_usable for one in fingerprints)


def test_encoding_takes_the_formats_own_options() -> None:
    picture = draw(1)

    assert len(encode(picture, "JPEG", quality=30)) < len(encode(picture, "JPEG", quality=95))
