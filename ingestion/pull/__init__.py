"""Ways in beside files: databases and REST APIs, pulled into deliveries.

Belongs here: reading sources that a home declares, and landing what they give as encrypted files in the archive. From
there it takes the way of every delivery. Not here: files that people drop (`ingestion/receive.py`), reading records
(`ingestion/batch`), when a source is pulled (`orchestration`).
"""
