"""AlphaPoint APEX for countermand."""

from countermand.venue import CONTRACT, Plugin
from countermand_apex._credentials import ApiKey, Password, SessionToken
from countermand_apex._venue import Apex

PLUGIN = Plugin(
    contract=CONTRACT,
    venue=Apex,
    summary="AlphaPoint APEX over HTTP (CancelOrder, GetOrderStatus, GetOpenOrders, GetOrderHistory)",
    credentials={"session-token": SessionToken, "password": Password, "api-key": ApiKey},
)

__all__ = ["PLUGIN", "Apex", "ApiKey", "Password", "SessionToken"]
