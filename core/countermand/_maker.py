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

    Raises `TypeError` for a class that does more with what it is given than to keep it.
    """
    cls: Any = kind
    fields = attrs.fields(cls)
    names = [field.name for field in fields]
    factories = {one.name: one.default.factory for one in fields if type(one.default) is attrs.Factory}
    is_plain = cls.__base__ is Made and all(_is_plain(field) for field in fields)
    if not is_plain or hasattr(cls, "__attrs_pre_init__"):
        raise TypeError(f"{cls.__name__} does more with what it is given than to keep it")
    lines = [
        f"def make(*, {', '.join(names)}):",
        " made = Open()",
        *(f" if {name} is NOTHING: {name} = new_{name}()" for name in factories),
        *(f" made.{name} = {name}" for name in names),
        " made.__class__ = Own",
        *([" made.__attrs_post_init__()"] if hasattr(cls, "__attrs_post_init__") else []),
        " return made",
    ]
    known: dict[str, Any] = {"Own": cls, "Open": type("Open", (Made,), {"__slots__": cls.__slots__})}
    known |= {"NOTHING": attrs.NOTHING} | {f"new_{name}": factory for name, factory in factories.items()}
    # As attrs writes `__init__`: only so does each name cost no more than it must.
    exec(compile("\n".join(lines), f"<maker of {cls.__name__}>", "exec"), known)  # noqa: S102 - our own words
    make = known["make"]
    make.__kwdefaults__ = cls.__init__.__kwdefaults__
    make.__doc__ = f"Make what `{cls.__name__}` makes, for less."
    return make  # type: ignore[no-any-return]  # what was compiled has no type


def _is_plain(field: attrs.Attribute[Any]) -> bool:
    return (
        field.init
        and field.kw_only
        and field.alias == field.name
        and field.validator is None
        and field.converter is None
        and not getattr(field.default, "takes_self", False)
    )
