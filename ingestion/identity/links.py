"""From edges to customers with lasting ids.

Belongs here: connected components, which id a cluster keeps or gets, merges and splits. Not here: finding edges
(`matching.py`), files (`resolve.py`).

An id stays with its earliest record (the one that the earliest delivery brought; then by system and key). A cluster
that holds the earliest records of several ids keeps the id of the earliest of all: the others were merged into it. A
cluster that holds none gets a new id, made from its smallest (source_system, own_key) by the keyed token: so any order
of deliveries gives the same ids as long as no rule joins customers that had ids of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.identity.matching import ALONE, DETERMINISTIC_RULES
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import hash_forms

ID_PREFIX = "c_"
ID_LETTERS = 20  # of 16 each: 80 bits
_RANKS = ", ".join(f"('{rule}', {rank})" for rank, rule in enumerate(DETERMINISTIC_RULES))
_EARLIEST = "row(since_delivery_seq, source_system, own_key, source_customer_key)"


def clusters(edges: pa.Table, record_count: int) -> pa.Table:
    """Table (record, cluster): connected components, numbered by their smallest record."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not record_count:
        return pa.table({"record": pa.array([], pa.int64()), "cluster": pa.array([], pa.int64())})
    a, b = edges["a"].to_numpy(), edges["b"].to_numpy()
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(record_count, record_count))
    _, labels = connected_components(graph, directed=False)
    return pa.table({"record": np.arange(record_count, dtype=np.int64), "cluster": labels.astype(np.int64)})


def make_links(connection: Any, edges: pa.Table, cluster_of: pa.Table, keys: Keys) -> None:
    """Make the temp tables `new_link` and `identity_change` from `identity_record` and `previous_link`.

    - `new_link`: the columns of the entity customer_link.
    - `identity_change`: (kind, from_customer_id, to_customer_id, record_count); kind is merge where the former id is
      gone, split where it goes on with other records.
    """
    connection.register("cluster_of", cluster_of)
    connection.register("edge", edges)
    connection.execute(
        """
        create or replace temp table member as
        select identity_record.*, cluster from identity_record join cluster_of using (record)
        """
    )
    connection.execute(
        f"""
        create or replace temp table cluster_id as
        with claim as (
            select
                previous_link.customer_id,
                arg_min(cluster, {_EARLIEST}) as cluster,
                min({_EARLIEST}) as earliest
            from (select member.* exclude (since_delivery_seq), previous_link.since_delivery_seq,
                    previous_link.customer_id
                from member join previous_link using (source_system, source_customer_key)) as previous_link
            group by previous_link.customer_id
        )
        select cluster, arg_min(customer_id, earliest) as customer_id from claim group by cluster
        """
    )
    _give_new_ids(connection, keys)
    connection.execute(
        f"""
        create or replace temp table new_link as
        with incident as (
            select a as record, rule, probability from edge union all select b, rule, probability from edge
        ),
        strongest as (
            select
                record,
                arg_min(rule, row(coalesce(rank, 99), -probability, rule)) as rule,
                arg_min(probability, row(coalesce(rank, 99), -probability, rule)) as probability
            from incident left join (values {_RANKS}) as known (rule, rank) using (rule)
            group by record
        )
        select
            source_system, source_customer_key, customer_id, since_delivery_seq,
            coalesce(rule, '{ALONE}') as rule, coalesce(probability, 1.0)::double as probability
        from member join cluster_id using (cluster) left join strongest using (record)
        """
    )
    connection.execute(
        """
        create or replace temp table identity_change as
        select
            case when former.customer_id in (select customer_id from new_link) then 'split' else 'merge' end as kind,
            former.customer_id as from_customer_id, new_link.customer_id as to_customer_id, count(*) as record_count
        from previous_link as former join new_link using (source_system, source_customer_key)
        where former.customer_id <> new_link.customer_id
        group by all
        """
    )
    connection.unregister("cluster_of")
    connection.unregister("edge")
    for table in ("member", "cluster_id"):
        connection.execute(f"drop table {table}")


def _give_new_ids(connection: Any, keys: Keys) -> None:
    """Add ids to `cluster_id` for the clusters that have none."""
    attempt = 0
    while True:
        waiting = connection.execute(
            """
            select cluster, min(row(source_system, own_key)) as first
            from member anti join cluster_id using (cluster) group by cluster order by cluster
            """
        ).to_arrow_table()
        if not waiting.num_rows:
            return
        first = waiting["first"].combine_chunks()
        system, own_key = (pc.struct_field(first, [place]).cast(pa.string()) for place in (0, 1))
        separator = "\x1f" if not attempt else f"\x1f{attempt}\x1f"
        tokens = hash_forms(pc.binary_join_element_wise(system, own_key, separator), "customer_id", keys)
        ids = pc.binary_join_element_wise(ID_PREFIX, pc.utf8_slice_codeunits(tokens, 0, ID_LETTERS), "")
        connection.register("candidate", pa.table({"cluster": waiting["cluster"], "customer_id": ids}))
        # an id that lives on with other records (after a split) is not given again
        connection.execute(
            "insert into cluster_id select cluster, customer_id from candidate "
            "anti join (select customer_id from cluster_id) using (customer_id) "
            "qualify row_number() over (partition by customer_id order by cluster) = 1"
        )
        connection.unregister("candidate")
        attempt += 1
