"""Tell the simulated systems where the receiver is, as people do in the vendors' pages.

Repeatable; a real Xero has no API for it (docs/howto/real-systems.md, Xero's webhooks).
"""

import time

import requests

from tieout.errors import ConfigurationError, UnavailableError
from tieout.stack import systems
from tieout.stack.configuration import StackConfiguration
from tieout.wiring.installation import Tieout

CALL_TIMEOUT_S = 30.0
INTENT_WAIT_S = 30.0
POLL_S = 0.1
PENDING, ACCEPTED = "PENDING", "OK"


def subscribe(configuration: StackConfiguration, tieout: Tieout) -> None:
    """Subscribe the receiver to the shops' orders, and to the events of Xero.

    Raises:
        ConfigurationError: The receiver did not pass Xero's intent to receive.
        UnavailableError: The simulator was not through with it in time.
    """
    receiver = configuration.url("receiver")
    tieout.subscribe_shops(f"{receiver}/webhooks/shopify")
    _subscribe_xero(configuration.url("xero"), f"{receiver}/webhooks/xero")


def _subscribe_xero(xero: str, url: str) -> None:
    target = {"Url": url, "Key": systems.XERO_WEBHOOK_KEY}
    control = f"{xero}/_webhooks"
    requests.post(control, json=target, timeout=CALL_TIMEOUT_S).raise_for_status()
    deadline = time.monotonic() + INTENT_WAIT_S
    while (status := _status(control)) == PENDING:
        if time.monotonic() > deadline:
            raise UnavailableError(
                "The Xero simulator still tries its intent to receive.",
                remedy="Read the logs of xero and of the receiver.",
            )
        time.sleep(POLL_S)
    if status != ACCEPTED:
        raise ConfigurationError(
            f"Xero's intent to receive ended with {status}.",
            remedy="Compare the key in receiver.json with the simulator's, and restart the stack.",
        )


def _status(control: str) -> str:
    answer = requests.get(control, timeout=CALL_TIMEOUT_S)
    answer.raise_for_status()
    return str(answer.json()["Status"])
