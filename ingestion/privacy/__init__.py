"""Protection of personal data: keys, tokens, masks, the vault, scrubbing of free text, and the scan for clear values.

Belongs here: everything that sees or makes a clear identifier outside the readers. Not here: which column is what
(contracts), where tokens are used (cleaning, identity, dbt).
"""
