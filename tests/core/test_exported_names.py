"""What a package exports is exactly what is public."""

from __future__ import annotations

from types import ModuleType

import pytest

import countermand
import countermand.venue

PACKAGES = [countermand, countermand.venue]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_all_is_what_is_public(package: ModuleType) -> None:
    """`__all__` names every public name of the package, sorted, and no other."""
    public = {name for name, value in vars(package).items() if not name.startswith("_")}
    modules = {name for name in public if isinstance(getattr(package, name), ModuleType)}
    assert set(package.__all__) == public - modules
    assert len(package.__all__) == len(set(package.__all__))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_what_is_public_says_what_it_is(package: ModuleType) -> None:
    """Every public class and function has its own sentence."""
    told = {name: getattr(package, name) for name in package.__all__}
    documented = {
        name for name, value in told.items() if isinstance(value, type) or hasattr(value, "__code__")
    }
    assert [name for name in sorted(documented) if not told[name].__doc__] == []
