"""The scan for clear personal data: exact comparison with the vault, and patterns.

Belongs here: what is found in which column, as counts. Not here: which relations are scanned and what a find closes
(expectations), what an identifier looks like (`patterns.py`). A finding never holds a value.

Exact comparison: the distinct values of every text column are brought into each identifier class's normal form,
tokenised, and compared with the vault's tokens of that class. A name, address or account name may be an ordinary word
(an employee, a city, a product line that reads like some customer): those classes are left out for columns that the
caller declares business. Values that are tokens or masks already are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.privacy import patterns, phones
from ingestion.privacy.keys import Keys
from ingestion.privacy.tokens import TEXT_CLASSES, TOKEN_PATTERN, normal_form, tokenise
from ingestion.privacy.vault import Vault

EXACT = "exact"
PATTERN = "pattern"

#: What a value must look like to be worth hashing as this class (on half-width text); other classes: any value.
_SHAPES = {
    "phone": r"^\s*[+(0-9][0-9 ().+\-·]{4,24}\s*$",
    "email": r"^\s*[^@\s]+@[^@\s]+\s*$",
    "national_id": r"^\s*[0-9A-Za-z][0-9A-Za-z \-]{5,23}\s*$",
    "passport": r"^\s*[0-9A-Za-z][0-9A-Za-z \-]{4,23}\s*$",
    "bank_card": r"^\s*[0-9][0-9 \-]{10,28}\s*$",
}
_LONGEST = 400  # octets; longer texts are free text, not one identifier
_FILE_BATCH_LINES = 200_000
_GROUP_VALUES = 1_000_000  # distinct values looked at together


@dataclass(frozen=True)
class ScanFinding:
    """Clear personal data of one class in one column (or file): how much, never what."""

    column: str
    kind: str  # exact, pattern
    identifier: str
    row_count: int
    distinct_count: int


def scan_relation(
    con: duckdb.DuckDBPyConnection,
    relation_sql: str,
    text_columns: Sequence[str],
    exempt_from_patterns: set[str],
    keys: Keys,
    vault: Vault,
    *,
    business_columns: set[str] | None = None,
    phone_regions: Sequence[str] = ("CN",),
) -> list[ScanFinding]:
    """Findings in `text_columns` of `relation_sql` (a table name or a SELECT in parentheses), by column and class.

    `exempt_from_patterns`: declared id columns, whose values may look like anything; they are compared exactly all the
    same. `business_columns`: columns whose ordinary words may read like a customer's name, address or account name
    (TEXT_CLASSES): those classes are not compared there. `phone_regions`: national number forms that are tried.
    """
    findings: list[ScanFinding] = []
    for group in _groups(con, relation_sql, text_columns):
        values = " union all ".join(
            f"select {patterns.quoted(column)} as column_name, {_name(column)}::varchar as value, "
            f"count(*) as row_count from {relation_sql} as scanned "
            f"where {_name(column)} is not null group by {_name(column)}::varchar"
            for column in group
        )
        # tokens and masks are what ought to be there
        con.execute(
            f"create or replace temp table scan_value as from ({values}) "
            f"where not regexp_matches(value, '{TOKEN_PATTERN}') "
            f"and not regexp_matches(value, {patterns.quoted(patterns.MASK_PATTERN)})"
        )
        for identifier in vault.identifiers():
            left_out = business_columns or set() if identifier in TEXT_CLASSES else set()
            findings += _exact(con, identifier, left_out, keys, vault, phone_regions)
        findings += _patterns(con, exempt_from_patterns)
    con.execute("drop table if exists scan_value")
    places = {column: place for place, column in enumerate(text_columns)}
    return sorted(findings, key=lambda finding: (places[finding.column], finding.kind, finding.identifier))


def _groups(con: duckdb.DuckDBPyConnection, relation_sql: str, columns: Sequence[str]) -> list[list[str]]:
    """Columns in groups of bounded size: one pass over each costs the same for one small column as for twenty."""
    if not columns:
        return []
    sizes = con.execute(
        f"select {', '.join(f'approx_count_distinct({_name(column)})' for column in columns)} "
        f"from {relation_sql} as scanned"
    ).fetchone()
    assert sizes is not None
    groups: list[list[str]] = []
    room = 0
    for column, size in zip(columns, sizes, strict=True):
        if not groups or size > room:
            groups.append([])
            room = _GROUP_VALUES
        groups[-1].append(column)
        room -= size
    return groups


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def scan_files(
    paths: Iterable[Path], keys: Keys, vault: Vault, *, phone_regions: Sequence[str] = ("CN",)
) -> list[ScanFinding]:
    """Findings in text files (logs, pages, JSON), one `column` per file, `row_count` in lines or words.

    Patterns run over lines. The exact comparison runs over words, runs of two and three words, and Chinese runs of two
    to four characters; names of one Latin word are not compared, since they are ordinary words too often.
    """
    findings: list[ScanFinding] = []
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as file:
            findings += scan_lines(str(path), file, keys, vault, phone_regions=phone_regions)
    return findings


def scan_lines(
    name: str,
    lines: Iterable[str],
    keys: Keys,
    vault: Vault,
    *,
    phone_regions: Sequence[str] = ("CN",),
    has_words: bool = True,
) -> list[ScanFinding]:
    """Findings in lines of text, as `scan_files` has them; `name` is the findings' `column`.

    Without `has_words` only what has the shape of an identifier is compared (numbers, ids, e-mail addresses), which is
    much faster: names, addresses and account names are not.
    """
    total: dict[tuple[str, str], list[int]] = {}
    with duckdb.connect(config={"threads": 2}) as con:
        for batch in _line_batches(lines):
            con.register("file_line", pa.table({"value": pa.array(batch, pa.string())}))
            con.execute(
                "create or replace temp table scan_value as "
                "select '' as column_name, value, count(*) as row_count from file_line group by all"
            )
            found = _patterns(con, set())
            con.execute(_WORDS_SQL if has_words else _NUMBERS_SQL)
            for identifier in vault.identifiers():
                if not has_words and identifier not in _SHAPES:
                    continue
                found += _exact(con, identifier, set(), keys, vault, phone_regions)
            for finding in found:
                counts = total.setdefault((finding.kind, finding.identifier), [0, 0])
                counts[0] += finding.row_count
                counts[1] += finding.distinct_count
    return [ScanFinding(name, kind, identifier, *counts) for (kind, identifier), counts in total.items()]


#: From lines to what may be one identifier. Quotes, brackets and mark-up bound it.
_WORDS_SQL = r"""
create or replace temp table scan_value as
with line as (
    select
        value, row_count,
        regexp_split_to_array(
            value, '[\s,;<>"''`|=\[\](){}&\x{3001}\x{3002}\x{ff01}-\x{ff0f}\x{ff1a}-\x{ff20}]+'
        ) as words
    from scan_value
),
word as (
    select unnest(words) as value, row_count from line
    union all
    select unnest(regexp_extract_all(value, '[+0-9][0-9 ().\-]{5,}[0-9Xx]')), row_count from line
    union all
    select trim(unnest(regexp_extract_all(value, '[>"'']([^<>"'']{2,60})[<"'']', 1))), row_count from line
    union all
    select unnest(list_transform(
        range(1, len(words)), lambda i: words[i] || ' ' || words[i + 1]
    )), row_count from line
    union all
    select unnest(list_transform(
        range(1, len(words) - 1), lambda i: words[i] || ' ' || words[i + 1] || ' ' || words[i + 2]
    )), row_count from line
),
chinese as (
    select unnest(regexp_extract_all(value, '[\x{4e00}-\x{9fff}·]{2,}')) as run, row_count from line
),
short as (
    select unnest(list_transform(
        range(1, len(run)), lambda i: substr(run, i, 2)
    )) as value, row_count from chinese
    union all
    select unnest(list_transform(range(1, len(run) - 1), lambda i: substr(run, i, 3))), row_count from chinese
    union all
    select unnest(list_transform(range(1, len(run) - 2), lambda i: substr(run, i, 4))), row_count from chinese
)
select '' as column_name, value, sum(row_count)::bigint as row_count
from (from word union all from short)
where len(value) >= 2
    and (regexp_matches(value, '[0-9@\s]') or regexp_matches(value, '[^\x00-\x7f]'))
    and not regexp_matches(value, '^[a-p]{32}$')
