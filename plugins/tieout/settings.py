"""The pairs, as include/pairs.yaml and include/mappings describe them, and how often flows sweep.

Reads and judges files and settings only. Where secrets and addresses come from (connections) is for
wiring; what the fields mean is in tieout.domain.pair.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import list_currencies
from pydantic import ValidationError

from tieout.domain.account_rules import TRACKING_PER_LINE_MAX, unreachable
from tieout.domain.exchange import ExchangeRate
from tieout.domain.items import ITEM_CODE_LENGTH_MAX, Part, is_item_code, sold_as
from tieout.domain.pair import AccountKind, Pair
from tieout.domain.roles import EXCHANGE_GAINS, ROUNDING, SALES_TAX
from tieout.errors import ConfigurationError
from tieout.mapping.in_step import load_policies
from tieout.mapping.source import read_csv, read_yaml

SWEEP_CRON_VARIABLE = "TIEOUT_SWEEP_CRON"
SWEEP_CRON = "*/15 * * * *"
"""How often a flow sweeps, in UTC, when the environment does not say otherwise."""
ALIAS_COLUMNS = ("pair", "sold_as", "item_code")
PART_COLUMNS = (*ALIAS_COLUMNS, "pieces", "unit", "share")
RATE_COLUMNS = ("base", "currency", "day", "rate", "source")
ENTITY_FIELDS = ("xero_legal_entity", "sage100_legal_entity")
"""Optional fields that say whose books a side holds, when that is not ``legal_entity``'s."""


def load_pairs(include: Path) -> dict[str, Pair]:
    """Return every pair of ``include``/pairs.yaml with its accounts, taxes, rates and aliases.

    Raises:
        ConfigurationError: A file or a field is wrong; names the file, the field and the fix.
    """
    source = include / "pairs.yaml"
    described = read_yaml(source).get("pairs")
    if not isinstance(described, dict) or not described:
        message = f"{source} names no pair."
        raise ConfigurationError(message, remedy="List at least one under 'pairs:'.")
    aliases = _aliases(include / "mappings" / "item_aliases.csv", described)
    rates = _exchange_rates(include / "exchange_rates.csv")
    pairs = {
        name: _pair(include, source, name, fields, (aliases.get(name, {}), rates))
        for name, fields in described.items()
    }
    _refuse_shared_books(source, pairs.values())
    return pairs


def _aliases(path: Path, pairs: Iterable[str]) -> dict[str, dict[str, tuple[Part, ...]]]:
    known = set(pairs)
    aliases: dict[str, dict[str, tuple[Part, ...]]] = {}
    for number, row in enumerate(read_csv(path, ALIAS_COLUMNS, PART_COLUMNS), start=2):
        place = f"{path}, line {number}"
        if row["pair"] not in known:
            message = f"{place}: there is no pair {row['pair']!r}."
            raise ConfigurationError(message, remedy="Name a pair of include/pairs.yaml.")
        if not row["sold_as"] or not row["item_code"]:
            message = f"{place}: sold_as or item_code is empty."
            raise ConfigurationError(message, remedy="Fill both, or delete the line.")
        of_pair = aliases.setdefault(row["pair"], {})
        sold, part = sold_as(row["sold_as"]), _part(place, row)
        others = of_pair.get(sold, ())
        if others and (not row.get("share") or part.item_code in {one.item_code for one in others}):
            message = f"{place}: {row['sold_as']} is given an item twice."
            remedy = "Keep the right line; of a bundle each item has one line, with its share."
            raise ConfigurationError(message, remedy=remedy)
        of_pair[sold] = (*others, part)
    return aliases


