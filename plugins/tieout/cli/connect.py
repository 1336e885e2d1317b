"""Connecting to systems: connect xero, with --status and --revoke, and connect sage100."""

import argparse
import getpass
import json
import math
import secrets
import shlex
import sys
import time
import webbrowser
from datetime import timedelta
from typing import TYPE_CHECKING

from tieout.cli.common import (
    NOT_GOOD,
    OK,
    add_connections,
    connections_file,
    open_installation,
    say,
    show,
)
from tieout.errors import AuthenticationError, ConfigurationError, ConsentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tieout.cli.common import Commands
    from tieout.connectors.xero.config import XeroConfig
    from tieout.connectors.xero.organizations import Access, Connected, Organization, XeroApp
    from tieout.domain.tokens import Token
    from tieout.ports.tokens import TokenStore
    from tieout.wiring.connections import ConnectionSettings
    from tieout.wiring.installation import Tieout

CALLBACK_PORT = 5410
RANDOM_BYTES = 32


def add(commands: "Commands") -> None:
    """Add the commands."""
    connecting = commands.add_parser("connect", help="connect an app to a system")
    systems = connecting.add_subparsers(dest="system", required=True, metavar="SYSTEM")
    xero = systems.add_parser("xero", help="connect an app to an organization of Xero")
    which = xero.add_mutually_exclusive_group()
    which.add_argument("--pair", help="the pair whose connection is meant")
    which.add_argument("--connection", metavar="ID", help="the connection, by its id")
    what = xero.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="say how connections stand")
    what.add_argument("--revoke", action="store_true", help="disconnect, and forget the token")
    xero.add_argument("--client-id", metavar="ID", help="the app's, for a new connection")
    xero.add_argument(
        "--grant",
        choices=("authorization_code", "client_credentials"),
        help="by a person's consent (default for a new connection), or a custom connection",
    )
    xero.add_argument(
        "--organization", "--organisation", metavar="NAME", help="by name or tenant id, unasked"
    )
    xero.add_argument(
        "--port",
        type=int,
        default=CALLBACK_PORT,
        help=f"where the consent's answer arrives, default {CALLBACK_PORT}",
    )
    xero.add_argument("--no-browser", action="store_true", help="only print the address")
    xero.add_argument("--json", action="store_true", help="print JSON, with --status")
    add_connections(xero)
    xero.set_defaults(run=_xero)
    sage100 = systems.add_parser("sage100", help="check what a Sage 100 company is and lacks")
    sage100.add_argument("--pair", help="the pair whose company is meant")
    sage100.add_argument("--json", action="store_true", help="print JSON")
    add_connections(sage100)
    sage100.set_defaults(run=_sage100)


def _sage100(given: argparse.Namespace) -> int:
    tieout = open_installation(given)
    pairs = [given.pair] if given.pair else list(tieout.pairs)
    reports = {pair: tieout.check_sage100(pair) for pair in pairs}
    text = "\n".join(f"{pair}: {report.described()}" for pair, report in reports.items())
    show(given, {pair: report.model_dump(mode="json") for pair, report in reports.items()}, text)
    return OK if all(report.is_good for report in reports.values()) else NOT_GOOD


def _xero(given: argparse.Namespace) -> int:
    if given.status:
        return _status(given)
    tieout = open_installation(given)
    connection_id = _connection_id(given, tieout)
    if given.revoke:
        return _revoke(tieout, connection_id)
    return _connect(given, tieout, connection_id)


def _connection_id(given: argparse.Namespace, tieout: "Tieout") -> str:
    """Return which connection is meant; an installation with one pair needs no option."""
    if given.connection:
        return str(given.connection)
    if given.pair:
        return tieout.pair(given.pair).xero_connection
    if len(tieout.pairs) > 1:
        raise ConfigurationError(
            f"There are several pairs: {', '.join(tieout.pairs)}.", remedy="Name one with --pair."
        )
    return next(iter(tieout.pairs.values())).xero_connection


def _status(given: argparse.Namespace) -> int:
    tieout = open_installation(given)
    named = given.connection or given.pair
    every = [pair.xero_connection for pair in tieout.pairs.values()]
    found = {
        connection_id: tieout.xero_connections.see(connection_id)
        for connection_id in ([_connection_id(given, tieout)] if named else every)
    }
    now = tieout.clock.now()
    text = "\n".join(_standing(name, access, now) for name, access in found.items())
    show(given, {name: access.model_dump(mode="json") for name, access in found.items()}, text)
    return OK if all(access.is_good for access in found.values()) else NOT_GOOD