group by all
"""


#: From lines to what has the shape of a number, an id or an e-mail address.
_NUMBERS_SQL = r"""
create or replace temp table scan_value as
select '' as column_name, value, sum(row_count)::bigint as row_count
from (
    select unnest(
        regexp_extract_all(value, '[+0-9][0-9 ().\-]{5,}[0-9Xx]')
        || regexp_extract_all(value, '[0-9A-Za-z._%+\-]+@[0-9A-Za-z.\-]+')
        || regexp_extract_all(value, '\b[A-Za-z]{0,3}[0-9]{6,}[0-9A-Za-z]{0,3}\b')
    ) as value, row_count
    from scan_value where regexp_matches(value, '[0-9]{6}|[0-9][ ().\-][0-9]|@')
)
where len(value) between 6 and 60
group by all
"""


def _line_batches(lines: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for line in lines:
        # minified pages hold everything in one line
        batch += [line[start : start + 20_000] for start in range(0, len(line), 20_000)]
        if len(batch) >= _FILE_BATCH_LINES:
            yield batch
            batch = []
    if batch:
        yield batch


def _exact(
    con: duckdb.DuckDBPyConnection,
    identifier: str,
    left_out: set[str],
    keys: Keys,
    vault: Vault,
    phone_regions: Sequence[str],
) -> list[ScanFinding]:
    """Compare `scan_value`, without the columns `left_out`, with the vault's tokens of one class."""
    where = f"strlen(value) <= {_LONGEST}"
    if left_out:
        where += f" and column_name not in ({', '.join(map(patterns.quoted, sorted(left_out)))})"
    if identifier in _SHAPES:
        shape = patterns.quoted(_SHAPES[identifier])
        where += f" and regexp_matches({patterns.half_width_sql('value')}, {shape})"
    values = con.sql(f"select distinct value from scan_value where {where}").to_arrow_table()
    if not values.num_rows:
        return []
    forms = normal_form(values["value"], identifier)
    if identifier == "phone":  # the vault's are E.164; national forms differ in length and are tried below
        is_possible = pc.starts_with(forms, "+")
    else:
        lengths = pa.array(vault.form_lengths(identifier), pa.int32())
        is_possible = pc.is_in(pc.binary_length(forms), value_set=lengths)
    tokens = tokenise(forms.filter(is_possible), identifier, keys)
    tokenised = [values.filter(is_possible).append_column("token", tokens)]
    if identifier == "phone":
        tokenised += [_national(values, region, keys) for region in phone_regions]
    con.register("scan_token", pa.concat_tables(tokenised))
    hits = con.execute(
        "select column_name, sum(row_count)::bigint, count(*) from scan_value semi join "
        f"(from scan_token semi join {_vault_table(con, vault, identifier)} using (token)) using (value) "
        f"where {where} group by column_name"
    ).fetchall()
    con.unregister("scan_token")
    return [ScanFinding(column, EXACT, identifier, rows, distinct) for column, rows, distinct in hits]


