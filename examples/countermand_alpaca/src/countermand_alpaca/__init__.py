"""Alpaca, Trading API v2, for countermand: written as any third party would."""

from countermand.venue import CONTRACT, Plugin
from countermand_alpaca._credentials import ApiKey
from countermand_alpaca._venue import Alpaca

PLUGIN = Plugin(
    contract=CONTRACT,
    venue=Alpaca,
    summary="Alpaca (Trading API v2) over HTTP (orders, account)",
    credentials={"api-key": ApiKey},
)

__all__ = ["PLUGIN", "Alpaca", "ApiKey"]
