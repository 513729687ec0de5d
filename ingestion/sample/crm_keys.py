"""Under which key each CRM of the sample company keeps a lead, its contact, its organisation and its deals.

Belongs here: SQL over the tables `lead` (column n) and `deal` (columns n and d), by their column `crm`. Not here: the
forms of the exports.
"""

from __future__ import annotations

LEAD_NO = "('XS' || (100001 + n)::varchar)"
CUSTOMER_NO = "('KH' || (200001 + n)::varchar)"
DEAL_NO = "('SJ' || (300001 + d)::varchar)"


def salesforce_id(prefix: str, number: str) -> str:
    """SQL of an 18-character id."""
    return f"('{prefix}5g' || lpad(({number})::varchar, 10, '0') || 'IAM')"


LEAD_ID, CONTACT_ID, ACCOUNT_ID = (salesforce_id(prefix, "n") for prefix in ("00Q", "003", "001"))
DEAL_ID = salesforce_id("006", "d")
# HubSpot counts each kind of record for itself; a contact that was entered twice has the second number
HUB_CONTACT, HUB_TWIN = "(51000000001 + n * 10)::varchar", "(51000000001 + n * 10 + 5)::varchar"
HUB_COMPANY, HUB_DEAL = "(9100000001 + n * 10)::varchar", "(12000000001 + d * 10)::varchar"

LEAD = f"CASE crm WHEN 'crm_cn' THEN {LEAD_NO} WHEN 'salesforce' THEN {LEAD_ID} ELSE {HUB_CONTACT} END"
DEAL = f"CASE crm WHEN 'crm_cn' THEN {DEAL_NO} WHEN 'salesforce' THEN {DEAL_ID} ELSE {HUB_DEAL} END"
#: Key of the organisation, as the clean lake has it.
CUSTOMER = (
    f"CASE crm WHEN 'crm_cn' THEN {CUSTOMER_NO} WHEN 'salesforce' THEN {ACCOUNT_ID} "
    f"ELSE 'company:' || {HUB_COMPANY} END"
)
#: Key of the lead's own customer record before there is an organisation.
PROSPECT = (
    f"CASE crm WHEN 'crm_cn' THEN {LEAD_NO} WHEN 'salesforce' THEN {LEAD_ID} ELSE 'contact:' || {HUB_CONTACT} END"
)