def _vault_table(con: duckdb.DuckDBPyConnection, vault: Vault, identifier: str) -> str:
    """Temp table of a class's tokens on `con`: read once, as long as the vault's parts are the same."""
    parts = "\n".join(str(path) for path in vault.parts(identifier))
    name = f"scan_vault_{identifier}_{sha256(parts.encode()).hexdigest()[:16]}"
    if con.execute("select 1 from duckdb_tables() where table_name = ?", [name]).fetchone() is None:
        con.register("scan_part", vault.tokens_relation(con, identifier).to_arrow_table())
        con.execute(f"create temp table {name} as select distinct token from scan_part")
        con.unregister("scan_part")
    return name


def _national(values: pa.Table, region: str, keys: Keys) -> pa.Table:
    """Tokens of the values read as national numbers of the region, with and without its leading 0."""
    from phonenumbers import PhoneMetadata, country_code_for_region

    plan = PhoneMetadata.metadata_for_region(region)
    digits = pc.replace_substring_regex(values["value"], r"\.0$|[^0-9+]+", "")
    subscriber = pc.replace_substring_regex(digits, r"^0+", "")
    # put together, not looked up in the numbering plan: what is no number of it has no token in the vault either
    numbers = pc.binary_join_element_wise(f"+{country_code_for_region(region)}", subscriber, "")
    if plan is None or plan.general_desc is None:
        raise ValueError(f"{region} is no region of phone numbers")
    lengths = pa.array(plan.general_desc.possible_length, pa.int32())
    numbers = pc.if_else(pc.is_in(pc.binary_length(subscriber), value_set=lengths), numbers, pa.scalar(None))
    return values.append_column("token", tokenise(numbers, "phone", keys))


def _patterns(con: duckdb.DuckDBPyConnection, exempt: set[str]) -> list[ScanFinding]:
    """Run every pattern over `scan_value`, without the columns `exempt`."""
    names = ", ".join(map(patterns.quoted, sorted(exempt))) or "''"
    kept = f"column_name not in ({names})" if exempt else "true"
    con.execute(
        "create or replace temp table scan_suspect as "
        f"select distinct value from scan_value where {kept} and {patterns.prefilter_sql('value')}"
    )
    found: dict[str, list[pa.Table]] = {}
    suspects = con.execute("select count(*) from scan_suspect").fetchone()
    for pattern in patterns.PATTERNS if suspects and suspects[0] else ():
        table = con.sql(
            f"from (select value, {patterns.candidates_sql(pattern, 'value')} as found from scan_suspect "
            f"where {patterns.prefilter_of(pattern, 'value')}) where len(found) > 0"
        ).to_arrow_table()
        if pattern.needs_plan and table.num_rows:
            table = _in_plan(con, table)
        if table.num_rows:
            found.setdefault(pattern.identifier, []).append(table.select(["value"]))
    findings = []
    for identifier, tables in found.items():
        con.register("scan_found", pa.concat_tables(tables))  # two patterns of one class may find the same text
        hits = con.execute(
            "select column_name, sum(row_count)::bigint, count(*) from scan_value "
            f"semi join scan_found using (value) where {kept} group by column_name"
        ).fetchall()
        con.unregister("scan_found")
        findings += [ScanFinding(column, PATTERN, identifier, rows, distinct) for column, rows, distinct in hits]
    con.execute("drop table scan_suspect")
    return findings


def _in_plan(con: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
    """Rows of which a candidate is a valid number of its country."""
    numbers = phones.e164(pc.list_flatten(table["found"]), None)
    valid = numbers.filter(pc.is_valid(numbers["e164"])).select(["value"]).rename_columns(["number"])
    con.register("scan_candidate", table)
    con.register("scan_valid", valid)
    kept = con.sql(
        "select value from scan_candidate where exists "
        "(select 1 from scan_valid where list_contains(scan_candidate.found, scan_valid.number))"
    ).to_arrow_table()
    con.unregister("scan_candidate")
    con.unregister("scan_valid")
    return kept
