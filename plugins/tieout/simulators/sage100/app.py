"""The simulator's HTTP face: people's acts and test controls; Sage 100 itself has no such API.

Every answer is JSON; an act that Sage 100 would not allow answers 409 with the message it shows.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tieout.simulators.company import COMPANIES
from tieout.simulators.sage100 import control
from tieout.simulators.sage100.people.bills_journal import post_ap_invoices
from tieout.simulators.sage100.people.cash_journal import post_cash_receipts
from tieout.simulators.sage100.people.checks_journal import post_manual_checks
from tieout.simulators.sage100.people.invoicing import (
    ArInvoice,
    Shipped,
    enter_ar_invoice,
    enter_invoice,
    recalculate_tax,
)
from tieout.simulators.sage100.people.ledger import (
    NotAllowedError,
    post_daily_transaction_register,
)
from tieout.simulators.sage100.people.maintenance import (
    change_record,
    create_record,
    delete_record,
    turn_option,
)
from tieout.simulators.sage100.people.receipts_register import post_receipts
from tieout.simulators.sage100.people.renumbering import merge_records, renumber_record
from tieout.simulators.sage100.people.sales_journal import post_sales_journal
from tieout.simulators.sage100.people.slow_writes import begin_write, end_writes
from tieout.simulators.sage100.people.taking_back import (
    delete_ap_document,
    delete_cash_receipt,
    delete_invoice,
    delete_sales_order,
    reverse_cash_receipt,
)
from tieout.simulators.sage100.seed import SYSTEM_USER_KEY, create_companies
from tieout.simulators.sage100.store import CompanyFile

Clock = Callable[[], datetime]
Answer = dict[str, object]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Posting(_Body):
    posting_date: date


class _Receipts(_Body):
    posting_date: date | None = None


class _Line(_Body):
    line_key: str
    quantity: Decimal


class _Invoice(_Body):
    sales_order_no: str
    invoice_date: date
    lines: list[_Line] | None = None


class _ArInvoice(_Body):
    customer: str
    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    customer_po: str = Field(max_length=30)
    invoice_date: date = Field(alias="date")
    account: str = "400-00"


class _Order(_Body):
    sales_order_no: str


class _EnteredInvoice(_Body):
    invoice_no: str


class _Check(_Body):
    check_no: str


class _Reversal(_Check):
    deposit_date: date


class _Record(_Body):
    table: str
    key: dict[str, str]


class _Change(_Record):
    values: dict[str, str]


class _Renumbering(_Record):
    to: dict[str, str]


class _Option(_Body):
    option: str
    on: bool


class _Bill(_Body):
    vendor_no: str
    invoice_no: str


class _ApCheck(_Body):
    bank_code: str
    check_no: str


class _Move(_Body):
    advance_seconds: float


class _Lock(_Body):
    table: str
    key: str
    seconds: float


class _Fault(_Body):
    kind: Literal["lock", "kill_before_write", "drop_after_write", "com_error"]
    class_name: str = Field(alias="class")
    count: int = 1
    at: str = ""
    ends_process: bool = False
    company: str = ""


def create_app(state: Path, clock: Clock | None = None) -> Starlette:
    """Return the app over the Sage 100 home folder ``state``, which is filled when it is new.

    ``clock`` says what Sage 100's server shows at this moment, after which it runs on; None leaves
    it at the real time.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        create_companies(state)
        for code in COMPANIES:
            file = CompanyFile(state, code)
            file.set_clock(clock() if clock else None)
            file.close()
        yield

    routes = [
        Route("/_health", _health),
        Route("/_people/{company}/{act}", _people, methods=["POST"]),
        Route("/_clock", _clock, methods=["POST"]),
        Route("/_boi_faults", _boi_faults, methods=["POST", "DELETE"]),
    ]
    start: Callable[[Starlette], AbstractAsyncContextManager[None]] = lifespan
    app = Starlette(routes=routes, lifespan=start)
    app.state.home = state
    return app


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _clock(request: Request) -> Response:
    try:
        body = _Move.model_validate_json(await request.body())
    except ValidationError as error:
        return JSONResponse({"message": str(error)}, status_code=400)
    for code in COMPANIES:
        file = CompanyFile(request.app.state.home, code)
        file.move_clock(body.advance_seconds)
        file.close()
    return JSONResponse({"status": "ok"})


async def _people(request: Request) -> Response:
    code, act = request.path_params["company"], request.path_params["act"]
    if code not in COMPANIES or act not in _ACTS:
        return JSONResponse({"message": f"There is no {act} in {code}."}, status_code=404)
    file = CompanyFile(request.app.state.home, code)
    file.user_key = SYSTEM_USER_KEY
    try:
        answer = _ACTS[act](file, await request.body())
    except ValidationError as error:
        return JSONResponse({"message": str(error)}, status_code=400)
    except NotAllowedError as error:
        return JSONResponse({"message": str(error)}, status_code=409)
    finally:
        file.close()
    return JSONResponse(answer)


async def _boi_faults(request: Request) -> Response:
    try:
        body = (
            _Fault.model_validate_json(await request.body()) if request.method == "POST" else None
        )
    except ValidationError as error:
        return JSONResponse({"message": str(error)}, status_code=400)
    for code in COMPANIES:
        file = CompanyFile(request.app.state.home, code)
        if body is None:
            control.disarm_all(file)
        elif body.company in {"", code}:
            control.arm(file, control.NewBoiFault(**body.model_dump(exclude={"company"})))
        file.close()
    return JSONResponse({"status": "ok"})


