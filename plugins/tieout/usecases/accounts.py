"""The account rules at work: which account a sold line goes to, which have none, how many do.

The rules are the pair's (include/mappings/accounts). What they look at is the order and what
Sage 100's item master says of its items, which the gate puts on each line.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal

from tieout.domain.account_rules import (
    CONDITIONS,
    NO_TAX,
    AccountRule,
    Sale,
    Tracking,
    first_match,
    tracking_of,
)
from tieout.domain.base import Frozen
from tieout.domain.money import ZERO
from tieout.domain.order import LineKind, Order, OrderLine
from tieout.domain.pair import Account, AccountKind, Pair
from tieout.domain.roles import FREIGHT, RECEIVABLES, SALES
from tieout.domain.suggestions import Suggestion, best_of, in_words, ranked
from tieout.errors import RejectedError
from tieout.ports.systems import Sage100Reference, XeroReference
from tieout.usecases.order_names import warehouse_code

GAPS_MAX = 20
"""How many kinds of sales without a rule of their own a report of coverage lists."""


def with_item_facts(order: Order, sage100: Sage100Reference) -> Order:
    """Return the order with the category and class of each line's item, as Sage 100 has them."""

    def told(line: OrderLine) -> OrderLine:
        item = sage100.items.get(line.item_code) if line.kind is LineKind.PRODUCT else None
        if item is None:
            return line
        facts = {"category": item.category, "item_class": item.product_line}
        return line.model_copy(update=facts)

    return order.model_copy(update={"lines": tuple(map(told, order.lines))})


def sale_of(pair: Pair, order: Order, line: OrderLine) -> Sale:
    """Return a line as the rules see it."""
    return Sale(
        book_date=order.book_date,
        category=line.category,
        item_class=line.item_class,
        warehouse=warehouse_code(pair, order),
        tax=line.taxes[0].title if line.taxes else NO_TAX,
        channel=order.channel,
    )


def account_of(pair: Pair, order: Order, line: OrderLine) -> Account:
    """Return the account that a line goes to; only goods have rules.

    Sage 100 has one account for all freight of a division, and a charge's role is called as its
    kind is.

    Raises:
        RejectedError: No rule matches, and the pair has no default.
    """
    if line.kind is not LineKind.PRODUCT:
        return pair.account(FREIGHT if line.kind is LineKind.SHIPPING else line.kind)
    role = pair.sales_role(sale_of(pair, order, line))
    if not role:
        raise RejectedError(
            f"No account rule of {pair.pair} matches {line.title!r}.",
            remedy=f"Add a rule to include/mappings/accounts/{pair.pair}.yaml, then replay.",
            cause="account_rule_missing",
            field="lines",
            value=line.title,
        )
    return pair.account(role)


def ruled_account(pair: Pair, order: Order, line: OrderLine) -> str:
    """Return the Sage 100 account that a rule gives a line; '' = as its item has it there."""
    is_goods = line.kind is LineKind.PRODUCT
    rule = first_match(pair.account_rules, sale_of(pair, order, line)) if is_goods else None
    return pair.account(rule.role).sage100 if rule else ""


def line_tracking(pair: Pair, order: Order, line: OrderLine) -> tuple[Tracking, ...]:
    """Return the tracking options that a line has in Xero; shipping has those of no item."""
    return tracking_of(pair.tracking_rules, sale_of(pair, order, line))


def unknown_tracking(pair: Pair, order: Order, known: Collection[Tracking]) -> list[str]:
    """Name the options that Xero lacks: it would take the invoice, and leave them out unsaid."""
    wanted = {one for line in order.lines for one in line_tracking(pair, order, line)}
    options = {f"{one.name} {one.option}": "" for one in known}
    return [
        f"{one.name} {one.option}{in_words(ranked(f'{one.name} {one.option}', options))}"
        for one in wanted - set(known)
    ]


def without_account(pair: Pair, order: Order, xero: XeroReference) -> list[str]:
    """Name the lines that no rule and no default gives an account, each with what looks like it."""
    found = []
    for line in order.lines_of(LineKind.PRODUCT):
        sale = sale_of(pair, order, line)
        if not pair.sales_role(sale):
            nearest = in_words(suggested_roles(pair, sale, xero.account_names, title=line.title))
            found.append(f"{line.item_code or line.title} ({described(sale)}{nearest})")
    return found


def suggested_roles(
    pair: Pair, sale: Sale, names: Mapping[str, str], *, title: str = ""
) -> tuple[Suggestion, ...]:
    """Return the roles that a sale may belong to, best first.

    A role counts as much as its nearest rule has of its conditions met, or as its name and that of
    its Xero account look like the item.
    """
    roles = {
        account.role: f"{account.role} {names.get(account.xero, '')}"
        for account in pair.accounts
        if account.kind is AccountKind.MIRRORED and _earns(pair, account)
    }
    alike = ranked(f"{sale.category} {sale.item_class} {title}", roles)
    by_rule = _nearest_rules(pair.account_rules, sale)
    return best_of(alike, by_rule)


