"""A batch: all new deliveries of one contract on their way from files to staged parts of the lake.

Belongs here: reading together, cleaning, settling, protecting, writing and accounting. Not here: receiving files
(`ingestion/receive.py`), committing what was staged (`ingestion/commit.py`).
"""