def _standing(connection_id: str, access: "Access", now: "datetime") -> str:
    since = f" since {access.refused_at:%Y-%m-%d %H:%M} UTC" if access.refused_at else ""
    lines = [f"{connection_id}: {access.state}{since}"]
    if access.organization:
        lines.append(access.organization.described())
    if access.consent_ends_at:
        left = math.ceil((access.consent_ends_at - now) / timedelta(days=1))
        lines.append(
            f"unused, the consent lapses in {left} days, on {access.consent_ends_at:%d %B %Y}"
        )
    if access.message:
        lines.append(f"{access.message} {access.remedy}")
    return "\n  ".join(lines)


def _connect(given: argparse.Namespace, tieout: "Tieout", connection_id: str) -> int:
    from tieout.connectors.tokens import MemoryTokenStore
    from tieout.connectors.xero.config import GrantType

    connections = tieout.xero_connections
    settings = _settings(given, connection_id)
    unbound = settings.model_copy(update={"extra": {**settings.extra, "tenant_id": ""}})
    config = connections.config(connection_id, unbound)
    # Until the organization is chosen, nobody knows under which name the token belongs.
    tokens = MemoryTokenStore(tieout.clock)
    if config.grant_type is GrantType.AUTHORIZATION_CODE:
        # Before anybody consents to what cannot be kept.
        connections.shared_tokens.token(config.token_name)
        _consent(given, tieout, config, tokens)
    app = connections.app(config, tokens)
    organizations = [app.organization(one.tenant_id) for one in app.connections()]
    chosen = _choose(organizations, given.organization or settings.text("tenant_id"))
    _refuse_unfit(given, tieout, connection_id, chosen)
    extra = {"grant_type": str(config.grant_type), "tenant_id": chosen.tenant_id}
    made = settings.model_copy(update={"extra": {**settings.extra, **extra}})
    if config.grant_type is GrantType.AUTHORIZATION_CODE:
        consented = _known(tokens, config.token_name)
        connections.shared_tokens.exchange(
            connections.config(connection_id, made).token_name,
            is_good=lambda _: False,
            mint=lambda _: consented,
        )
    _store(given, connection_id, made)
    say(_airflow_command(connection_id, made))
    access = open_installation(given).xero_connections.see(connection_id)
    say(_standing(connection_id, access, tieout.clock.now()))
    return OK if access.is_good else NOT_GOOD


def _settings(given: argparse.Namespace, connection_id: str) -> "ConnectionSettings":
    """Return the connection as it is kept, with what the options change; ask for what lacks."""
    from tieout.wiring.connections import ConnectionSettings

    kept = _stored(given).get(connection_id, {"conn_type": "xero"})
    settings = ConnectionSettings.model_validate(kept)
    is_new = not settings.login or (given.client_id or settings.login) != settings.login
    update: dict[str, object] = {}
    if is_new:
        update["login"] = given.client_id or _asked("Client id: ")
        update["password"] = _asked("Client secret (not shown): ", is_secret=True)
    grant = given.grant or ("authorization_code" if is_new else "")
    if grant:
        update["extra"] = {**settings.extra, "grant_type": grant}
    return settings.model_copy(update=update)


def _asked(question: str, *, is_secret: bool = False) -> str:
    if is_secret and sys.stdin.isatty():
        return getpass.getpass(question)
    return input(question).strip()


def _consent(
    given: argparse.Namespace, tieout: "Tieout", config: "XeroConfig", tokens: "TokenStore"
) -> None:
    """Let a person consent, and keep what that gives in ``tokens``."""
    from tieout.connectors.consent import CONSENT_WAIT_S, Consent
    from tieout.connectors.xero.access import identity_service
    from tieout.connectors.xero.scopes import OFFLINE
    from tieout.web.callback import listening, redirect_uri

    consent = Consent(
        config.authorize_url,
        client_id=config.client_id,
        redirect_uri=redirect_uri(given.port),
        scopes=(OFFLINE, *config.scopes),
        clock=tieout.clock,
        random_text=lambda: secrets.token_urlsafe(RANDOM_BYTES),
    )
    with listening(given.port, consent.take) as wait:
        say(f"Consent here, as one who may connect apps to the organization:\n{consent.address}")
        if not given.no_browser:
            webbrowser.open(consent.address)
        wait(CONSENT_WAIT_S)
    minted = identity_service(config, sleep=time.sleep).issue(consent.form())
    if not minted.refresh_token:
        raise AuthenticationError(
            "Xero gave no refresh token.", remedy=f"Allow the app the scope {OFFLINE}."
        )
    tokens.exchange(config.token_name, is_good=lambda _: False, mint=lambda _: minted)


