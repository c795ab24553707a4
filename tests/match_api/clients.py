"""Clients of the Match operation for these tests."""

import json
from typing import Any

from photodna_guard.domain.verdicts import Verdict
from photodna_guard.match_api.client import MatchClient
from tests.match_api.raw_server import Server

URL = "https://s3.example.org/a%20b.jpg?versionId=v1&X-Amz-Signature=5ec2e7"
CLEAN = json.dumps({"Status": {"Code": 3000}, "IsMatch": False, "TrackingId": "T"}).encode()


class Keys:
    """Returns a stale key unless a fresh one is requested."""

    def get(self, fresh: bool = False) -> str:
        return "fresh" if fresh else "stale"


class ConnectingClient(MatchClient):
    """Connects before each request, as the scanner does before it takes a slot."""

    def send(self, request: object, within: float = 30.0) -> Verdict:
        self.connect(1)
        verdict = super().send(request, within)
        assert verdict
        return verdict


def connecting_client(server: Server, **options: Any) -> ConnectingClient:
    """Return a client of the server."""
    return ConnectingClient(server.url, Keys(), **options)
