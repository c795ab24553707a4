"""The functions of a C library that comes with an extension module."""

import ctypes
import importlib.util
from collections.abc import Iterable
from typing import Any

from photodna_guard.domain.errors import UnscannableError

# A function's name, its result type and its argument types.
Signature = tuple[str, Any, list[Any]]


def load_bundled(module: str, signatures: Iterable[Signature], reason: str) -> ctypes.CDLL:
    """Return the library with which the module is linked. Raises UnscannableError(reason) where there is no module."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise UnscannableError(reason)
    library = ctypes.CDLL(found.origin)
    for name, result, arguments in signatures:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
