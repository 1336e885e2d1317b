"""What no step of a flow does, and so no plan."""

from typing import NoReturn

from tieout.errors import ConfigurationError


def unplanned(what: str) -> NoReturn:
    """Refuse a call that only people's commands make."""
    raise ConfigurationError(
        f"Nothing is {what} by a plan.", remedy="Report this as a defect of Tieout."
    )
