"""Inference: the arithmetic that portable SQL cannot say (attribution, lifetime value, forecasts, sentiment).

Belongs here: pure functions on arrays and Arrow tables, typed, with the source of each formula; no clock, no random
numbers without a given seed, no file, no engine. Not here: reading and writing tables (thin dbt Python models under
`models/intermediate`), figures that SQL can compute, business numbers (`vars` of dbt_project.yml, given as arguments).
"""
