"""Whether the plugin says what it is, and the venue is what it was built as."""

from __future__ import annotations

import attrs

from countermand import CancelRequest
from countermand.errors import ConfigurationError, InvalidRequestError
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import fail, one_line, require
from countermand.testing.contract.settings import changed_setting
from countermand.venue import CONTRACT, Capabilities, Plugin, Venue

_CLEAN_URL = "https://venue.example:8443/api"
_BAD_URLS = ("http://venue.example", "https://user:word@venue.example", "https://venue.example?a=b", "")


class PluginCases(Examples):
    """The descriptor, the name, the base URL."""

    def test_the_plugin_speaks_this_contract(self) -> None:
        """A plugin made for another number is refused."""
        number = self._plugin.contract
        require(
            number == CONTRACT,
            f"Make the plugin for contract {CONTRACT}: its descriptor says {number!r}.",
        )

    def test_the_plugin_makes_this_venue(self) -> None:
        """So that the configuration reaches what is tested."""
        made_by: object = self._plugin.venue
        venue: object = self.venue()
        require(isinstance(venue, Venue), "Make the venue's class a subclass of countermand.venue.Venue.")
        require(
            isinstance(made_by, type) and isinstance(self.venue(), made_by),
            f"Let the plugin's `venue` be the class of the venue: {made_by!r} is not.",
        )
        summary: object = self._plugin.summary
        require(
            isinstance(summary, str) and summary.strip() and "\n" not in summary,
            "Say in one line of the plugin's `summary` which venue this is.",
        )
        require(
            all(callable(one) for one in self._plugin.credentials.values()),
            "Let the plugin's `credentials` map the kinds of `auth` to their classes.",
        )

    def test_a_venue_bears_the_name_it_was_given(self) -> None:
        """Two venues of one plugin live side by side by their names."""
        renamed = self._evolved(name="second")
        require(renamed.name == "second", f"Let `name` be a setting: {renamed.name!r} is not 'second'.")
        try:
            CancelRequest(venue=self.venue().name, account="1", order=self.request.order)
        except InvalidRequestError as error:
            fail(f"Name the venue so that a request can: {one_line(error)}.")

    def test_a_venue_keeps_its_base_url(self) -> None:
        """What it was built with, without the slash at the end."""
        for given in (_CLEAN_URL, _CLEAN_URL + "/"):
            kept = self._evolved(base_url=given).base_url
            require(
                kept == _CLEAN_URL,
                f"Convert `base_url` by `clean_base_url`: of {given!r} it keeps {kept!r}.",
            )

    def test_a_base_url_that_shows_credentials_is_refused(self) -> None:
        """Plain http off this machine, a user in the URL."""
        for given in _BAD_URLS:
            try:
                self._evolved(base_url=given)
            except ConfigurationError:
                continue
            fail(f"Convert `base_url` by `clean_base_url`: {given!r} must raise ConfigurationError.")

    def test_capabilities_are_declared_once_for_all(self) -> None:
        """The core asks for them whenever it likes."""
        venue = self.venue()
        first: object = venue.capabilities
        second: object = venue.capabilities
        require(
            isinstance(first, Capabilities) and first == second,
            f"Let `capabilities` be the same Capabilities whenever it is asked for, not {one_line(second)}.",
        )

    @property
    def _plugin(self) -> Plugin:
        plugin: object = getattr(self, "plugin", None)
        if not isinstance(plugin, Plugin):
            fail("Set `plugin` to the Plugin that your entry point names.")
        return plugin

    def _evolved(self, **settings: object) -> Venue:
        venue = self.venue()
        require(
            attrs.has(type(venue)), "Make the venue a frozen attrs class, so that its settings are known."
        )
        evolved: Venue = changed_setting(venue, **settings)
        return evolved
