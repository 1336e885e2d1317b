"""Who buys in the demo, besides the customers that the shops have from the start.

Invented people and places; addresses in REST shape.
"""

from tieout.simulators.shopify.demo_people import COMPANY_BASE, address, person
from tieout.simulators.shopify.shapes import Json

HOTEL: Json = {"id": COMPANY_BASE + 1, "location_id": COMPANY_BASE + 11, "name": "Seagrass Hotels"}

_HOTEL_OFFICE = address(
    "Ines",
    "Duarte",
    street="900 Market Street",
    second="Floor 4",
    city="Boston",
    zip_code="02110",
    region="MA",
    company="Seagrass Hotels",
    phone="+1 617-555-0164",
)
HOTEL_SITE = address(
    "Receiving",
    "Dock",
    street="3 Pier Road",
    city="Newport",
    zip_code="02840",
    region="RI",
    company="Seagrass Hotels, Newport house",
    phone="+1 401-555-0118",
)
HOTEL_BUYER = person(1, "Ines", "Duarte", "ines.duarte@seagrass.example", _HOTEL_OFFICE)

GUEST_ADDRESS = address(
    "Sam", "Rivers", street="77 Mill Lane", city="Albany", zip_code="12207", region="NY"
)
ACCENTS = person(
    2,
    "Zoé",
    "Müller",
    "zoe.mueller@mailbox.example",
    address(
        "Zoé",
        "Müller",
        street="14 Rue du Café",
        city="Montpelier",
        zip_code="05602",
        region="VT",
        company="Café Éclair",
    ),
)
SLASHED = person(
    3,
    "Łukasz",
    "Wójcik",
    "lukasz.wojcik@mailbox.example",
    address(
        "Łukasz",
        "Wójcik",
        street="208 Greenpoint Ave",
        city="Brooklyn",
        zip_code="11222",
        region="NY",
    ),
)
CHINESE = person(
    4,
    "王小明",
    "",
    "xiaoming.wang@mailbox.example",
    address("王小明", "", street="52 Canal Street", city="New York", zip_code="10002", region="NY"),
)
NEW_BUYER = person(
    5,
    "Priya",
    "Raman",
    "priya.raman@mailbox.example",
    address(
        "Priya", "Raman", street="6 Orchard Close", city="Nashua", zip_code="03060", region="NH"
    ),
)
BRITISH = person(
    6,
    "Harriet",
    "Shaw",
    "harriet.shaw@mailbox.example",
    address(
        "Harriet",
        "Shaw",
        street="9 Tinker Street",
        city="Leeds",
        zip_code="LS1 4AP",
        region="ENG",
        country="GB",
    ),
)
WORKED = person(
    7,
    "Dana",
    "Okafor",
    "dana.okafor@mailbox.example",
    address(
        "Dana",
        "Okafor",
        street="410 Wharf Street",
        second="Suite 3",
        city="Portland",
        zip_code="04101",
        region="ME",
        phone="+1 207-555-0142",
    ),
)
HONG_KONG = person(
    8,
    "陳大文",
    "",
    "taiman.chan@postbox.example",
    address(
        "陳大文",
        "",
        street="Flat 5, 18 Queen's Road",
        city="Hong Kong",
        zip_code="",
        region="",
        country="HK",
        phone="+852 5550 1188",
    ),
)
HONG_KONG_GUEST = address(
    "K",
    "Leung",
    street="Room 2, 31 Wing Hong Street",
    city="Hong Kong",
    zip_code="",
    region="",
    country="HK",
)
