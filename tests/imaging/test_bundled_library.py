"""imaging/decoding/bundled_library: a library that is not there is a reason, and no crash."""

import pytest

from photodna_guard.domain.errors import UnscannableError
from photodna_guard.imaging.decoding.bundled_library import load_bundled


def test_missing_library_leaves_its_format_unscannable() -> None:
    with pytest.raises(UnscannableError, match="format-x"):
        load_bundled("no_such_module", (), "format-x")