def _earns(pair: Pair, account: Account) -> bool:
    """Say whether sales may go to a role: it is the default, or a rule names it."""
    return account.role == SALES or any(rule.role == account.role for rule in pair.account_rules)


def _nearest_rules(rules: Iterable[AccountRule], sale: Sale) -> list[Suggestion]:
    best: dict[str, int] = {}
    for rule in rules:
        asked = sum(1 for name in CONDITIONS if rule.wanted(name))
        met = asked - len(rule.unmet(sale))
        if met:
            best[rule.role] = max(best.get(rule.role, 0), 100 * met // asked)
    return [Suggestion(value=role, percent=percent) for role, percent in best.items()]


def missing_accounts(pair: Pair, xero: XeroReference, sage100: Sage100Reference) -> list[str]:
    """Name what both charts lack of the pair's accounts, each with what looks most like it."""
    missing = []
    for account in pair.accounts:
        for system, code, chart, known in (
            ("Xero", account.xero, xero.account_names, xero.account_codes),
            ("Sage 100", account.sage100, sage100.account_names, sage100.accounts),
        ):
            if code and code not in known:
                nearest = in_words(ranked(f"{account.role} {code}", chart))
                missing.append(f"{system} {code} ({account.role}{nearest})")
    roles = {account.role for account in pair.accounts if account.kind is AccountKind.MIRRORED}
    needed = {RECEIVABLES, FREIGHT} | (set() if pair.account_rules else {SALES})
    return [*missing, *(f"no account for {role}" for role in sorted(needed - roles))]


class Gap(Frozen):
    """Sales of one kind that no rule names: they go to the default, or nowhere."""

    sale: Sale
    lines: int
    net: Decimal
    has_account: bool
    suggestions: tuple[Suggestion, ...]


class Coverage(Frozen):
    """How much of what was sold the account rules decide."""

    pair: str
    lines: int
    by_rule: int
    by_default: int
    net: Decimal
    net_by_rule: Decimal
    net_by_default: Decimal
    gaps: tuple[Gap, ...]
    """The largest first."""

    @property
    def rules_percent(self) -> Decimal:
        """Return the share of the lines that a rule names, in percent, never rounded up."""
        return _percent(self.by_rule, self.lines)

    @property
    def percent(self) -> Decimal:
        """Return the share of the lines that have an account at all."""
        return _percent(self.by_rule + self.by_default, self.lines)


def coverage(pair: Pair, orders: Iterable[Order], names: Mapping[str, str]) -> Coverage:
    """Return how much of the orders' goods the rules of the pair decide.

    ``names`` are those of Xero's accounts by code, for suggestions. Orders that passed the gate
    have the facts of their items; of others only shop, warehouse and tax are known.
    """
    lines = by_rule = by_default = 0
    net = net_by_rule = net_by_default = ZERO
    gaps: dict[Sale, tuple[int, Decimal]] = {}
    for order in orders:
        for line in order.lines_of(LineKind.PRODUCT):
            sale = sale_of(pair, order, line)
            lines, net = lines + 1, net + line.net
            if first_match(pair.account_rules, sale) is not None:
                by_rule, net_by_rule = by_rule + 1, net_by_rule + line.net
                continue
            if pair.sales_role(sale):
                by_default, net_by_default = by_default + 1, net_by_default + line.net
            kind = sale.model_copy(update={"book_date": order.book_date.replace(day=1)})
            count, amount = gaps.get(kind, (0, ZERO))
            gaps[kind] = (count + 1, amount + line.net)
    return Coverage(
        pair=pair.pair,
        lines=lines,
        by_rule=by_rule,
        by_default=by_default,
        net=net,
        net_by_rule=net_by_rule,
        net_by_default=net_by_default,
        gaps=tuple(_gaps(pair, gaps, names)),
    )


def _gaps(
    pair: Pair, found: Mapping[Sale, tuple[int, Decimal]], names: Mapping[str, str]
) -> Sequence[Gap]:
    largest = sorted(found, key=lambda sale: (-abs(found[sale][1]), described(sale)))
    return [
        Gap(
            sale=sale,
            lines=found[sale][0],
            net=found[sale][1],
            has_account=bool(pair.sales_role(sale)),
            suggestions=suggested_roles(pair, sale, names),
        )
        for sale in largest[:GAPS_MAX]
    ]


def _percent(part: int, whole: int) -> Decimal:
    if not whole:
        return Decimal("100.0")
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), rounding=ROUND_DOWN)


def described(sale: Sale) -> str:
    """Return what rules can ask of a sale, in words."""
    told = sale.model_dump(mode="json", exclude={"book_date"})
    return ", ".join(f"{name} {value}" for name, value in told.items() if value)
