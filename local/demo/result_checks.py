"""Compares the table of results with what was expected (pure)."""

from collections.abc import Iterable

from local.demo.results import Result, Results, is_final
from local.demo.upload import Uploaded


def find_problems(uploaded: Uploaded, result: Result | None) -> list[str]:
    """What is not as expected in one upload's result, in words."""
    picture = uploaded.picture
    if result is None:
        return ["no result"]
    if not is_final(result):
        return [f"no verdict yet: the result is still {result['status']}"]
    found, reason = [], str(result.get("reason") or "")
    if result["status"] not in picture.expected:
        found.append(f"is {result['status']} ({reason or 'no reason given'}), expected {_join(picture.expected)}")
    elif picture.reason.lower() not in reason.lower():
        found.append(f"its reason is {reason!r}, expected one with {picture.reason!r}")
    if picture.is_test is not None and bool(result.get("is_test")) != picture.is_test:
        found.append(f"is_test is {result.get('is_test')}, expected {picture.is_test}")
    return found


def find_unexpected_results(uploaded: Iterable[Uploaded], results: Results) -> list[str]:
    """The results that belong to no upload of ours: each version has one, and nothing else has any."""
    ours = {one.id for one in uploaded}
    return [
        f"a result for {upload}, version {version}, which was not uploaded" for upload, version in results.keys() - ours
    ]


def _join(statuses: frozenset[str]) -> str:
    return " or ".join(sorted(statuses))