def _part(place: str, row: Mapping[str, str]) -> Part:
    """Return the item of a line; its pieces are a number, or a fraction such as 1/12."""
    if not is_item_code(row["item_code"]):
        message = f"{place}, item_code: {row['item_code']!r} is none that both ledgers can have."
        remedy = f"Give one of at most {ITEM_CODE_LENGTH_MAX} characters, in upper case."
        raise ConfigurationError(message, remedy=remedy)
    pieces, _, per = (row.get("pieces") or "1").partition("/")
    said = {"pieces": pieces, "per": per or "1", "share": row.get("share") or "1"}
    try:
        return Part.model_validate(
            {"item_code": row["item_code"], "unit": row.get("unit", ""), **said}
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = "pieces" if first["loc"][0] == "per" else first["loc"][0]
        message = f"{place}, {field}: {_lower(first['msg'])}."
        remedy = "Give pieces as 12 or 1/12, and a share, such as the item's own price, as 60."
        raise ConfigurationError(message, remedy=remedy) from error


def _exchange_rates(path: Path) -> list[ExchangeRate]:
    """Return the rates of the file; a company that converts nothing needs none."""
    rates: list[ExchangeRate] = []
    for number, row in enumerate(read_csv(path, RATE_COLUMNS) if path.exists() else [], start=2):
        try:
            rates.append(ExchangeRate.model_validate(row))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            message = f"{path}, line {number}, {first['loc'][0]}: {_lower(first['msg'])}."
            remedy = (
                "Give the day as 2026-11-29 and the rate, what one of the base buys, as 0.921659."
            )
            raise ConfigurationError(message, remedy=remedy) from error
    days = [f"{one.base} {one.currency} {one.day}" for one in rates]
    _refuse_repeated(path, "base, currency, day", days)
    return rates


Listed = tuple[Mapping[str, tuple[Part, ...]], list[ExchangeRate]]
"""What CSV files say of a pair: item aliases, and exchange rates of every currency."""


def _pair(include: Path, source: Path, name: str, fields: object, listed: Listed) -> Pair:
    accounts = include / "mappings" / "accounts" / f"{name}.yaml"
    if not isinstance(fields, dict):
        message = f"{source}, pairs.{name}: has no fields."
        raise ConfigurationError(message, remedy="Describe the pair as the others are.")
    described = _one_entity(source, name, fields)
    booked = read_yaml(accounts)
    aliases, rates = listed
    ours = [rate for rate in rates if rate.base == described.get("currency")]
    own = {
        "pair": name,
        "item_aliases": dict(aliases),
        "exchange_rates": ours,
        "in_step": load_policies(include, name),
    }
    try:
        pair = Pair.model_validate({**described, **booked, **own})
    except ValidationError as error:
        raise _wrong_field(source, accounts, name, booked, error) from error
    _check_terms(source, pair)
    _check_books(accounts, pair)
    return pair


def _one_entity(source: Path, name: str, fields: Mapping[str, object]) -> dict[str, object]:
    """Refuse a pair of two legal entities: mirroring between them would double real sales."""
    entity = fields.get("legal_entity")
    said = {field: fields[field] for field in ENTITY_FIELDS if field in fields}
    shops = fields.get("shops")
    plain: list[object] = []
    for number, shop in enumerate(shops if isinstance(shops, list) else []):
        if isinstance(shop, dict) and "legal_entity" in shop:
            said[f"shops[{number}].legal_entity"] = shop["legal_entity"]
            plain.append({key: value for key, value in shop.items() if key != "legal_entity"})
        else:
            plain.append(shop)
    for field, other in said.items():
        if other != entity:
            message = (
                f"{source}, pairs.{name}.{field}: {other!r} is not the pair's legal entity "
                f"{entity!r}. Two legal entities are no pair."
            )
            remedy = "Give each legal entity a pair of its own, or correct the name."
            raise ConfigurationError(message, remedy=remedy)
    described = {key: value for key, value in fields.items() if key not in ENTITY_FIELDS}
    return described if plain == shops or not plain else {**described, "shops": plain}


def _wrong_field(
    source: Path, accounts: Path, name: str, booked: Mapping[str, object], error: ValidationError
) -> ConfigurationError:
    first = error.errors(include_url=False)[0]
    location = [str(part) for part in first["loc"]]
    in_accounts = bool(location) and location[0] in {"accounts", "gateways", "taxes", *booked}
    path, prefix = (accounts, []) if in_accounts else (source, ["pairs", name])
    message = f"{path}, {'.'.join([*prefix, *location])}: {_lower(first['msg'])}."
    return ConfigurationError(message, remedy=_fix(first["type"]))


def _lower(text: str) -> str:
    return text.removeprefix("Value error, ")[:1].lower() + text.removeprefix("Value error, ")[1:]


def _fix(kind: str) -> str:
    match kind:
        case "missing":
            return "Add the field."
        case "extra_forbidden":
            return "Delete the field, or correct its name."
        case "string_type":
            return "Put the value in quotes."
        case _:
            return "Correct the value."


def _check_terms(source: Path, pair: Pair) -> None:
    place = f"{source}, pairs.{pair.pair}"
    if pair.currency not in list_currencies():
        message = f"{place}.currency: {pair.currency!r} is no ISO currency."
        raise ConfigurationError(message, remedy="Use the three-letter code, such as USD.")
    try:
        ZoneInfo(pair.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"{place}.time_zone: {pair.time_zone!r} is no time zone."
        remedy = "Use a name of the IANA database, such as America/New_York."
        raise ConfigurationError(message, remedy=remedy) from error
    if not pair.shops:
        message = f"{place}.shops: the pair has no shop."
        raise ConfigurationError(message, remedy="Add one.")


def _check_books(path: Path, pair: Pair) -> None:
    rates = [f"{tax.title} at {tax.rate.normalize():f}" for tax in pair.taxes]
    _refuse_repeated(path, "accounts.role", [account.role for account in pair.accounts])
    _refuse_repeated(path, "gateways.gateway", [gateway.gateway for gateway in pair.gateways])
    _refuse_repeated(path, "taxes.title", rates)
    _refuse_repeated(path, "bank_accounts.xero", [one.xero for one in pair.bank_accounts])
    banks = [one.sage100_bank_code for one in pair.bank_accounts]
    _refuse_repeated(path, "bank_accounts.sage100_bank_code", banks)
    _refuse_repeated(path, "charge_items.role", [one.role for one in pair.charge_items])
    groups = [" and ".join(sorted(group.sage100_tax_codes)) for group in pair.tax_groups]
    _refuse_repeated(path, "tax_groups.sage100_tax_codes", groups)
    mirrored = {a.role for a in pair.accounts if a.kind is AccountKind.MIRRORED}
    _check_policies(path, pair, mirrored)
    _check_rules(path, pair, mirrored)
    for number, gateway in enumerate(pair.gateways):
        if gateway.clearing_role not in mirrored:
            message = (
                f"{path}, gateways.{number}.clearing_role: no mirrored account plays "
                f"{gateway.clearing_role!r}."
            )
            raise ConfigurationError(message, remedy="Add it under 'accounts:'.")


def _check_policies(path: Path, pair: Pair, mirrored: Collection[str]) -> None:
    """Refuse a policy that needs an account or an item that the pair does not name."""
    charges = {one.role for one in pair.charge_items}
    needs = {
        EXCHANGE_GAINS: (pair.policies.fx == "base", mirrored, "accounts"),
        SALES_TAX: (pair.policies.sage_tax == "charge_line", charges, "charge_items"),
        ROUNDING: (pair.policies.sage_tax == "rounding", charges, "charge_items"),
    }
    for role, (is_needed, named, where) in needs.items():
        if is_needed and role not in named:
            message = f"{path}, {where}: nothing plays {role!r}, which the pair's policies need."
            raise ConfigurationError(message, remedy=f"Add it under '{where}:'.")


def _check_rules(path: Path, pair: Pair, mirrored: Container[str]) -> None:
    """Refuse rules that give no account of both ledgers, or that an earlier one keeps from it."""
    for number, rule in enumerate(pair.account_rules):
        if rule.role not in mirrored:
            place = f"{path}, account_rules.{number}.role"
            message = f"{place}: no mirrored account plays {rule.role!r}."
            raise ConfigurationError(message, remedy="Add it under 'accounts:'.")
    named = sorted({rule.tracking for rule in pair.tracking_rules})
    if len(named) > TRACKING_PER_LINE_MAX:
        message = f"{path}, tracking_rules: {', '.join(named)} are more than Xero's two categories."
        raise ConfigurationError(message, remedy="Keep two.")
    by_category = [[r for r in pair.tracking_rules if r.tracking == name] for name in named]
    for field, rules in (
        ("account_rules", pair.account_rules),
        *((f"tracking_rules of {n}", r) for n, r in zip(named, by_category, strict=True)),
    ):
        hidden = unreachable(rules)
        if hidden is not None:
            later, before = hidden
            message = (
                f"{path}, {field}: rule {later + 1} can never count, because rule {before + 1} "
                "matches all that it does."
            )
            raise ConfigurationError(message, remedy="Put it before that one, or delete it.")
    _check_many_to_one(path, pair)


def _check_many_to_one(path: Path, pair: Pair) -> None:
    """An account of Sage 100 has one of Xero: else no difference between them could be named."""
    xero_of: dict[str, str] = {}
    for account in pair.accounts:
        if account.kind is not AccountKind.MIRRORED:
            continue
        known = xero_of.setdefault(account.sage100, account.xero)
        if known != account.xero:
            message = (
                f"{path}, accounts: Sage 100's {account.sage100} goes to Xero's {known} and to "
                f"{account.xero}."
            )
            remedy = "Keep one: Sage 100's accounts go many to one to Xero's, never the other way."
            raise ConfigurationError(message, remedy=remedy)


def _refuse_shared_books(source: Path, pairs: Iterable[Pair]) -> None:
    """Two pairs on one set of books, or one shop in two pairs, would book its sales twice."""
    found = list(pairs)
    _refuse_repeated(source, "xero_connection", [pair.xero_connection for pair in found])
    _refuse_repeated(source, "sage100_connection", [pair.sage100_connection for pair in found])
    shops = [shop for pair in found for shop in pair.shops]
    _refuse_repeated(source, "shops.domain", [shop.domain for shop in shops])
    _refuse_repeated(source, "shops.connection", [shop.connection for shop in shops])
    for pair in found:
        _refuse_repeated(source, "shops.invoice_prefix", [s.invoice_prefix for s in pair.shops])


def _refuse_repeated(path: Path, field: str, values: Iterable[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        message = f"{path}, {field}: {repeated[0]!r} is given more than once."
        raise ConfigurationError(message, remedy="Keep one of them.")


def sweep_cron(environment: Mapping[str, str]) -> str:
    """Return the cron expression, in UTC, by which every flow sweeps."""
    return environment.get(SWEEP_CRON_VARIABLE, SWEEP_CRON)


def sweep_interval(cron: str, moment: datetime) -> tuple[datetime, datetime]:
    """Return the interval [start, end) of the schedule that ``moment`` falls into, in UTC.

    Raises:
        ConfigurationError: ``cron`` is no cron expression.
    """
    from croniter import CroniterBadCronError, croniter  # noqa: PLC0415 - no DAG file needs it

    try:
        ticks = croniter(cron, moment.astimezone(UTC))
    except CroniterBadCronError as error:
        raise ConfigurationError(
            f"{SWEEP_CRON_VARIABLE} is {cron!r}, which is no cron expression.",
            remedy=f"Give one such as {SWEEP_CRON!r}.",
        ) from error
    end: datetime = ticks.get_next(datetime)
    start: datetime = ticks.get_prev(datetime)
    return start, end
