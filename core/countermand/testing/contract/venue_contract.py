"""The sum of all cases."""

from __future__ import annotations

from countermand.testing.contract.calls import CallsCases
from countermand.testing.contract.cancels import CancelsCases
from countermand.testing.contract.capabilities import CapabilitiesCases
from countermand.testing.contract.faults import FaultsCases
from countermand.testing.contract.ids import IdsCases
from countermand.testing.contract.log_ins import LogInsCases
from countermand.testing.contract.pages import PagesCases
from countermand.testing.contract.plugin import PluginCases
from countermand.testing.contract.reads import ReadsCases
from countermand.testing.contract.receipts import ReceiptsCases
from countermand.testing.contract.reports import ReportsCases
from countermand.testing.contract.requests import RequestsCases
from countermand.testing.contract.robustness import RobustnessCases
from countermand.testing.contract.scopes import ScopesCases
from countermand.testing.contract.secrets import SecretsCases
from countermand.testing.contract.sessions import SessionsCases
from countermand.testing.contract.speed import SpeedCases
from countermand.testing.contract.statuses import StatusesCases
from countermand.testing.contract.verdicts import VerdictsCases


class VenueContract(
    PluginCases,
    CapabilitiesCases,
    RequestsCases,
    IdsCases,
    CallsCases,
    SecretsCases,
    VerdictsCases,
    StatusesCases,
    ReadsCases,
    ReportsCases,
    RobustnessCases,
    PagesCases,
    CancelsCases,
    ReceiptsCases,
    ScopesCases,
    LogInsCases,
    SessionsCases,
    FaultsCases,
    SpeedCases,
):
    """What every venue must hold; a plugin's tests subclass it under a name that begins with `Test`.

    Each case that fails says in one sentence what to do. A complete use, of a venue with one kind of answer:

        class TestAcme(VenueContract):
            plugin = PLUGIN
            simulator = AcmeSimulator
            states = {"open": OrderStatus.NEW, "done": OrderStatus.FILLED, "gone": OrderStatus.CANCELED}
            unreachable = {(Question.CANCEL, Throttled): "Acme documents no limit"}

            def venue(self):
                return Acme("https://acme.example", auth=ApiKey("key", "a-secret"))

            def requests(self):
                return [CancelRequest(venue="acme", account="9", order=OrderId("6500"))]

            def illegal(self):
                return [
                    CancelRequest(venue="acme", account="9", order=OrderId("no-number")),
                    Scope.account("acme", "no-number"),
                ]

            def samples(self):
                return [
                    Sample(of=Question.CANCEL, response=HttpResponse(status=204), means=Receipt),
                    Sample(of=READS, response=HttpResponse(status=401), means=SessionRefused),
                    Sample(of=Question.READ, response=self.order_answer("1", "9", "gone"), means=OrderRead),
                    # … and so on, until every verdict has one
                ]

            def order_answer(self, order_id, account, word):
                order = {"id": int(order_id), "account": int(account), "state": word, "filled": 0}
                return json_response(order)

            def logging_in(self, simulator, known, code):
                return self.simulated(simulator, auth=Password(known.user, known.password, code=code))

    Of these `plugin`, `states`, `venue`, `requests`, `illegal`, `samples` and `order_answer` are needed.
    Without a `simulator` the cases that need one are skipped. A venue without a log-in leaves `logging_in`
    out, and one whose documents leave no verdict out, `unreachable`. `behaviour` switches the simulator so
    that it grants all that the venue declares; `simulated` and `secrets` have defaults that mostly do.
    """
