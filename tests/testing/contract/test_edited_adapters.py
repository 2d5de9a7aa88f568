"""An adapter of which one line is wrong is found out, by its own contract test."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import attrs
import pytest

ROOT = Path(__file__).parents[3]


@attrs.frozen
class Edit:
    """One line of an adapter, what somebody made of it, and the case that finds it."""

    adapter: str
    module: str
    line: str
    wrong: str
    case: str


EDITS = {
    "409 as a receipt": Edit(
        "autoshares",
        "_verdicts",
        "**_rows([204], [BodyKind.EMPTY], Receipt()),",
        "**_rows([204, 409], [BodyKind.EMPTY], Receipt()),",
        "test_every_sample_is_read_as_it_says",
    ),
    "5xx as refused": Edit(
        "autoshares",
        "_verdicts",
        "**_rows(range(500, 600), _ANY, MayHaveActed()),",
        "**_rows(range(500, 600), _ANY, Refused()),",
        "test_a_server_error_tells_nothing",
    ),
    "404 as canceled": Edit(
        "autoshares",
        "_verdicts",
        "**_rows([404], _REFUSING - {BodyKind.APP_KEY}, Gone()),",
        "**_rows([404], _REFUSING - {BodyKind.APP_KEY}, Receipt(executed=True)),",
        "test_a_refusal_is_no_receipt",
    ),
    "429 as gone": Edit(
        "autoshares",
        "_verdicts",
        "**_rows([429], _ANY, Throttled()),",
        "**_rows([429], _ANY, Gone()),",
        "test_too_many_requests_are_throttled",
    ),
    "pages dropped": Edit(
        "autoshares",
        "_verdicts",
        "next_page=page + 1 if more and listed else None,",
        "next_page=None,",
        "test_a_listing_shows_every_open_order",
    ),
    "a cursor dropped": Edit(
        "autoshares",
        "_venue",
        "return self._list(account, int(page or 0), read_open)",
        "return self._list(account, 0, read_open)",
        "test_a_cursor_asks_for_another_page",
    ),
    "filled as canceled": Edit(
        "autoshares",
        "_statuses",
        '"Filled": OrderStatus.FILLED,',
        '"Filled": OrderStatus.CANCELED,',
        "test_every_status_is_read",
    ),
    "an unknown status as canceled": Edit(
        "autoshares",
        "_statuses",
        "return STATUSES.get(name, OrderStatus.UNKNOWN)",
        "return STATUSES.get(name, OrderStatus.CANCELED)",
        "test_a_status_that_is_not_documented_is_unknown",
    ),
    "a password in a repr": Edit(
        "autoshares",
        "_credentials",
        "password: str = attrs.field(repr=False, validator=must_be_header_text)",
        "password: str = attrs.field(validator=must_be_header_text)",
        "test_no_repr_of_the_venue_shows_a_secret",
    ),
    "an id sent through a float": Edit(
        "apex",
        "_wire",
        "return int(value)",
        "return int(float(value))",
        "test_ids_are_sent_digit_by_digit",
    ),
    "an id read through a float": Edit(
        "apex",
        "_wire",
        "order_id=OrderId(str(order.order_id)),",
        "order_id=OrderId(str(int(float(order.order_id)))),",
        "test_ids_are_read_digit_by_digit",
    ),
    "a scope widened to all accounts": Edit(
        "apex",
        "_venue",
        'body["AccountId"] = wire_id(scope.account_id, "an APEX account")',
        'body["AccountId"] = 0',
        "test_a_scope_touches_its_orders_only",
    ),
    "a scope widened to all users": Edit(
        "apex",
        "_venue",
        'body["UserId"] = wire_id(scope.user_id, "an APEX user")',
        'wire_id(scope.user_id, "an APEX user")',
        "test_a_scope_touches_its_orders_only",
    ),
    "104 as a receipt": Edit(
        "apex",
        "_verdicts",
        "104: Gone(),",
        "104: Receipt(),",
        "test_every_sample_is_read_as_it_says",
    ),
}


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def copied(edit: Edit, name: str, home: Path) -> Path:
    """Copy an adapter and its contract test under another name, with one line of it changed."""
    package = f"countermand_{edit.adapter}"
    source = ROOT / "adapters" / package
    for path in source.rglob("*.py"):
        text = path.read_text()
        if path == source / f"{edit.module}.py":
            assert text.count(edit.line) == 1
            text = text.replace(edit.line, edit.wrong)
        copy = home / name / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(re.sub(rf"\b{package}\b", name, text))
    test = (ROOT / "tests" / "adapters" / edit.adapter / "test_contract.py").read_text()
    (home / "contract.py").write_text(re.sub(rf"\b{package}\b", name, test))
    return home / "contract.py"


@pytest.mark.parametrize("fault", EDITS)
def test_a_wrong_line_is_found(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the case that is for it, and its sentence."""
    edit, name = EDITS[fault], f"edited_{list(EDITS).index(fault)}"
    contract = copied(edit, name, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = load(f"{name}_contract", contract)
    (test,) = [one for title, one in vars(module).items() if title.startswith("Test")]
    with pytest.raises(AssertionError):
        getattr(test(), edit.case)()
