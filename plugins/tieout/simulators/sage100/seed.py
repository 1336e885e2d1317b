"""Fill new company files with master data: customers, vendors, items, warehouses, accounts, taxes.

The books open empty: no documents, no postings. Facts come from tieout.simulators.company; a file
that has been filled is left alone.
"""

from decimal import Decimal
from pathlib import Path

from tieout.simulators.company import COMPANIES, Company
from tieout.simulators.company_lists import CHARGE_ITEMS
from tieout.simulators.sage100.store import CompanyFile, Row, company_path

SYSTEM_USER_KEY = "0000000001"
INTEGRATION_USER_KEY = "0000000012"
_DIVISION = "00"
_TERMS = (("00", "Due on receipt", 0), ("01", "Net 10 days", 10), ("30", "Net 30 days", 30))
_VENDORS = (
    ("0000100", "Bright Metal Works", "N"),
    ("0000200", "Valley Linen Mills", "Y"),
    ("0000300", "Casco Power & Light", "N"),
)
"""Number, name, and whether its bills come in through receipt of invoice."""
_NUMBERED_FROM = {"customer": 9000, "sales_order": 1000, "invoice": 300}
_TYPE_BY_FIRST_DIGIT = {"1": "1", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6"}


def create_companies(home: Path) -> None:
    """Create and fill the files of every company that has none in ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    for company in COMPANIES.values():
        file = CompanyFile(home, company.code)
        file.user_key = SYSTEM_USER_KEY
        with file.transaction():
            file.create_tables()
            if file.row("SY_Company") is None:
                _fill(file, company)
        file.close()


def is_created(home: Path) -> bool:
    """Say whether ``home`` is the home folder of an installed Sage 100."""
    return all(company_path(home, code).exists() for code in COMPANIES)


def account_keys(file: CompanyFile) -> dict[str, str]:
    """Return AccountKey by formatted account number."""
    return {row.text("Account"): row.text("AccountKey") for row in file.rows("GL_Account")}


def _fill(file: CompanyFile, company: Company) -> None:
    _fill_system(file, company)
    _fill_ledger(file, company)
    _fill_taxes(file, company)
    _fill_stock(file, company)
    _fill_charges(file)
    _fill_product_lines(file, company)
    _fill_customers(file, company)
    _fill_vendors(file)
    for name, value in _NUMBERED_FROM.items():
        file.run("INSERT INTO _next_number (name, value) VALUES (?, ?)", name, value)


def _fill_system(file: CompanyFile, company: Company) -> None:
    row = Row(CompanyCode=company.code, CompanyName=company.name, AllowExternalAccess="Y")
    row.update(AddressLine1=company.address, City=company.city, EnableWebServices="N")
    row.update(CountryCode="USA" if company.country_code == "US" else "HKG")
    file.insert("SY_Company", row)
    users = ((SYSTEM_USER_KEY, "ADM", "Admin"), (INTEGRATION_USER_KEY, "TIE", "tieout"))
    for key, code, logon in users:
        values = Row(UserKey=key, UserCode=code, UserLogon=logon, Active="Y", EnableCSODBC="Y")
        file.insert("SY_User", values)


def _fill_ledger(file: CompanyFile, company: Company) -> None:
    for account in company.accounts:
        if not account.sage_account:
            continue
        main = account.sage_account.split("-")[0]
        kind = _TYPE_BY_FIRST_DIGIT[main[0]]
        values = Row(AccountKey=account.sage_key, AccountDesc=account.name, Status="A")
        values.update(
            Account=account.sage_account, RawAccount=account.sage_account.replace("-", "")
        )
        values.update(MainAccountCode=main, AccountType=kind, CompanyCode=company.code)
        file.insert("GL_Account", values)
        values = Row(SegmentNo="01", MainAccountCode=main, MainAccountDesc=account.name, Status="A")
        file.insert("GL_MainAccount", {**values, "AccountType": kind})
    keys = account_keys(file)
    for bank in company.banks:
        cash = keys[bank.sage_account]
        file.insert("GL_Bank", Row(BankCode=bank.code, CashAccountKey=cash, BankDesc=bank.name))
    division = Row(ARDivisionNo=_DIVISION, ARDivisionDesc=company.name[:30])
    division.update(AccountsReceivableAcctKey=keys["120-00"], CashAcctKey=keys["100-00"])
    division.update(FreightAcctKey=keys["410-00"], SalesTaxAcctKey=keys["220-00"])
    division["DiscountsAllowedAcctKey"] = keys["425-00"]
    file.insert("AR_Division", division)
    for code, name, days in _TERMS:
        values = Row(TermsCode=code, TermsCodeDesc=name, DaysBeforeDue=Decimal(days))
        file.insert("AR_TermsCode", values)


def _fill_taxes(file: CompanyFile, company: Company) -> None:
    payable = account_keys(file)["220-00"]
    for tax in company.taxes:
        schedule, code = tax.sage_schedule, tax.sage_code
        file.insert("SY_SalesTaxSchedule", Row(TaxSchedule=schedule, TaxScheduleDesc=tax.title))
        values = Row(TaxSchedule=schedule, ScheduleSeqNo="000001", TaxCode=code)
        file.insert("SY_SalesTaxScheduleDetail", values)
        values = Row(TaxCode=code, TaxCodeDesc=tax.title, TaxRate=tax.rate * 100)
        file.insert(
            "SY_SalesTaxCode", {**values, "TaxableFreight": "Y", "SalesTaxAcctKey": payable}
        )
    for group in company.tax_groups:
        schedule = group.sage_schedule
        file.insert("SY_SalesTaxSchedule", Row(TaxSchedule=schedule, TaxScheduleDesc=group.title))
        for place, code in enumerate(group.sage_codes, 1):
            values = Row(TaxSchedule=schedule, ScheduleSeqNo=f"{place:06d}", TaxCode=code)
            file.insert("SY_SalesTaxScheduleDetail", values)


def _fill_stock(file: CompanyFile, company: Company) -> None:
    keys = account_keys(file)
    for warehouse in company.warehouses:
        values = Row(WarehouseCode=warehouse.code, WarehouseDesc=warehouse.name)
        file.insert("IM_Warehouse", {**values, "WarehouseName": warehouse.name})
    for item in company.items:
        on_hand = Decimal(sum(item.quantity_by_warehouse.values()))
        values = Row(ItemCode=item.code, ItemType="1", ItemCodeDesc=item.description)
        values.update(ProductType="F", Valuation="2", ProductLine=item.product_line, TaxClass="TX")
        values.update(UseInAR="Y", UseInSO="Y", UseInPO="Y", AllowBackOrders="Y", AllowReturns="Y")
        values.update(SalesUnitOfMeasure="EACH", StandardUnitOfMeasure="EACH", InactiveItem="N")
        values.update(PurchaseUnitOfMeasure="EACH", DefaultWarehouseCode="000")
        values.update(SalesUMConvFctr=Decimal(1), PurchaseUMConvFctr=Decimal(1))
        values.update(StandardUnitPrice=item.list_price, StandardUnitCost=item.unit_cost)
        values.update(AverageUnitCost=item.unit_cost, LastTotalUnitCost=item.unit_cost)
        values.update(TotalQuantityOnHand=on_hand, TotalInventoryValue=on_hand * item.unit_cost)
        values.update(SalesAcctKey=keys["400-00"], InventoryAcctKey=keys["130-00"])
        file.insert("CI_Item", {**values, "CostOfGoodsSoldAcctKey": keys["500-00"]})
        for code, quantity in item.quantity_by_warehouse.items():
            values = Row(ItemCode=item.code, WarehouseCode=code, AverageCost=item.unit_cost)
            values.update(QuantityOnHand=Decimal(quantity))
            values.update(TotalWarehouseValue=quantity * item.unit_cost)
            file.insert("IM_ItemWarehouse", values)


def _fill_charges(file: CompanyFile) -> None:
    """Create the items by which people charge what is no goods: an amount on an account, no tax."""
    keys = account_keys(file)
    for code, account, description in (line.split("|") for line in CHARGE_ITEMS.splitlines()):
        values = Row(ItemCode=code, ItemType="5", ItemCodeDesc=description, TaxClass="NT")
        values.update(UseInAR="Y", UseInSO="Y", UseInPO="N", InactiveItem="N")
        values.update(SalesUnitOfMeasure="EACH", StandardUnitOfMeasure="EACH")
        values.update(SalesUMConvFctr=Decimal(1), SalesAcctKey=keys[account])
        file.insert("CI_Item", values)


def _fill_product_lines(file: CompanyFile, company: Company) -> None:
    keys = account_keys(file)
    for code in sorted({item.product_line for item in company.items}):
        values = Row(ProductLine=code, ProductLineDesc=code.title(), ProductType="F", Valuation="2")
        for use in ("Standard", "Sales", "Purchase"):
            values[f"{use}UnitOfMeasure"] = "EACH"
        values.update(SalesAcctKey=keys["400-00"], InventoryAcctKey=keys["130-00"])
        values.update(CostOfGoodsSoldAcctKey=keys["500-00"], TaxClass="TX")
        file.insert("IM_ProductLine", values)


def _fill_vendors(file: CompanyFile) -> None:
    keys = account_keys(file)
    division = Row(APDivisionNo=_DIVISION, APDivisionDesc="Trade vendors")
    division.update(AccountsPayableAcctKey=keys["200-00"], CashAcctKey=keys["100-00"])
    division.update(DiscountsEarnedOrTakenAcctKey=keys["430-00"], FreightAcctKey=keys["615-00"])
    file.insert("AP_Division", {**division, "SalesTaxAcctKey": keys["625-00"]})
    for code, name, days in _TERMS:
        values = Row(TermsCode=code, TermsCodeDesc=name, DaysBeforeDue=Decimal(days))
        file.insert("AP_TermsCode", values)
    for number, name, through_receipt in _VENDORS:
        values = Row(APDivisionNo=_DIVISION, VendorNo=number, VendorName=name, TermsCode="30")
        values.update(VendorStatus="A", HoldPayment="N", SeparateCheck="N", CountryCode="USA")
        file.insert("AP_Vendor", {**values, "UsePOReceiptOfInvForVendor": through_receipt})


def _fill_customers(file: CompanyFile, company: Company) -> None:
    salesperson = Row(SalespersonDivisionNo=_DIVISION, SalespersonNo="0100")
    file.insert("AR_Salesperson", {**salesperson, "SalespersonName": "House account"})
    schedule = company.taxes[0].sage_schedule
    opened = file.local_now().date().isoformat()
    for customer in company.customers:
        values = Row(ARDivisionNo=_DIVISION, CustomerNo=customer.sage_no)
        values.update(CustomerName=customer.name, EmailAddress=customer.email)
        values.update(AddressLine1=customer.address1, AddressLine2=customer.address2)
        values.update(City=customer.city, State=customer.province_code, ZipCode=customer.zip)
        values.update(CountryCode=customer.country_code3, TelephoneNo=customer.phone)
        values.update(TermsCode="00", TaxSchedule=schedule, OpenItemCustomer="Y")
        values.update(CustomerStatus="A", CreditHold="N", PriceLevel="", DateEstablished=opened)
        file.insert("AR_Customer", values)
