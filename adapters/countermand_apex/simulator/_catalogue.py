"""What routers ask the simulated venue before their first cancel: products, instruments, accounts, a ping."""

from __future__ import annotations

from decimal import Decimal

from countermand.testing import Ask, Simulator, json_response
from countermand.venue import HttpResponse
from countermand_apex.simulator._fields import OMS_ID, check_oms

_PRODUCTS = ((1, "USD", "US Dollar"), (2, "BTC", "Bitcoin"), (3, "ETH", "Ether"))
_INSTRUMENTS = ((1, 2, 1), (2, 3, 1))


def get_products(_simulator: Simulator, ask: Ask, _now: float) -> HttpResponse:
    """Answer GetProducts."""
    check_oms(ask.fields)
    return json_response([_product(*product) for product in _PRODUCTS])


def get_instruments(_simulator: Simulator, ask: Ask, _now: float) -> HttpResponse:
    """Answer GetInstruments."""
    check_oms(ask.fields)
    return json_response([_instrument(*instrument) for instrument in _INSTRUMENTS])


def get_user_accounts(simulator: Simulator, ask: Ask, _now: float) -> HttpResponse:
    """Answer GetUserAccounts: the numbers of the accounts that the user reaches."""
    check_oms(ask.fields)
    return json_response([int(account) for account in simulator.accounts])


def ping(simulator: Simulator, ask: Ask, now: float) -> HttpResponse:
    """Answer Ping, which keeps a session alive."""
    simulator.token_valid(ask.headers.get("aptoken"), now)
    return json_response({"msg": "PONG"})


def _product(number: int, symbol: str, name: str) -> dict[str, object]:
    return {
        "OMSId": OMS_ID,
        "ProductId": number,
        "Product": symbol,
        "ProductFullName": name,
        "ProductType": "NationalCurrency" if number == 1 else "CryptoCurrency",
        "DecimalPlaces": 8,
        "TickSize": Decimal("0.00000001"),
        "NoFees": False,
    }


def _instrument(number: int, bought: int, paid: int) -> dict[str, object]:
    symbols = {product: symbol for product, symbol, _ in _PRODUCTS}
    return {
        "OMSId": OMS_ID,
        "InstrumentId": number,
        "Symbol": symbols[bought] + symbols[paid],
        "Product1": bought,
        "Product1Symbol": symbols[bought],
        "Product2": paid,
        "Product2Symbol": symbols[paid],
        "InstrumentType": "Standard",
        "VenueInstrumentId": number,
        "VenueId": 1,
        "SortIndex": number,
        "SessionStatus": "Running",
        "QuantityIncrement": Decimal("0.00000001"),
        "PriceIncrement": Decimal("0.01"),
    }
