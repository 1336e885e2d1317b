"""The lists that company.py makes its companies from: plain text, one entry a line.

Only facts and names; what they mean is said in company.py.
"""

# One account a line: Xero code | Xero type | Xero system account | Sage 100 account | name.
ACCOUNTS = """\
090|BANK||100-00|Operating bank account
091|BANK||106-00|Shopify Payments clearing
092|BANK||107-00|PayPal clearing
093|BANK||108-00|Manual payments clearing
094|BANK||109-00|Petty cash
610|CURRENT|DEBTORS|120-00|Accounts receivable
|||130-00|Inventory
620|PREPAYMENT||140-00|Prepaid expenses
630|CURRENT||145-00|Stock purchases
710|FIXED||150-00|Office equipment
711|FIXED||151-00|Accumulated depreciation, office equipment
800|CURRLIAB|CREDITORS|200-00|Accounts payable
|||205-00|Purchases clearing
820|CURRLIAB|GST|220-00|Sales tax payable
825|CURRLIAB||225-00|Payroll taxes payable
|||230-00|Customer deposits
840|CURRLIAB||240-00|Gift cards outstanding
850|CURRLIAB||245-00|Marketplace tax held
860|CURRLIAB|ROUNDING|690-00|Rounding
900|TERMLIAB||270-00|Term loan
960|EQUITY|RETAINEDEARNINGS|300-00|Retained earnings
970|EQUITY||310-00|Owners' capital
200|REVENUE||400-00|Sales
260|REVENUE||410-00|Freight charged
265|REVENUE||420-00|Refund adjustments
270|OTHERINCOME||430-00|Interest income
|||500-00|Cost of goods sold
|||510-00|Purchase price variance
400|EXPENSE||600-00|Advertising
404|EXPENSE||605-00|Payment processing fees
406|EXPENSE||606-00|Chargeback losses
412|EXPENSE||610-00|Consulting and accounting
425|EXPENSE||615-00|Freight and courier out
445|EXPENSE||620-00|Light, power and heating
453|EXPENSE||625-00|Office expenses
469|EXPENSE||630-00|Rent
477|EXPENSE||635-00|Wages and salaries
485|EXPENSE||640-00|Subscriptions
493|EXPENSE||645-00|Travel
497|EXPENSE|BANKCURRENCYGAIN||Bank revaluations
|||425-00|Sales discounts
499|EXPENSE|REALISEDCURRENCYGAIN|695-00|Realised currency gains
640|CURRENT||148-00|Held back by payment gateways
"""

# One miscellaneous item of Sage 100 a line: code | account | description.
CHARGE_ITEMS = """\
/CHANNELTAX|245-00|Tax remitted by marketplace
/SALESTAX|220-00|Sales tax
/ROUNDING|690-00|Rounding
"""

# One family a line: code prefix | noun | price of its first item | share of cost | product line.
ITEM_FAMILIES = """\
MUG|coffee mug|11.50|0.34|KTCH
BOWL|serving bowl|24.00|0.38|KTCH
PLATE|dinner plate|14.75|0.36|KTCH
TRAY|serving tray|32.50|0.41|KTCH
BOARD|cutting board|38.95|0.43|KTCH
KETTLE|kettle|64.00|0.47|KTCH
PITCHER|pitcher|29.90|0.39|KTCH
CANDLE|candle|17.25|0.29|HOME
VASE|vase|33.80|0.37|HOME
FRAME|picture frame|21.49|0.35|HOME
CLOCK|wall clock|54.95|0.44|HOME
MIRROR|round mirror|89.00|0.48|HOME
BASKET|storage basket|27.60|0.40|HOME
HOOK|coat hook|9.95|0.33|HOME
SHELF|wall shelf|47.20|0.45|FURN
STOOL|stool|79.50|0.49|FURN
BENCH|hall bench|185.00|0.52|FURN
TABLE|side table|129.00|0.51|FURN
CHAIR|dining chair|149.00|0.50|FURN
RACK|shoe rack|58.30|0.46|FURN
LAMP|floor lamp|98.75|0.42|LITE
SHADE|lamp shade|36.40|0.40|LITE
SCONCE|wall sconce|72.15|0.43|LITE
LANTERN|lantern|41.85|0.41|LITE
BULB|filament bulb|8.99|0.31|LITE
THROW|throw|67.00|0.44|TEXT
PILLOW|pillow cover|28.45|0.37|TEXT
TOWEL|bath towel|22.95|0.36|TEXT
APRON|apron|31.20|0.38|TEXT
RUG|entry rug|112.00|0.47|TEXT
"""
FINISHES = """\
Walnut
Oak
Slate blue
Brass
Terracotta
Moss green
Café
Natural linen
Charcoal
Ivory
"""

