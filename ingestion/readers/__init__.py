"""Reading exports: encodings, layouts, delimited text, workbooks, Parquet and JSON lines, always as text first.

Belongs here: turning a received file into rows of text with their numbers. Not here: what a value means
(`ingestion/cleaning`), which contract a file belongs to (`ingestion/contracts/recognise.py`).
"""
