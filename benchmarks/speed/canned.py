"""Canned answers: two venues, what they say to a cancel and to a listing, and who says it.

`served` answers over loopback from a process of its own, `Instant` in process and at once.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection

import attrs
import httpx

from countermand import Assurance, CancelRequest, OrderId
from countermand.venue import Venue
from countermand_apex import Apex, SessionToken
from countermand_autoshares import AccessToken, AutoShares

ACCOUNT = "9"
FIRST_ID = 1_000_001
#: Where a venue is that nobody dials.
NOWHERE = "http://127.0.0.1:1"
#: Rows of one page of AutoShares' GET orders.
PAGE_ROWS = 100

_SPAWN = multiprocessing.get_context("spawn")
_HEAD = "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"

#: AlphaPoint GetOpenOrders, Response.
_APEX_ROW = (
    '{"Side":"Sell","OrderId":%d,"Price":23436.0000000000000000000000000000,"Quantity":0.02000000000000000000,'
    '"DisplayQuantity":0.02000000000000000000,"Instrument":5,"Account":9,"AccountName":"router",'
    '"OrderType":"Limit","ClientOrderId":%d,"OrderState":"Working","ReceiveTime":1501354796406,'
    '"ReceiveTimeTicks":636369515964064397,"LastUpdatedTime":1501354796418,'
    '"LastUpdatedTimeTicks":636369515964180000,"OrigQuantity":0.02000000000000000000,'
    '"QuantityExecuted":0.0000000000000000000000000000,"GrossValueExecuted":0.0000000000000000,'
    '"ExecutableValue":0.0000000000000000000000000000,"AvgPrice":0.0000000000000000000000000000,'
    '"CounterPartyId":0,"ChangeReason":"NewInputAccepted","OrigOrderId":%d,"OrigClOrdId":0,"EnteredBy":1,'
    '"IsQuote":false,"InsideAsk":9223372036.854775807,"InsideAskSize":0,"InsideBid":23436.00,'
    '"InsideBidSize":0.0,"LastTradePrice":23436.00,"RejectReason":"","IsLockedIn":false,"CancelReason":"",'
    '"OrderFlag":"AddedToBook","UseMargin":false,"StopPrice":0.0,"PegPriceType":"Last","PegOffset":0.0,'
    '"OMSId":1}'
)
#: The least that a row of it can be.
_APEX_SHORT_ROW = '{"OrderId":%d,"OrderState":"Working","QuantityExecuted":0,"OrigQuantity":1,"Account":9}'
#: AutoShares API description (Swagger), OrderResource.
_AUTOSHARES_ROW = (
    '{"Id":%d,"SecurityId":4,"Symbol":"AAPL","SecurityType":"CommonStock","Quantity":10.0,'
    '"ExecutedQuantity":0.0,"LastQuantity":0.0,"LastPrice":0.0,"LeavesQuantity":10.0,"AveragePrice":0.0,'
    '"Price":100.0,"StopPrice":0.0,"ClientId":"oms-%d","ExpireDate":"0001-01-01T00:00:00Z","Side":"Buy",'
    '"Date":"2026-01-02T15:04:05.1234567Z","TransactionDate":"2026-01-02T15:04:05.1234567Z",'
    '"CreateDate":"2026-01-02T15:04:05.1234567Z","SettDate":"0001-01-01T00:00:00Z","Status":"New",'
    '"ExecutionStatus":"New","Type":"Limit","RequestStatus":"Complete","Target":"New","TimeInForce":"Day",'
    '"ExecInst":"None","AccountId":9,"ParentId":-1,"IsExternal":false,"Legs":[]}'
)


@attrs.frozen(kw_only=True)
class Reply:
    """What is answered: a status and a body."""

    status: int
    content: bytes = b""

    @property
    def written(self) -> bytes:
        """The answer as it goes over the wire."""
        return _HEAD.format(status=f"{self.status} X", length=len(self.content)).encode() + self.content


#: What a request is answered by the end of its target, which is all that is looked at.
Replies = Mapping[str, Reply]


def apex(base_url: str) -> Venue:
    """Make the one venue."""
    return Apex(base_url=base_url, auth=SessionToken("token"))


def autoshares(base_url: str) -> Venue:
    """Make the other."""
    return AutoShares(base_url=base_url, app_key="key", auth=AccessToken("token"))


VENUES: dict[str, Callable[[str], Venue]] = {"apex": apex, "autoshares": autoshares}

#: What is said to every cancel; AlphaPoint CancelOrder, Response; AutoShares Cancel an Order, Response.
RECEIPTS: Replies = {
    "/AP/CancelOrder": Reply(
        status=200, content=b'{"result":true,"errormsg":null,"errorcode":0,"detail":null}'
    ),
    "": Reply(status=204),
}


def received(venue: str, number: int) -> CancelRequest:
    """Make the request of one cancel that a receipt is enough for."""
    return CancelRequest(
        venue=venue,
        account=ACCOUNT,
        order=OrderId(str(FIRST_ID + number)),
        assurance=Assurance.RECEIVED,
        timeout_s=60.0,
    )


def rows(row: str, size: int) -> list[str]:
    """Write rows until they hold that many bytes, the newest first."""
    fields = row.count("%d")
    count = max(1, size // len(row % ((FIRST_ID,) * fields)))
    return [row % ((FIRST_ID + number,) * fields) for number in range(count, 0, -1)]


def apex_listing(size: int, *, short: bool = False) -> Replies:
    """Say the open orders of an APEX account, one list of that many bytes."""
    content = "[" + ",".join(rows(_APEX_SHORT_ROW if short else _APEX_ROW, size)) + "]"
    return {"/AP/GetOpenOrders": Reply(status=200, content=content.encode())}


def autoshares_listing(size: int, *, paged: bool = True) -> Replies:
    """Say the open orders of an AutoShares account in that many bytes, by pages, or all on the first one."""
    all_rows = rows(_AUTOSHARES_ROW, size)
    step = PAGE_ROWS if paged else len(all_rows)
    replies = {}
    for page in range(0, len(all_rows) + step, step):
        told = {"NextPageLink": None, "PreviousPageLink": None, "TotalCount": len(all_rows)}
        result = ",".join(all_rows[page : page + step])
        content = f'{{"Result":[{result}],{json.dumps(told)[1:]}'.encode()
        replies[f"pageNumber={page // step}&pageSize=100&sortField=Id&desc=true"] = Reply(
            status=200, content=content
        )
    return replies


def reply_to(target: str, replies: Replies) -> Reply:
    """Find what is answered to a request target."""
    for key in (target, target.rpartition("?")[2]):
        if key in replies:
            return replies[key]
    return replies.get("", Reply(status=404))


class Instant(httpx.AsyncBaseTransport):
    """Answers in process, before anything else has its turn."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        reply = reply_to(request.url.raw_path.decode(), self._replies)
        return httpx.Response(reply.status, content=reply.content)


class _Door(asyncio.Protocol):
    """Answers whatever comes, request after request; each must come with its length, if it has a body."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._written: dict[str, bytes] = {}
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._left += data
        while (end := self._left.find(b"\r\n\r\n")) >= 0:
            head = self._left[:end].decode("latin-1")
            _, found, length = head.lower().partition("content-length:")
            whole = end + 4 + (int(length.split("\r\n", 1)[0]) if found else 0)
            if len(self._left) < whole:
                return
            self._left = self._left[whole:]
            self._transport.write(self._answer(head.split(" ", 2)[1]))

    def _answer(self, target: str) -> bytes:
        key = target if target in self._replies else target.rpartition("?")[2]
        if key not in self._written:
            self._written[key] = reply_to(target, self._replies).written
        return self._written[key]


def _serve(replies: Replies, pipe: Connection) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Door(replies), "127.0.0.1", 0, backlog=4096)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, pipe.poll, None)

    if (cores := os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {cores - 1})
    asyncio.run(main())


@contextmanager
def served(replies: Replies) -> Iterator[str]:
    """Answer over loopback from a process of its own, on the last core; give its base URL."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(replies, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        ours.send(None)
        process.join(5)
