"""Chinese administrative divisions: the table of GB/T 2260 and finding a division in an address.

Belongs here: `divisions.csv` (as of 31 December 2024) and `former_divisions.csv` (names since 2002 that are gone, with
what they are today), reading them (`table.py`), finding names (`scan.py`) and divisions (`find.py`). How the tables
were assembled: docs/divisions.md. Not here: the kind address (`ingestion/cleaning/address.py`).
"""
