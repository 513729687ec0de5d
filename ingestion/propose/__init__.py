"""Proposing a contract for a file that none reads yet.

Belongs here: looking at an unknown file, deciding what its columns are, writing the proposal with its reasons. Not
here: reading by contract (`ingestion/batch`), checking contracts (`ingestion/contracts`). A proposal quotes no record's
value.
"""
