"""Cleaning: one module per kind of column, each giving SQL for the cleaned value and the reasons why it may fail.

Belongs here: kinds. Not here: reading files, what becomes of a failed value (`ingestion/batch`).
"""
