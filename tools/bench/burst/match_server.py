"""A Match server that answers after a set latency, and keeps the time of each arrival.

    python -m tools.bench.burst.match_server LATENCY RATE

It shares no code with the guard or its emulator, so that it can judge both. No window of a second, as this server sees
it, may hold more than RATE requests: it answers 429 to whatever comes beyond. GET / returns all arrivals.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

_REASONS = {200: "OK", 429: "Too Many Requests"}
_CLEAN: dict[str, Any] = {
    "Status": {"Code": 3000, "Description": "OK", "Exception": None},
    "TrackingId": "burst",
    "ContentId": None,
    "IsMatch": False,
    "MatchDetails": {"AdvancedInfo": [], "MatchFlags": []},
    "XPartnerCustomerId": None,
    "EvaluateResponse": None,
}


@dataclass
class MatchServer:
    """Answers requests on any number of connections. Times are epoch seconds."""

    latency: float
    rate: int
    arrivals: list[float] = field(default_factory=list)
    refused: int = 0

    async def serve(self) -> None:
        """Announce the port on standard output, and serve until standard input ends."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, backlog=512)
        print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
        await asyncio.to_thread(sys.stdin.read)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head.decode("latin-1").lower(), reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, head: str, reader: asyncio.StreamReader) -> bytes:
        if head.startswith("get "):
            return _response(200, {"arrivals": self.arrivals, "refused": self.refused})
        arrived = time.time()
        self.arrivals.append(arrived)
        is_refused = sum(arrived - earlier < 1.0 for earlier in self.arrivals[-self.rate - 1 :]) > self.rate
        self.refused += is_refused
        await reader.readexactly(_content_length(head))
        if is_refused:
            return _response(429, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1 seconds."})
        await asyncio.sleep(arrived + self.latency - time.time())
        return _response(200, _CLEAN)


def _content_length(head: str) -> int:
    found = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")]
    return int(found[0]) if found else 0


def _response(status: int, answer: Any) -> bytes:
    body = json.dumps(answer).encode()
    retry = "Retry-After: 1\r\n" if status == 429 else ""
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n{retry}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


if __name__ == "__main__":
    asyncio.run(MatchServer(float(sys.argv[1]), int(sys.argv[2])).serve())
