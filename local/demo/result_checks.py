"""Compares the results table with the expected results (pure)."""

from collections.abc import Iterable, Iterator

from local.demo.picture import Picture
from local.demo.results import Result, Results, is_final
from local.demo.upload import UploadedVersion


def find_problems(uploaded: UploadedVersion, result: Result | None) -> list[str]:
    """Return a sentence for each problem of one upload's result."""
    picture = uploaded.picture
    if result is None:
        return ["no result"]
    if not is_final(result):
        return [f"no final status: the result is still {result['status']}"]
    problems, reason = [], str(result.get("reason") or "")
    if result["status"] not in picture.expected:
        problems.append(f"is {result['status']} ({reason or 'no reason given'}), expected {_join(picture.expected)}")
    elif picture.reason.lower() not in reason.lower():
        problems.append(f"its reason is {reason!r}, expected one with {picture.reason!r}")
    if picture.is_test is not None and bool(result.get("is_test")) != picture.is_test:
        problems.append(f"is_test is {result.get('is_test')}, expected {picture.is_test}")
    return [*problems, *_find_frame_problems(picture, result)]


def _find_frame_problems(picture: Picture, result: Result) -> Iterator[str]:
    seen = (result.get("frames_seen"), result.get("frames_total"))
    if picture.frames is not None and seen != picture.frames:
        yield f"{seen[0]} of {seen[1]} frames were looked at, expected {picture.frames[0]} of {picture.frames[1]}"
    frame = result.get("matched_frame")
    if picture.matched_frame is not None and frame != picture.matched_frame:
        yield f"the match is in frame {frame}, expected {picture.matched_frame}"


def find_unexpected_results(uploaded: Iterable[UploadedVersion], results: Results) -> list[str]:
    """Return a sentence for each result whose version the demo did not upload."""
    unexpected = results.keys() - {one.id for one in uploaded}
    return [f"{upload} has a result for version {version}, which was not uploaded" for upload, version in unexpected]


def _join(statuses: frozenset[str]) -> str:
    return " or ".join(sorted(statuses))
