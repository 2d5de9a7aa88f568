"""Makers of frozen values, for the few kinds of them that each cancel makes.

A frozen class sets each of its fields past its own guard, at ten times the price of an assignment, and
Python 3.11 asks for each name in the call of a class nearly as much again. A maker is a plain function, which
fills an object of an open class and then gives it its own class: nobody has it before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import attrs

P = ParamSpec("P")
T = TypeVar("T")


class Made:
    """What a maker makes.

    Objects can only change between classes that add the same slots, and nothing else, to one base: so what
    lets them be referred to weakly comes from here.
    """

    __slots__ = ("__weakref__",)


def maker(kind: Callable[P, T]) -> Callable[P, T]:
    """Return a function that takes what a frozen class takes, and gives what that gives, for less.

    What a factory would make must be given. Raises `TypeError` for a class that does more with what it is
    given than to keep it.
    """
    cls: Any = kind
    names = [field.name for field in attrs.fields(cls)]
    is_plain = cls.__base__ is Made and all(_is_plain(field) for field in attrs.fields(cls))
    if not is_plain or hasattr(cls, "__attrs_pre_init__"):
        raise TypeError(f"{cls.__name__} does more with what it is given than to keep it")
    lines = [
        f"def make(*, {', '.join(names)}):",
        " made = Open()",
        *(f" made.{name} = {name}" for name in names),
        " made.__class__ = Own",
        *([" made.__attrs_post_init__()"] if hasattr(cls, "__attrs_post_init__") else []),
        " return made",
    ]
    known: dict[str, Any] = {"Own": cls, "Open": type("Open", (Made,), {"__slots__": cls.__slots__})}
    # As attrs writes `__init__`: only so does each name cost no more than it must.
    exec(compile("\n".join(lines), f"<maker of {cls.__name__}>", "exec"), known)  # noqa: S102
    make = known["make"]
    defaults = cls.__init__.__kwdefaults__ or {}
    make.__kwdefaults__ = {name: value for name, value in defaults.items() if value is not attrs.NOTHING}
    return make  # type: ignore[no-any-return]  # what was compiled has no type


def _is_plain(field: attrs.Attribute[Any]) -> bool:
    return (
        field.init
        and field.kw_only
        and field.alias == field.name
        and field.validator is None
        and field.converter is None
    )
