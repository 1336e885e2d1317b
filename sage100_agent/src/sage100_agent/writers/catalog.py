"""Which writer writes which kind of command."""

from sage100_agent.writers.base import Writer
from sage100_agent.writers.cash_receipts import CashReceiptWriter
from sage100_agent.writers.customers import CustomerWriter
from sage100_agent.writers.sales_orders import DepositWriter, SalesOrderWriter

WRITERS: dict[str, Writer] = {
    "customer.create": CustomerWriter(),
    "sales_order.create": SalesOrderWriter(),
    "sales_order.set_deposit": DepositWriter(),
    "cash_receipt.create": CashReceiptWriter(),
}
