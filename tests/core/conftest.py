"""A venue that nobody knows, for the tests of the core."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from countermand import (
    CancelRequest,
    ClientOrderId,
    OrderId,
    OrderReport,
    OrderStatus,
    Reason,
    Scope,
)
from countermand.venue import (
    Accounts,
    Acted,
    Call,
    CallKind,
    CancelTarget,
    Capabilities,
    CodeWanted,
    Cursor,
    Gone,
    HttpRequest,
    HttpResponse,
    Ids,
    LoggedIn,
    LogIn,
    MayHaveActed,
    NeedCode,
    OrderRead,
    Page,
    Receipt,
    Refused,
    Secret,
    Session,
    SessionRefused,
    Stamp,
    Throttled,
    TrailRead,
    Unreadable,
    Venue,
)

#: No lag: what a read shows is believed at once.
PROMPT = Capabilities(read_lag_s=0.0)


def report(told: dict[str, Any]) -> OrderReport:
    """Read an order as the invented venue writes it."""
    client_id, replaces = told.get("client_id"), told.get("replaces")
    return OrderReport(
        order_id=OrderId(told["id"]),
        status=OrderStatus[told["status"]],
        filled_quantity=Decimal(told.get("filled", 0)),
        account=told.get("account"),
        client_order_id=ClientOrderId(client_id) if client_id else None,
        replaces=OrderId(replaces) if replaces else None,
        cancel_rejected=told.get("cancel_rejected", False),
    )


#: The invented venue says its verdicts by name: {"say": "receipt"}.
SAYINGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "receipt": lambda told: Receipt(executed=told.get("executed", False), text=told.get("text")),
    "refused": lambda told: Refused(
        reason=Reason[told.get("reason", "VENUE_REFUSED")], code=told.get("code"), text=told.get("text")
    ),
    "gone": lambda _: Gone(),
    "throttled": lambda told: Throttled(retry_after_s=told.get("wait"), acted=Acted[told.get("acted", "NO")]),
    "session": lambda _: SessionRefused(),
    "maybe": lambda told: MayHaveActed(text=told.get("text")),
    "order": lambda told: OrderRead(report=report(told)),
    "trail": lambda told: TrailRead(
        report=report(told) if "id" in told else None, cancel_rejected=told.get("rejected", False)
    ),
    "rows": lambda told: Page(
        rows=tuple(map(report, told["rows"])), next_page=told.get("next"), total=told.get("total")
    ),
    "accounts": lambda told: Accounts(ids=tuple(told["ids"])),
    "token": lambda told: LoggedIn(session=Session(token=told["token"], lifetime_s=told.get("life"))),
    "code": lambda told: CodeWanted(interim=told["interim"]),
    "nonsense": lambda told: told,
}


def read_saying(response: HttpResponse) -> Any:
    """Read an answer of the invented venue."""
    try:
        told = json.loads(response.content)
    except ValueError:
        return Unreadable(code=str(response.status), text=response.content.decode("utf-8", "replace"))
    return SAYINGS[told["say"]](told)


@attrs.frozen(kw_only=True)
class Pebble(Venue):
    """A venue that nobody knows: `begin_log_in` is its way in, none needed unless given."""

    ids: ClassVar[Ids] = Ids()

    name: str = "pebble"
    base_url: str = "http://127.0.0.1:9"
    capabilities: Capabilities = PROMPT
    renewable: bool = False
    begin_log_in: Callable[[], LogIn | None] = lambda: None
    gives_back: bool = True
    read: Callable[[HttpResponse], Any] = read_saying

    def check(self, request: CancelRequest) -> None:
        """Take whatever the core lets through."""

    def check_scope(self, scope: Scope) -> None:
        """Take whatever scope the core lets through."""

    def cancel(self, target: CancelTarget) -> Call[Any]:
        """Cancel by whichever id."""
        return self.ask(CallKind.CANCEL, "cancel", f"{target.order}?for={target.assurance.value}")

    def cancel_all(self, scope: Scope) -> Call[Any]:
        """Cancel a scope, named in its own words."""
        parts = (scope.account_id, scope.instrument_id, scope.user_id)
        return self.ask(CallKind.MASS_CANCEL, "cancel-all", "/".join(part or "-" for part in parts))

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[Any]:
        """Cancel a list."""
        return self.ask(CallKind.MASS_CANCEL, "cancel-list", ",".join(str(one.order) for one in targets))

    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        """Read one order."""
        return self.ask(CallKind.READ, "order", order_id.value)

    def read_trail(self, account: str, order_id: OrderId) -> Call[Any]:
        """Read an order's changes."""
        return self.ask(CallKind.READ, "trail", order_id.value)

    def list_open(self, account: str, page: Cursor | None = None) -> Call[Any]:
        """List open orders."""
        return self.ask(CallKind.LISTING, "open", f"{account}?page={page or 1}")

    def list_history(self, account: str, page: Cursor | None = None) -> Call[Any]:
        """List orders of any state."""
        return self.ask(CallKind.LISTING, "history", f"{account}?page={page or 1}")

    def list_accounts(self) -> Call[Any]:
        """List the accounts."""
        return self.ask(CallKind.READ, "accounts", "")

    def log_in(self) -> LogIn | None:
        """Begin a log-in."""
        return self.begin_log_in()

    def log_out(self, session: Session) -> Call[Any] | None:
        """Give a session back."""
        return self.ask(CallKind.LOG_IN, "log-out", "") if self.gives_back else None

    def ask(self, kind: CallKind, name: str, rest: str, max_bytes: int | None = None) -> Call[Any]:
        """Make a call: everything it says stands in its path and headers."""
        return Call(
            kind=kind,
            name=name,
            sign=lambda session, stamp: self.sign(name, rest, session, stamp),
            read=self.read,
            max_bytes=max_bytes,
        )

    def sign(self, name: str, rest: str, session: Session | None, stamp: Stamp) -> HttpRequest:
        """Bear the session and the stamp."""
        bearer = {"authorization": f"Bearer {session.token}"} if session is not None else {}
        headers = {"nonce": str(stamp.nonce), **bearer}
        return HttpRequest(method="POST", path=f"/{name}/{rest}", headers=headers)

    def by_token(self, token: str) -> Pebble:
        """Get in by a token from elsewhere."""

        def conversation() -> LogIn:
            yield from ()  # a conversation without a word
            return Session(token=token)

        return attrs.evolve(self, begin_log_in=conversation, renewable=False)

    def by_password(self, code: Secret | None = None) -> Pebble:
        """Get in by a log-in, and by a second factor where one is given."""

        def conversation() -> LogIn:
            verdict = yield self.ask(CallKind.LOG_IN, "log-in", "")
            if isinstance(verdict, CodeWanted) and callable(code):
                given = yield NeedCode(source=code)
                verdict = yield self.ask(CallKind.LOG_IN, "code", given)
            return verdict.session if isinstance(verdict, LoggedIn) else verdict

        return attrs.evolve(self, begin_log_in=conversation, renewable=True)


@pytest.fixture
def pebble() -> Pebble:
    """Give the invented venue as it is where nothing else is said."""
    return Pebble()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a distribution with entry points, and modules with their text."""

    def add(distribution: str, entries: dict[str, str], **modules: str) -> None:
        site = tmp_path / distribution
        info = site / f"{distribution}-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1\n")
        lines = [f"{name} = {where}" for name, where in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[countermand.venues]", *lines]))
        for module, text in modules.items():
            (site / f"{module}.py").write_text(text)
            # What a test imports is gone after it.
            monkeypatch.setitem(sys.modules, module, None)
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.syspath_prepend(site)

    return add
