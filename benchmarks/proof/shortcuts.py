"""Ways to break what goes straight, and what is told after an ack; `plants` names each."""

# ruff: noqa: SLF001 - who breaks a part reaches into it
from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import attrs

from countermand import CancelAck, Outcome, Sent, Stage

#: How much longer than asked for an ack is kept back, in seconds.
_LINGERS_S = 0.2


def any_reply_is_a_receipt(letter: Any, response: Any) -> Any:
    """Take whatever comes for the receipt that came before."""
    return letter._taken or letter._read_receipt(response)


def any_head_is_known(stack: ExitStack) -> None:
    """Take every answer, however long, for one that begins with a head that is known, and nothing else."""
    part = "countermand._wire"
    stack.enter_context(
        patch(f"{part}._answers.Answers.get", lambda heads, _: next(iter(heads.values()), None))
    )
    stack.enter_context(
        patch(f"{part}._known.KnownHead.of", lambda known, data: attrs.evolve(known._head, plain=data))
    )


def not_handed_over(straights: Any, straight: Any) -> None:
    """Answer that nobody knows where no receipt came, and make no case of it."""
    straights.give_up(straight)
    straight.road.express.abandon(straight)
    ack = CancelAck(request=straight.request, outcome=Outcome.UNKNOWN, sent=Sent.MAYBE, stage=Stage.CONFIRM)
    if not straight.waiter.done():
        straight.waiter.set_result(ack)


def late_answer_is_dropped(stack: ExitStack) -> None:
    """Hear no answer once an ack was given, nor one to what went straight once a case was made of it."""
    from countermand._engine._express import Express  # noqa: PLC0415 - only for who breaks it

    resume = Express.resume

    def dropped(express: Any, straight: Any, errand: Any) -> Awaitable[Any]:
        straight.sending.drop()
        return resume(express, straight, errand)

    stack.enter_context(patch.object(Express, "resume", dropped))
    for module in ("_cases", "_callers", "_exchanges"):
        stack.enter_context(patch(f"countermand._engine.{module}.LATE_GRACE_S", 0.0))


def not_sent_yet(sending: Any) -> Any:
    """Tell of a cancel that went straight as if nothing of it had left."""
    from countermand._wire._progress import Progress  # noqa: PLC0415 - only for who breaks it

    return Progress(clock=sending._progress.clock, signed_at=sending.sent_at, unsent=True)


class _Forgetful(dict[str, Any]):
    """Does not tell what it holds."""

    def __contains__(self, _key: object) -> bool:
        return False


def nobody_shares(stack: ExitStack) -> None:
    """Send each cancel by itself, whatever is under way for its order."""
    from countermand._engine._straight import Road  # noqa: PLC0415 - only for who breaks it

    def forgetful(**parts: Any) -> Road:
        return Road(known=_Forgetful(), **parts)

    stack.enter_context(patch("countermand._engine._straights.Road", forgetful))


def settling_cancels(stack: ExitStack) -> None:
    """Let who settles send a cancel like anybody else."""
    from countermand._engine._engine import Engine  # noqa: PLC0415 - only for who breaks it

    settler = Engine._settler

    def may_send(engine: Any, *parts: Any) -> Any:
        return attrs.evolve(settler(engine, *parts), may_send=True)

    stack.enter_context(patch.object(Engine, "_settler", may_send))


def ack_lingers(stack: ExitStack) -> None:
    """Give each ack a little later than it is made."""
    from countermand._engine._engine import Engine  # noqa: PLC0415 - only for who breaks it

    cancel = Engine.cancel

    async def lingering(engine: Any, request: Any) -> CancelAck:
        ack = await cancel(engine, request)
        await asyncio.sleep(_LINGERS_S)
        return ack

    stack.enter_context(patch.object(Engine, "cancel", lingering))
