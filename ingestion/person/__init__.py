"""One person in everything that a home holds: finding, exporting, erasing, and keeping the person erased.

Belongs here: which records, tokens and files are a person's, and what takes their place. Not here: tokens and the vault
(`ingestion/privacy`), published versions (`publishing/erase.py`), commands and roles (`orchestration`).
"""
