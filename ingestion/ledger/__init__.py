"""The ledger: what came, what became of it, what was built, judged and published.

Belongs here: the database's schema, its migrations and queries. Not here: files, records, decisions.
"""
