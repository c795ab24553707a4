"""The Match operation: turns an admitted request into its reply, with the planned failures."""

import itertools
import time
import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from local.match import answers
from local.match.answers import RefusalError
from local.match.decoding import MAX_BYTES, decode, decode_listed
from local.match.failures import Failure, FailurePlan
from local.match.fetching import fetch
from local.match.fingerprint import MIN_STRUCTURE, fingerprint
from local.match.gateway import Admission, Gateway
from local.match.hash_list import HashListEntry, look_up
from local.match.match_request import MatchRequest
from local.match.reply import Reply, json_reply
from local.match.request_log import LoggedRequest


class MatchOperation:
    """The emulated service: its gateway, its hash list, its latency and its planned failures."""

    def __init__(self, gateway: Gateway, latency: float, allowed_hosts: Collection[str] = ()) -> None:
        self.gateway = gateway
        self.latency = latency
        self.plan = FailurePlan()
        self.hash_list: list[HashListEntry] = []
        self._allowed_hosts = allowed_hosts
        self._match_ids = itertools.count(1000)

    def add_to_hash_list(
        self,
        picture: bytes,
        source: str = "Test",
        match_id: str | None = None,
        violations: Collection[str] = (),
    ) -> HashListEntry:
        """Put a picture on the hash list. Raises RefusalError if it cannot be decoded, or is too plain."""
        print_ = fingerprint(decode_listed(picture))
        if not print_.is_usable:
            seen = f"{print_.structure:.1f} grey levels of structure, of {MIN_STRUCTURE:g} needed"
            why = f"The picture is too plain to be recognised: {seen}"
            raise RefusalError(answers.NOT_AN_IMAGE, why)
        entry = HashListEntry(source, match_id or str(next(self._match_ids)), tuple(violations), print_.hashes)
        self.hash_list.append(entry)
        return entry

    def answer(self, admission: Admission, request: MatchRequest) -> Reply:
        """Return the reply, at the earliest `latency` seconds after the arrival; a refusal of the gateway at once."""
        logged = admission.logged
        _record_request(logged, request)
        if admission.status is not None:
            refusal = answers.gateway_answer(admission.status, admission.retry_after)
            return _record_reply(logged, json_reply(admission.status, refusal, admission.retry_after))
        failure = self.plan.take(logged.object)
        logged.failure = failure.kind if failure else None
        answer = self._answer(request, logged, failure)
        time.sleep(max(0.0, logged.arrived_monotonic + self.latency - time.monotonic()))
        return _record_reply(logged, answer)

    def _answer(self, request: MatchRequest, logged: LoggedRequest, failure: Failure | None) -> Reply:
        if failure is None:
            return self._look_up_picture(request, logged)
        match failure.kind:
            case "ok":
                return self._look_up_picture(request, logged)
            case "hang":
                time.sleep(failure.details["seconds"])
                return self._look_up_picture(request, logged)
            case "truncated":
                return replace(self._look_up_picture(request, logged), ends="truncated")
            case "status":
                answer = answers.refusal_answer(failure.details["code"], "Injected", _tracking_id())
                return _status_reply(logged, answer)
            case _:
                return _http_failure(failure)

    def _look_up_picture(self, request: MatchRequest, logged: LoggedRequest) -> Reply:
        tracking_id = _tracking_id()
        try:
            seen = fingerprint(decode(self._picture(request)))
        except RefusalError as refusal:
            return _status_reply(logged, answers.refusal_answer(refusal.code, str(refusal), tracking_id))
        # The hash of a plain picture is not looked up, because it would match other plain ones.
        found = look_up(tuple(self.hash_list), seen.hashes[0]) if seen.is_usable else []
        return _status_reply(logged, answers.match_answer(found, tracking_id, evaluated=request.evaluation is not None))

    def _picture(self, request: MatchRequest) -> bytes:
        if request.fault is not None:
            raise RefusalError(answers.INVALID, request.fault)
        if request.url is not None:
            return fetch(request.url, self._allowed_hosts)
        if len(request.picture) > MAX_BYTES:
            raise RefusalError(answers.REQUEST_TOO_LARGE, f"The body is larger than {MAX_BYTES} bytes")
        return request.picture


def _tracking_id() -> str:
    return f"EMULATOR_{uuid.uuid4()}"


def _record_request(logged: LoggedRequest, request: MatchRequest) -> None:
    logged.by, logged.enhance, logged.evaluation = request.by, request.enhance, request.evaluation
    logged.object, logged.version_id = request.object_path, request.version_id


def _record_reply(logged: LoggedRequest, reply: Reply) -> Reply:
    logged.http_status = None if reply.ends == "drop" else reply.status
    return reply


def _status_reply(logged: LoggedRequest, answer: dict[str, Any]) -> Reply:
    logged.status_code, logged.is_match = answer["Status"]["Code"], answer["IsMatch"]
    logged.tracking_id = answer["TrackingId"]
    return json_reply(200, answer)


def _http_failure(failure: Failure) -> Reply:
    details = failure.details
    match failure.kind:
        case "http":
            status, retry_after = details["status"], details.get("retry_after")
            return json_reply(status, answers.gateway_answer(status, retry_after), retry_after)
        case "body":
            return json_reply(200, details["json"])
        case "not_json":
            return Reply(200, b"<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"})
        case "drop":
            return Reply(200, ends="drop")
    raise ValueError(f"no such failure: {failure.kind}")
