"""Whether every documented answer is read as the documents mean it."""

from __future__ import annotations

from countermand.testing.contract.examples import Examples
from countermand.testing.contract.questions import VERDICTS, Question
from countermand.testing.contract.requirement import one_line, require
from countermand.venue import Gone, MayHaveActed, PerOrder, Receipt, Refused, SessionRefused, Throttled

_FAILURES = (Refused, Gone, Throttled, SessionRefused, MayHaveActed)


def _to_be_met(question: Question) -> set[type]:
    # Whatever is said of a log-out, its session is not used again; few venues answer for each order.
    return {Receipt} if question is Question.LOG_OUT else set(VERDICTS[question]) - {PerOrder}


class VerdictsCases(Examples):
    """The samples."""

    def test_every_sample_is_read_as_it_says(self) -> None:
        """By each call that it answers."""
        for _, call, sample, verdict in self.read_samples():
            meant, read = sample.compared(verdict)
            require(
                sample.is_meant(verdict),
                f"Let {call.name!r} read {sample} as {one_line(meant)}: it is read as {one_line(read)}.",
            )

    def test_every_sample_answers_a_call(self) -> None:
        """A sample that no call reads tests nothing."""
        calls = self.every_call()
        for sample in self.samples():
            for question in sample.of:
                names = [call.name for call in calls[question]]
                require(
                    names if sample.call is None else sample.call in names,
                    f"Take {sample} out of `samples`, or declare its call: nobody asks for {question.value}"
                    f" by {sample.call or 'any call'}.",
                )

    def test_every_verdict_has_a_sample(self) -> None:
        """A verdict that no answer gives is a fault nobody has looked for."""
        met = {(question, type(verdict)) for question, _, _, verdict in self.read_samples()}
        for question, calls in self.every_call().items():
            for kind in _to_be_met(question) if calls else ():
                # What is answered order by order has its receipts there.
                is_within = kind is Receipt and (question, PerOrder) in met
                require(
                    is_within or (question, kind) in met or self.unreachable.get((question, kind)),
                    f"Add a sample that means {kind.__name__} for {question.value}, or say in `unreachable`"
                    " why the venue has no such answer.",
                )

    def test_what_is_unreachable_is_not_reached(self) -> None:
        """What is said to have no answer has none."""
        met = {(question, type(verdict)) for question, _, _, verdict in self.read_samples()}
        for question, kind in self.unreachable:
            require(
                (question, kind) not in met,
                f"Take {kind.__name__} for {question.value} out of `unreachable`: a sample means it.",
            )

    def test_codes_are_kept(self) -> None:
        """The venue's own code, or the status, goes into the ack."""
        for question, call, sample, verdict in self.read_samples():
            code = getattr(verdict, "code", None)
            wanted = sample.code
            goes_into_acks = isinstance(verdict, _FAILURES) and question is not Question.LOG_IN
            require(
                code == wanted if wanted is not None else code or not goes_into_acks,
                f"Keep the venue's code in the verdict: {call.name!r} reads {sample} with the code {code!r},"
                f" expected {wanted or 'the status at least'!r}.",
            )

    def test_texts_are_kept(self) -> None:
        """The venue's own words go into the ack."""
        for _, call, sample, verdict in self.read_samples():
            text = getattr(verdict, "text", None) or ""
            require(
                sample.text is None or sample.text in text,
                f"Keep the venue's words in the verdict: {call.name!r} reads {sample} with {text!r},"
                f" expected {sample.text!r} in it.",
            )

    def test_a_log_in_that_asks_for_a_session_is_none(self) -> None:
        """A log-in has no session yet that could be refused."""
        calls = self.calls(Question.LOG_IN)
        for question, call, sample, verdict in self.read_samples():
            require(
                question is not Question.LOG_IN
                or not calls
                or not isinstance(verdict, SessionRefused | Gone),
                f"Let {call.name!r} read {sample} as Refused with Reason.NOT_AUTHORIZED, for it is a log-in.",
            )