# One item a line: code | description | price | cost | product line | variant id | on hand.
LLT_ITEMS = """\
LL-TEA-01|Jasmine pearl tea, 100 g|99.00|38.50|TEA|50398373085484|160
LL-BOARD-01|Green snowboard, 150 cm|100.00|46.00|SPRT|50451770802476|85
LL-BOARD-02|Green snowboard, 158 cm|100.00|47.20|SPRT|50460159541548|70
LL-CUP-01|Celadon tea cup|68.00|22.40|WARE|72000000000001|220
LL-POT-01|Yixing clay teapot|388.00|152.00|WARE|72000000000002|48
LL-TEA-02|Aged pu-erh cake, 357 g|268.00|104.00|TEA|72000000000003|90
LL-TEA-03|Tie Guan Yin oolong, 150 g|158.00|61.30|TEA|72000000000004|130
LL-TRAY-01|Bamboo tea tray|228.00|89.00|WARE|72000000000005|36
LL-CADDY-01|Lacquered tea caddy|178.00|70.10|WARE|72000000000006|54
LL-FAN-01|Sandalwood fan|88.00|30.25|GIFT|72000000000007|110
LL-SILK-01|Silk scarf, peony|298.00|118.00|GIFT|72000000000008|64
LL-BOX-01|Gift box, red|38.00|9.80|GIFT|72000000000009|400
"""
FIRST_NAMES = """\
Ava Noah Mia Liam José Ethan Chloé Lucas Amelia Owen Zoë Caleb Nora Miles Renée Isaac Clara Hugo
Iris Felix Björn Ruth Simon Leah Marco Inés Peter Grace Dylan Alma
"""
LAST_NAMES = """\
Whitfield Nguyen O'Connor Núñez Kowalski Bergström Harlow Patel Dubois Lindqvist Marsh Okafor Reyes
Thornton Beaumont Castillo Ferreira Goldberg Ishikawa Jansen Keller Larsen
"""
TRADES = """\
Interiors
Home Goods
Design Studio
Furnishings
Mercantile
Hospitality Group
"""
STREETS = """\
Congress Street
Harbor View Drive
Juniper Lane
Old Mill Road
Franklin Avenue
Beacon Street
Larkspur Court
Second Avenue
Quarry Road
Market Street
"""

# One town a line: city | state | postal code | area code.
TOWNS = """\
Portland|ME|04101|207
Burlington|VT|05401|802
Albany|NY|12207|518
Providence|RI|02903|401
Newark|NJ|07102|973
Richmond|VA|23219|804
Asheville|NC|28801|828
Savannah|GA|31401|912
Columbus|OH|43215|614
Madison|WI|53703|608
Boulder|CO|80302|303
San José|CA|95113|408
Seattle|WA|98101|206
"""

# One customer a line: first | last | company | street | district.
LLT_CUSTOMERS = """\
Ka Yan|Chan||Flat B, 12/F, 88 Nathan Road|Tsim Sha Tsui
Wing Kei|Lau|Harbour Tea House Ltd|Shop 3, G/F, 21 Stanley Street|Central
Mei Ling|Wong||Flat 5A, 9/F, 140 King's Road|North Point
Siu Ming|Cheung|Peak Gifts Company|Unit 1204, 33 Hung To Road|Kwun Tong
Léa|Fontaine||18/F, 2 Caine Road|Mid-Levels
Chi Hang|Ho|Sai Kung Outdoor Ltd|G/F, 7 Yi Chun Street|Sai Kung
Yuk Fong|Leung||Block 2, 30/F, 18 Tak Fung Street|Hung Hom
Tsz Kin|Yip|Yip & Sons Antiques|50 Hollywood Road|Sheung Wan
Hoi Lam|Tse||Flat C, 3/F, 66 Castle Peak Road|Yuen Long
"""