def _known(tokens: "TokenStore", name: str) -> "Token":
    token = tokens.token(name)
    if token is None:
        raise AuthenticationError("There is no token.", remedy="Connect again.")
    return token


def _choose(organizations: "Sequence[Organization]", wanted: str) -> "Organization":
    """Return the organization that is wanted by name or tenant id, or that a person chooses.

    A connection that has one keeps it: to work in other books, a person must name them.
    """
    names = {one.tenant_id: (one.name.casefold(), one.tenant_id) for one in organizations}
    fitting = [
        one for one in organizations if not wanted or wanted.casefold() in names[one.tenant_id]
    ]
    for number, one in enumerate(organizations, start=1):
        say(f"{number}  {one.described()}")
    if len(fitting) == 1:
        return fitting[0]
    if not fitting or not sys.stdin.isatty():
        raise ConfigurationError(
            f"{len(fitting)} of {len(organizations)} organizations that the app is connected to "
            f"fit{f' {wanted!r}' if wanted else ''}.",
            remedy="Name one of those above with --organization, by name or tenant id; one that "
            "is not there must be chosen on Xero's consent page.",
        )
    while True:
        answer = input(f"Which one? [1-{len(organizations)}] ").strip()
        if answer.isdecimal() and 0 < int(answer) <= len(organizations):
            return organizations[int(answer) - 1]


def _refuse_unfit(
    given: argparse.Namespace, tieout: "Tieout", connection_id: str, chosen: "Organization"
) -> None:
    """Refuse books of another currency than the pair's, and books that another pair has."""
    for pair in tieout.pairs.values():
        if pair.xero_connection == connection_id and pair.currency != chosen.base_currency:
            raise ConfigurationError(
                f"{chosen.name} keeps its books in {chosen.base_currency}, the pair {pair.pair} in "
                f"{pair.currency}.",
                remedy="Choose the pair's own organization, or correct include/pairs.yaml.",
            )
    for other, kept in _stored(given).items():
        extra = kept.get("extra")
        tenant_id = extra.get("tenant_id") if isinstance(extra, dict) else None
        if other != connection_id and tenant_id == chosen.tenant_id:
            raise ConfigurationError(
                f"{chosen.name} is the organization of the connection {other!r} already.",
                remedy="Two pairs on one set of books would book every sale twice; choose another.",
            )


def _revoke(tieout: "Tieout", connection_id: str) -> int:
    from tieout.connectors.tokens import MemoryTokenStore
    from tieout.connectors.xero.access import identity_service

    connections = tieout.xero_connections
    config = connections.config(connection_id)
    tokens = connections.tokens_for(config) or MemoryTokenStore(tieout.clock)
    try:
        left = _disconnected(connections.app(config, tokens), config)
    except ConsentError as error:
        tokens.forget(config.token_name)
        say(f"{error.message} The token is forgotten.")
        return OK
    token = tokens.token(config.token_name)
    if token is not None and token.refresh_token and not left:
        # It would disconnect the others as well.
        identity_service(config, sleep=time.sleep).revoke(token.refresh_token)
    tokens.forget(config.token_name)
    say(f"{connection_id} is disconnected, and its token is forgotten.")
    if left:
        names = ", ".join(one.name for one in left)
        say(f"The app stays connected to {names}.")
    return OK


def _disconnected(app: "XeroApp", config: "XeroConfig") -> "list[Connected]":
    """Disconnect the connection's organization and return what the app stays connected to."""
    connected = app.connections()
    ours = [one for one in connected if config.tenant_id in ("", one.tenant_id)]
    for one in ours:
        app.disconnect(one)
    return [one for one in connected if one not in ours]


def _stored(given: argparse.Namespace) -> dict[str, dict[str, object]]:
    path = connections_file(given)
    stored: dict[str, dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))
    return stored


def _store(given: argparse.Namespace, connection_id: str, settings: "ConnectionSettings") -> None:
    from tieout.stack.secrets import replace_private

    fields = settings.model_dump(by_alias=True, exclude_defaults=True)
    path = connections_file(given)
    stored = _stored(given)
    stored[connection_id] = {**stored.get(connection_id, {}), **fields}
    replace_private(path, json.dumps(stored, indent=2) + "\n")
    say(f"Written to {path}.")


def _airflow_command(connection_id: str, settings: "ConnectionSettings") -> str:
    extra = json.dumps(settings.extra, sort_keys=True)
    return (
        "For Airflow, under Admin, Connections, or:\n"
        f"  airflow connections add {shlex.quote(connection_id)} --conn-type xero "
        f"--conn-login {shlex.quote(settings.login)} \\\n"
        f'    --conn-password "$XERO_CLIENT_SECRET" --conn-extra {shlex.quote(extra)}'
    )
