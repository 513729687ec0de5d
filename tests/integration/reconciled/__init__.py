"""KPIs computed a second time, with pandas, from the definitions of the KPI catalogue alone.

Belongs here: one function per KPI over the published core facts, written without looking at the project's SQL, and the
comparison with `kpi.kpi_values`. Not here: which home is compared (`test_reconciled_kpis.py`).
"""
