"""AutoShares, a white label of ETNA Trader, for countermand."""

from countermand.venue import CONTRACT, Plugin
from countermand_autoshares._credentials import AccessToken, Password
from countermand_autoshares._venue import AutoShares

PLUGIN = Plugin(
    contract=CONTRACT,
    venue=AutoShares,
    summary="AutoShares (ETNA Trader) over HTTP (orders, syncorders, orders/details)",
    credentials={"access-token": AccessToken, "password": Password},
)

__all__ = ["PLUGIN", "AccessToken", "AutoShares", "Password"]
