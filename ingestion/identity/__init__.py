"""Identity: which source customer records are one customer, with ids that stay.

Belongs here: matching by tokens, clusters, lasting ids, the snapshot `customer_link`. Not here: clear values (the
vault), looking `customer_id` up in facts (dbt and the catalog).
"""
