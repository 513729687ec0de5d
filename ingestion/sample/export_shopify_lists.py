"""The web shop's lists, exported at each year's end and at the end of the history: customers and products.

Belongs here: the form of Shopify's customer and product exports, which changed their headings over the years. Not here:
orders (`export_shopify.py`).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from ingestion.sample.constants import APOSTROPHE_SHARE
from ingestion.sample.export_shopify import PROVINCE_CODES
from ingestion.sample.outbox import Outbox, comma_separated, next_day
from ingestion.sample.products import products
from ingestion.sample.random_streams import Bools

CUSTOMERS: tuple[str, ...] = comma_separated(
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags"
)
OLD_CUSTOMERS: tuple[str, ...] = comma_separated(
    "First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,Country,"
    "Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt"
)
PRODUCTS: tuple[str, ...] = comma_separated(
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,"
    "Option1 name,Option1 value,Option1 Linked To,Price,Compare-at price,Cost per item,Charge tax,Inventory tracker,"
    "Inventory quantity,Continue selling when out of stock,Weight value (grams),Requires shipping,Fulfillment service,"
    "Product image URL,Image position,Image alt text,Gift card,SEO title,SEO description"
)
OLD_PRODUCTS: tuple[str, ...] = comma_separated(
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,"
    "Variant Fulfillment Service,Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,"
    "Variant Barcode,Image Src,Image Position,Image Alt Text,Gift Card,SEO Title,SEO Description,Cost per item,Status"
)
USD_CNY = 7.16
_NEW_FROM = 2025


def _customer_sql(headings: tuple[str, ...]) -> str:
    given = "CASE WHEN is_foreign THEN split_part(name, ' ', 1) ELSE substr(name, 2) END"
    family = "CASE WHEN is_foreign THEN split_part(name, ' ', 2) ELSE substr(name, 1, 1) END"
    area = f"CASE WHEN is_foreign THEN state_code ELSE map_extract_value(MAP {PROVINCE_CODES}, province) END"
    post = f"CASE WHEN (hash('zip', person) % 100) / 100.0 < {APOSTROPHE_SHARE} THEN '''' || postcode ELSE postcode END"
    phone = (
        "CASE WHEN shop_phone IS NULL OR is_foreign OR length(shop_phone) <> 11 THEN shop_phone "
        "ELSE '''+86' || shop_phone END"
    )
    values = {
        "Customer ID": "'''' || (6000000000000 + person * 7919)::varchar",
        "First Name": given, "Last Name": family, "Email": "email", "Phone": phone,
        "Accepts Email Marketing": "CASE WHEN accepts_marketing THEN 'yes' ELSE 'no' END",
        "Accepts SMS Marketing": "'no'", "Tax Exempt": "'no'", "Total Spent": "'0.00'", "Total Orders": "'1'",
        "Default Address Address1": "street", "Address1": "street", "Default Address City": "city", "City": "city",
        "Default Address Province Code": area, "Province Code": area, "Default Address Country Code": "country",
        "Country Code": "country", "Default Address Zip": post, "Zip": post, "Default Address Phone": phone,
        "Note": "CASE WHEN person % 19 = 0 THEN 'Calls before noon,' || chr(10) || 'never on Sundays' END",
    }  # fmt: skip
    columns = ", ".join(f"{values.get(heading, 'NULL::varchar')} AS c{i}" for i, heading in enumerate(headings))
    return f"SELECT {columns} FROM person SEMI JOIN known_buyer USING (person) ORDER BY person"


def _product_sql(headings: tuple[str, ...]) -> str:
    handle = "trim(regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g'), '-')"
    head = {
        "Title": "name", "Vendor": "'Chengyuan Home'", "Type": "line", "Status": "'active'", "Published": "'true'",
        "Published on online store": "'true'", "Gift Card": "'false'", "Gift card": "'false'",
        "Body (HTML)": "'<p>' || name || ',' || chr(10) || 'made to last</p>'",
        "Description": "'<p>' || name || '</p>'",
    }  # fmt: skip
    variant = {
        "Option1 Name": "'Title'", "Option1 name": "'Title'", "Option1 Value": "'Default Title'",
        "Option1 value": "'Default Title'", "Variant SKU": "sku", "SKU": "sku",
        "Variant Price": "format('{:.2f}', usd)", "Price": "format('{:.2f}', usd)",
        "Cost per item": f"format('{{:.2f}}', unit_cost / {USD_CNY})",
        "Variant Requires Shipping": "CASE WHEN kind = 'goods' THEN 'true' ELSE 'false' END",
        "Requires shipping": "CASE WHEN kind = 'goods' THEN 'true' ELSE 'false' END",
        "Variant Taxable": "'true'", "Charge tax": "'true'", "Variant Inventory Policy": "'deny'",
    }  # fmt: skip

    def value(heading: str) -> str:
        if heading in ("Handle", "URL handle"):
            return handle
        if heading in ("Image Src", "Product image URL"):
            return f"'https://cdn.example.com/' || {handle} || '-' || place::varchar || '.jpg'"
        if heading in ("Image Position", "Image position"):
            return "place::varchar"
        text = head.get(heading) or variant.get(heading)
        return "NULL::varchar" if text is None else f"CASE WHEN place = 1 THEN {text} END"

    columns = ", ".join(f"{value(heading)} AS c{i}" for i, heading in enumerate(headings))
    return (
        f"SELECT {columns} FROM (SELECT *, UNNEST(CASE WHEN is_star THEN [1, 2] ELSE [1] END) AS place FROM product "
        "JOIN shop_price USING (product)) ORDER BY product, place"
    )


def write_year(outbox: Outbox, last: date, buyers: Bools) -> None:
    """Both lists as of the day `last`: `buyers` says of each person whether they ordered under their first address."""
    outbox.register("known_buyer", pa.table({"person": np.flatnonzero(buyers)}))
    prices = [product.usd_price for product in products()]
    outbox.register("shop_price", pa.table({"product": range(len(prices)), "usd": prices}))
    is_new = last.year >= _NEW_FROM
    people, goods = (CUSTOMERS, PRODUCTS) if is_new else (OLD_CUSTOMERS, OLD_PRODUCTS)
    stamp = f"{last:%Y-%m-%d}"
    for export, headings, sql in (
        ("customers", people, _customer_sql(people)),
        ("products", goods, _product_sql(goods)),
    ):
        outbox.write_csv("shopify", export, f"{last:%Y}/{export}_export_{stamp}.csv", headings, sql, next_day(last))
    for name in ("known_buyer", "shop_price"):
        outbox.con.unregister(name)
