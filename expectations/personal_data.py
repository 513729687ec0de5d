"""The suite that no candidate mart holds clear personal data.

Belongs here: which columns of a build are scanned and how finds become results. Not here: what counts as a find
(`ingestion/privacy/scan.py`), which columns are ids or business words (the manifest).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import duckdb

from expectations.results import CRITICAL, CheckResult
from ingestion.entity import load_entities
from ingestion.home import Home
from ingestion.ledger.manifest import Manifest, Mart, MartColumn, literal, quoted
from ingestion.privacy.keys import Keys
from ingestion.privacy.places import scan_places
from ingestion.privacy.scan import ScanFinding, scan_relation
from ingestion.privacy.vault import Vault

SUITE = "personal_data"
_NO_TEXT = ("BOOLEAN", "DATE", "TIMESTAMP", "DOUBLE", "FLOAT", "DECIMAL", "TIME")


@dataclass(frozen=True)
class MartFindings:
    """Finds in one mart, with the deliveries that brought them as far as they can be named."""

    mart: str
    findings: tuple[ScanFinding, ...]
    delivery_seqs: tuple[int, ...]

    @property
    def text(self) -> str:
        """Columns, classes and counts; never a value."""
        return ", ".join(f"{f.column}: {f.identifier} ({f.kind}) in {f.row_count} rows" for f in self.findings)


@dataclass(frozen=True)
class PersonalDataScan:
    """The scan with what it needs: keys, the vault, and the regions whose national phone forms are tried."""

    keys: Keys
    vault: Vault
    phone_regions: Sequence[str] = ("CN",)

    def run(
        self, connection: duckdb.DuckDBPyConnection, manifest: Manifest, home: Home, active_seqs: Sequence[int]
    ) -> list[MartFindings]:
        """Scan every text column of every mart; `connection` sees them as `schema.name`.

        Where something is found, the deliveries that brought it are looked for among `active_seqs` in the clean lake:
        a mart's column may come from another delivery than its row.
        """
        suspects = self._suspect_columns(connection, manifest)
        found = []
        for mart in manifest.marts:
            columns = [column for column in mart.columns if column in suspects]
            findings = self._scan(connection, _relation(mart), columns) if mart.rows and columns else []
            found.append(MartFindings(mart.full_name, tuple(findings), ()))
        guilty = [mart for mart in found if mart.findings]
        if not guilty:
            return found
        seqs = self._deliveries_in_lake(connection, guilty, home, active_seqs)
        return [replace(mart, delivery_seqs=seqs) if mart.findings else mart for mart in found]

    def run_places(self, home: Home) -> list[CheckResult]:
        """Result about the files that runs write: logs, run metadata, pages, dbt's artifacts, ledger, rejects, spills.

        Phone numbers, e-mail addresses, ids and everything unencrypted close the gate. Names, addresses and account
        names may be words that somebody is called like: in such files `milepost doctor` looks for them.
        """
        found = scan_places(home, self.keys, self.vault, phone_regions=self.phone_regions, has_words=False)
        shown = "; ".join(str(one) for one in found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        return [
            CheckResult(
                suite=SUITE,
                expectation="files_of_the_home_hold_no_clear_personal_data",
                description="No file that runs write holds clear personal data",
                severity=CRITICAL,
                is_success=not found,
                observed=shown or None,
                unexpected_count=sum(one.count for one in found),
            )
        ]

    def _suspect_columns(self, connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[MartColumn]:
        """Columns of the kinds in which anything is found, looking at the values of all marts together.

        Marts share most of their values (keys, regions, channels): each distinct value is compared once for each kind
        of column. A build without a find, the usual one, needs no more.
        """
        kinds: dict[tuple[bool, bool], list[tuple[Mart, MartColumn]]] = {}
        for mart in manifest.marts:
            for column in mart.columns:
                if mart.rows and _holds_text(column.type):
                    kinds.setdefault((column.is_id, column.is_business), []).append((mart, column))
        suspects = []
        for (is_id, is_business), columns in kinds.items():
            connection.execute("create or replace temp table all_values (value varchar)")
            for mart, column in columns:
                connection.execute(
                    f"insert into all_values select distinct {quoted(column.name)}::varchar from {_relation(mart)}"
                )
            values = MartColumn("value", "VARCHAR", "", is_id, is_business)
            if self._scan(connection, "(select distinct value from all_values)", [values]):
                suspects += [column for _, column in columns]
        connection.execute("drop table if exists all_values")
        return suspects

    def _deliveries_in_lake(
        self,
        connection: duckdb.DuckDBPyConnection,
        guilty: Sequence[MartFindings],
        home: Home,
        active_seqs: Sequence[int],
    ) -> tuple[int, ...]:
        """Active deliveries whose clean rows hold a find in a value that a guilty column of a mart holds too."""
        values = " union ".join(
            f"select {quoted(column)}::varchar as value from {mart.mart}"
            for mart in guilty
            for column in sorted({finding.column for finding in mart.findings})
        )
        connection.execute(f"create or replace temp table suspect_value as {values}")
        seqs: set[int] = set()
        for entity in load_entities().values():
            folder = home.entity(entity.name)
            if entity.is_operational or not any(folder.glob("*.parquet")):
                continue
            files = f"read_parquet({literal(str(folder / '*.parquet'))}, union_by_name = true)"
            for column in entity.columns:
                if column.type != "text" or column.privacy in ("token", "mask"):
                    continue
                rows = f"{files} where {quoted(column.name)} in (select value from suspect_value)"
                is_id = column.name.endswith(("_id", "_key", "_number"))
                as_mart = MartColumn(column.name, "VARCHAR", "", is_id=is_id, is_business=False)
                seqs |= set(self._deliveries(connection, rows, as_mart, active_seqs))
        connection.execute("drop table suspect_value")
        return tuple(sorted(seqs))

    def _scan(
        self, connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[MartColumn]
    ) -> list[ScanFinding]:
        return scan_relation(
            connection,
            relation,
            [column.name for column in columns],
            {column.name for column in columns if column.is_id},
            self.keys,
            self.vault,
            business_columns={column.name for column in columns if column.is_business},
            phone_regions=self.phone_regions,
        )

    def _deliveries(
        self, connection: duckdb.DuckDBPyConnection, rows: str, column: MartColumn, active_seqs: Sequence[int]
    ) -> list[int]:
        """Deliveries whose rows hold a find in this column, by halving: few of many are at fault."""
        there = connection.execute(f"select distinct _delivery_seq from {rows} order by 1").fetchall()
        seqs = [row[0] for row in there if row[0] in set(active_seqs)]

        def is_found(part: Sequence[int]) -> bool:
            numbers = ", ".join(str(seq) for seq in part)
            return bool(self._scan(connection, f"(select * from {rows} and _delivery_seq in ({numbers}))", [column]))

        return _at_fault(seqs, is_found)


def _relation(mart: Mart) -> str:
    return f"{quoted(mart.schema)}.{quoted(mart.name)}"


def _holds_text(kind: str) -> bool:
    return not kind.startswith(_NO_TEXT) and not kind.endswith(("INT", "INTEGER"))


def _at_fault(seqs: Sequence[int], is_found: Callable[[Sequence[int]], bool]) -> list[int]:
    if not seqs or not is_found(seqs):
        return []
    if len(seqs) == 1:
        return list(seqs)
    middle = len(seqs) // 2
    return _at_fault(seqs[:middle], is_found) + _at_fault(seqs[middle:], is_found)
