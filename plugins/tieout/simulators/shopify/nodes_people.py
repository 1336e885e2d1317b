"""Buyers as GraphQL shows them: customers, companies, addresses, metafields and attributes."""

import hashlib
import json

from tieout.simulators.shopify.shapes import Json, gid, tags_of, zulu_or_none
from tieout.simulators.shopify.site import Site

ADDRESS_FIELDS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "name": "name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "province": "province",
    "provinceCode": "province_code",
    "zip": "zip",
    "country": "country",
    "countryCodeV2": "country_code",
    "phone": "phone",
    "latitude": "latitude",
    "longitude": "longitude",
}


def address_node(address: Json | None, number: object) -> Json | None:
    """Return a MailingAddress."""
    if not address:
        return None
    shown: Json = {name: address.get(key) for name, key in ADDRESS_FIELDS.items()}
    return {"__typename": "MailingAddress", "id": gid("MailingAddress", number), **shown}


def customer_node(site: Site, body: Json) -> Json:
    """Return a Customer of a REST customer."""
    number = body["id"]
    first, last = body.get("first_name") or "", body.get("last_name") or ""
    email, phone = body.get("email"), body.get("phone")
    owner = gid("Customer", number)
    return {
        "__typename": "Customer",
        "_back": (site, number),
        "_sort": {"NAME": f"{last}, {first}", "UPDATED_AT": zulu_or_none(body.get("updated_at"))},
        "id": owner,
        "legacyResourceId": str(number),
        "firstName": body.get("first_name"),
        "lastName": body.get("last_name"),
        "displayName": f"{first} {last}".strip() or email or phone or "",
        "defaultEmailAddress": {"emailAddress": email} if email else None,
        "defaultPhoneNumber": {"phoneNumber": phone} if phone else None,
        "defaultAddress": address_node(
            body.get("default_address"), (body.get("default_address") or {}).get("id")
        ),
        "note": body.get("note"),
        "state": (body.get("state") or "disabled").upper(),
        "tags": tags_of(body.get("tags")),
        "taxExempt": bool(body.get("tax_exempt")),
        "verifiedEmail": bool(body.get("verified_email")),
        "createdAt": zulu_or_none(body.get("created_at")) or site.now_text(),
        "updatedAt": zulu_or_none(body.get("updated_at")) or site.now_text(),
        "numberOfOrders": lambda _info: str(len(orders_of(site, number))),
        **metafield_fields(site, owner),
    }


def orders_of(site: Site, number: object) -> list[Json]:
    """Return the records of a customer's orders."""
    return [
        record
        for record in site.orders()
        if (record["rest"].get("customer") or {}).get("id") == number
    ]


def purchasing_node(rest: Json, customer: Json | None) -> Json | None:
    """Return the PurchasingEntity: the customer, or the company of a business order."""
    company = rest.get("company")
    if company:
        name = company.get("name") or (rest.get("billing_address") or {}).get("company") or ""
        return {
            "__typename": "PurchasingCompany",
            "company": {"id": gid("Company", company["id"]), "name": name},
            "location": {
                "id": gid("CompanyLocation", company.get("location_id")),
                "name": company.get("location_name") or name,
            },
        }
    return customer


def metafield_fields(site: Site, owner: str) -> Json:
    """Return the fields ``metafield`` and ``metafields`` of an owner."""

    def several(
        _info: object, namespace: str | None = None, keys: list[str] | None = None, **_: object
    ) -> list[Json]:
        return [
            metafield_node(body)
            for body in metafields_of(site, owner)
            if namespace in (None, body["namespace"])
            and (not keys or f"{body['namespace']}.{body['key']}" in keys)
        ]

    def one(_info: object, key: str, namespace: str | None = None) -> Json | None:
        space, _, bare = key.rpartition(".")
        wanted = namespace or space or "$app"
        found = [one for one in several(_info, wanted) if one["key"] == bare]
        return found[0] if found else None

    return {"metafield": one, "metafields": several}


def metafields_of(site: Site, owner: str) -> list[Json]:
    """Return the metafield records of an owner."""
    return [body for body in site.store.all(site.domain, "metafield") if body["owner"] == owner]


def digest_of(value: str) -> str:
    """Return the digest that ``compareDigest`` compares."""
    return hashlib.sha256(value.encode()).hexdigest()


def metafield_node(body: Json) -> Json:
    """Return a Metafield."""
    return {
        "__typename": "Metafield",
        "id": gid("Metafield", body["id"]),
        "legacyResourceId": str(body["id"]),
        "namespace": body["namespace"],
        "key": body["key"],
        "type": body["type"],
        "value": body["value"],
        "jsonValue": _json_value(body),
        "compareDigest": digest_of(body["value"]),
        "ownerType": body["owner_type"],
        "createdAt": body["created_at"],
        "updatedAt": body["updated_at"],
    }


def attribute_nodes(attributes: list[Json] | None) -> list[Json]:
    """Return REST's name and value pairs as Attributes."""
    return [
        {"key": str(one.get("name")), "value": str(one.get("value"))} for one in attributes or []
    ]


def _json_value(body: Json) -> object:
    plain_text = body["type"].endswith("_text_field") or body["type"] in ("id", "url", "date_time")
    if plain_text:
        return body["value"]
    try:
        return json.loads(body["value"])
    except json.JSONDecodeError:
        return body["value"]