def _cash_receipts(file: CompanyFile, body: bytes) -> Answer:
    return post_cash_receipts(file, _Receipts.model_validate_json(body).posting_date)


def _sales_journal(file: CompanyFile, body: bytes) -> Answer:
    return post_sales_journal(file, _Posting.model_validate_json(body).posting_date)


def _daily_transaction_register(file: CompanyFile, body: bytes) -> Answer:
    return post_daily_transaction_register(file, _Posting.model_validate_json(body).posting_date)


def _enter_invoice(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Invoice.model_validate_json(body)
    lines = None
    if wanted.lines is not None:
        lines = [Shipped(line.line_key, line.quantity) for line in wanted.lines]
    return enter_invoice(file, wanted.sales_order_no, invoice_date=wanted.invoice_date, lines=lines)


def _enter_ar_invoice(file: CompanyFile, body: bytes) -> Answer:
    wanted = _ArInvoice.model_validate_json(body)
    invoice = ArInvoice(
        customer_no=wanted.customer,
        amount=wanted.amount,
        customer_po=wanted.customer_po,
        invoice_date=wanted.invoice_date,
        account=wanted.account,
    )
    return enter_ar_invoice(file, invoice)


def _delete_sales_order(file: CompanyFile, body: bytes) -> Answer:
    return delete_sales_order(file, _Order.model_validate_json(body).sales_order_no)


def _recalculate_tax(file: CompanyFile, body: bytes) -> Answer:
    return recalculate_tax(file, _EnteredInvoice.model_validate_json(body).invoice_no)


def _delete_invoice(file: CompanyFile, body: bytes) -> Answer:
    return delete_invoice(file, _EnteredInvoice.model_validate_json(body).invoice_no)


def _delete_cash_receipt(file: CompanyFile, body: bytes) -> Answer:
    return delete_cash_receipt(file, _Check.model_validate_json(body).check_no)


def _reverse_cash_receipt(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Reversal.model_validate_json(body)
    return reverse_cash_receipt(file, wanted.check_no, deposit_date=wanted.deposit_date)


def _create_record(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Change.model_validate_json(body)
    return create_record(file, wanted.table, wanted.key, wanted.values)


def _change_record(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Change.model_validate_json(body)
    return change_record(file, wanted.table, wanted.key, wanted.values)


def _delete_record(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Record.model_validate_json(body)
    return delete_record(file, wanted.table, wanted.key)


def _renumber_record(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Renumbering.model_validate_json(body)
    return renumber_record(file, wanted.table, wanted.key, wanted.to)


def _merge_records(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Renumbering.model_validate_json(body)
    return merge_records(file, wanted.table, wanted.key, wanted.to)


def _begin_write(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Record.model_validate_json(body)
    return begin_write(file, wanted.table, wanted.key)


def _end_writes(file: CompanyFile, _body: bytes) -> Answer:
    return end_writes(file)


def _turn_option(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Option.model_validate_json(body)
    return turn_option(file, wanted.option, on=wanted.on)


def _ap_invoices(file: CompanyFile, body: bytes) -> Answer:
    return post_ap_invoices(file, _Posting.model_validate_json(body).posting_date)


def _manual_checks(file: CompanyFile, body: bytes) -> Answer:
    return post_manual_checks(file, _Posting.model_validate_json(body).posting_date)


def _receipts(file: CompanyFile, body: bytes) -> Answer:
    return post_receipts(file, _Posting.model_validate_json(body).posting_date)


def _delete_bill(file: CompanyFile, body: bytes) -> Answer:
    bill = _Bill.model_validate_json(body)
    key = {"VendorNo": bill.vendor_no, "InvoiceNo": bill.invoice_no}
    return delete_ap_document(file, "AP_Invoice", **key)


def _delete_check(file: CompanyFile, body: bytes) -> Answer:
    check = _ApCheck.model_validate_json(body)
    key = {"BankCode": check.bank_code, "CheckNo": check.check_no}
    return delete_ap_document(file, "AP_ManualCheck", **key)


def _lock(file: CompanyFile, body: bytes) -> Answer:
    wanted = _Lock.model_validate_json(body)
    control.lock(file, wanted.table, wanted.key, wanted.seconds)
    return wanted.model_dump()


_ACTS: dict[str, Callable[[CompanyFile, bytes], Answer]] = {
    "post_cash_receipts": _cash_receipts,
    "post_sales_journal": _sales_journal,
    "post_daily_transaction_register": _daily_transaction_register,
    "enter_invoice": _enter_invoice,
    "enter_ar_invoice": _enter_ar_invoice,
    "recalculate_tax": _recalculate_tax,
    "delete_sales_order": _delete_sales_order,
    "delete_invoice": _delete_invoice,
    "delete_cash_receipt": _delete_cash_receipt,
    "reverse_cash_receipt": _reverse_cash_receipt,
    "create_record": _create_record,
    "change_record": _change_record,
    "delete_record": _delete_record,
    "renumber_record": _renumber_record,
    "merge_records": _merge_records,
    "begin_write": _begin_write,
    "end_writes": _end_writes,
    "turn_option": _turn_option,
    "post_ap_invoices": _ap_invoices,
    "post_manual_checks": _manual_checks,
    "post_receipts": _receipts,
    "delete_ap_invoice": _delete_bill,
    "delete_manual_check": _delete_check,
    "lock": _lock,
}
