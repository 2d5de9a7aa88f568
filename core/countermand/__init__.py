"""countermand: cancel orders at many trading venues and know what became of them."""

from countermand._ack import CancelAck
from countermand._async_client import AsyncClient
from countermand._batch import AsyncBatch, Batch
from countermand._client import Client
from countermand._evidence import Attempt, Evidence, EvidenceKind
from countermand._ids import ClientOrderId, OrderId
from countermand._mass_cancel import (
    BlockReport,
    Cause,
    KillReport,
    MassCancelReport,
    NativeCancel,
    Progress,
    Readiness,
    Residual,
    ScopeState,
)
from countermand._observer import Answered, LoggingObserver, Observer, PluginObserver, SlowPlugin
from countermand._open_orders import OpenOrders
from countermand._order import OrderReport, OrderStatus, StatusClass
from countermand._outcome import CanceledBy, Outcome, Reason, Sent, Stage
from countermand._request import Assurance, CancelCause, CancelRequest
from countermand._retry import RetryPolicy
from countermand._scope import PlacedAfter, Scope, ScopeKind
from countermand._update import Unsettled, Update

__version__ = "0.1.0"

__all__ = [
    "Answered",
    "Assurance",
    "AsyncBatch",
    "AsyncClient",
    "Attempt",
    "Batch",
    "BlockReport",
    "CancelAck",
    "CancelCause",
    "CancelRequest",
    "CanceledBy",
    "Cause",
    "Client",
    "ClientOrderId",
    "Evidence",
    "EvidenceKind",
    "KillReport",
    "LoggingObserver",
    "MassCancelReport",
    "NativeCancel",
    "Observer",
    "OpenOrders",
    "OrderId",
    "OrderReport",
    "OrderStatus",
    "Outcome",
    "PlacedAfter",
    "PluginObserver",
    "Progress",
    "Readiness",
    "Reason",
    "Residual",
    "RetryPolicy",
    "Scope",
    "ScopeKind",
    "ScopeState",
    "Sent",
    "SlowPlugin",
    "Stage",
    "StatusClass",
    "Unsettled",
    "Update",
]
