"""What a contract says, as frozen values that the rest of ingestion reads.

Belongs here: the shape of a contract after loading. Not here: reading YAML and finding mistakes (`loader.py`),
reading exports (`ingestion/readers`), cleaning (`ingestion/cleaning`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from re import Pattern

#: Kinds of columns, each one a module of `ingestion/cleaning`, with the engine's type of the cleaned value.
KINDS = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DOUBLE",
    "money": "DECIMAL(18,4)",
    "percent": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "phone": "VARCHAR",
    "email": "VARCHAR",
    "name": "VARCHAR",
    "address": "VARCHAR",
    "national_id": "VARCHAR",
    "account": "VARCHAR",
    "postcode": "VARCHAR",
    "birth_date": "DATE",
    "country": "VARCHAR",
    "age": "BIGINT",
    "gender": "VARCHAR",
    "free_text": "VARCHAR",
}

#: What a column of kind address gives beside the line, as `<name>__<part>`: where it is, by GB/T 2260, and why
#: something of it is missing.
ADDRESS_PARTS = ("province", "city", "district", "division_code", "division_reason")


class FileFormat(StrEnum):
    CSV = "csv"
    EXCEL = "excel"
    PARQUET = "parquet"
    JSONL = "jsonl"


class SupersedeBy(StrEnum):
    """How records replace earlier ones (rules.md, Cleaning, duplicates)."""

    KEY = "key"
    FILE_NAME = "file_name"
    PERIOD = "period"
    NONE = "none"


class Coverage(StrEnum):
    FULL = "full"
    DELTA = "delta"


class PersonalData(StrEnum):
    """Class of personal data of a column (rules.md, Privacy)."""

    DIRECT = "direct"
    SENSITIVE = "sensitive"
    QUASI = "quasi"
    FREE_TEXT = "free_text"
    BUSINESS = "business"


class OnFail(StrEnum):
    """What a value that its kind cannot take does: reject the record, or count as missing with a reason."""

    REJECT = "reject"
    MISSING = "missing"


@dataclass(frozen=True)
class Column:
    """One column of an export.

    `name` is the contract's own identifier (snake case); `headings` are what the file may call it, the first one being
    the system's own. `kind` names a module of `ingestion/cleaning`: text, integer, decimal, money, percent, boolean,
    date, timestamp, phone, email, name, address, national_id, account (open ids, platform account names), postcode,
    birth_date, country, age, gender, free_text.

    After cleaning: money is DECIMAL(18,4), integer BIGINT, decimal and percent DOUBLE (a percentage is the number
    before the sign: 1.16 for `1.16%`), timestamp TIMESTAMP in UTC, date and birth_date DATE, the rest VARCHAR.
    `scale` multiplies what was read. `values` are compared after NFKC, trimming and lower-casing; the canonical
    word takes the source word's place before the kind reads it; a word that is not among them fails as `on_fail`
    says.
    `date_forms` hold strptime forms or the words `iso` (ISO 8601, with or without time and offset) and `excel`
    (a number of days as Excel counts them). No forms: `iso`.
    """

    name: str
    headings: tuple[str, ...]
    kind: str = "text"
    heading_required: bool = True  # the file is refused without this heading
    value_required: bool = False  # a record without this value is rejected
    personal_data: PersonalData = PersonalData.BUSINESS
    identifier: str | None = None  # token class: phone, email, name, address, national_id, account, customer_key, ...
    date_forms: tuple[str, ...] = ()  # tried in order; empty: the contract's
    time_zone: str | None = None  # empty: the contract's
    decimal_mark: str | None = None
    thousands_mark: str | None = None
    null_words: tuple[str, ...] | None = None  # None: the contract's
    minimum: float | None = None
    maximum: float | None = None
    minimum_exclusive: bool = False
    on_fail: OnFail = OnFail.REJECT
    scale: float = 1.0  # 10000 for amounts in 万元
    refund_within: bool = False  # money with what was given back beside it, as in 131.77(已退款89.84)
    unit_from_heading: str | None = None  # regular expression with one group over the heading, e.g. the currency
    values: tuple[tuple[str, str], ...] = ()  # source word -> canonical word; empty: any
    other_value: str | None = None  # canonical word for words not in `values`; None with `values`: rejected
    join_headings: tuple[str, ...] = ()  # headings whose cells are part of this one's value (first and last name)
    fill_down: tuple[str, ...] = ()  # columns by whose value an empty cell takes the group's first one (order columns)
    pad_to: int | None = None  # left-pad with zeros to this length
    imputation: str | None = None  # mean or mode of the class: missing values are filled in the transformation
    value_class: str | None = None  # column of the entity that says the class; None: all records of the contract
    outlier_limit: float | None = None  # median absolute deviations from the class's median beyond which one is marked
    description: str = ""


@dataclass(frozen=True)
class Target:
    """Rows of one entity that the export yields.

    `columns` maps the entity's columns to SQL expressions over the contract's cleaned columns. A column of class
    direct or sensitive exists there only as `<name>__token` and `<name>__mask`. `record_number` (bigint),
    `occurrence` (bigint, number of the same line within the delivery), `line_number` (bigint, position by record
    number within `supersede.lines`, or the unit) and `file_name` (text, path below the system's folder) may be used
    too. Whatever its class, a column of kind address also gives `<name>__province`, `<name>__city`,
    `<name>__district` and `<name>__division_code` (null where they cannot be told; `<name>__division_reason` says
    why). A quasi identifier exists only made coarse: `<name>__year` (birth_date, bigint), `<name>__area` (postcode,
    text). A column with `unit_from_heading` also gives `<name>__unit` (text).
    `distinct_by`: of several records with the same values of these cleaned columns in one unit, the first makes the
    row. `for_each`: an expression that gives a list of texts; the record makes a row for each of them, which the other
    expressions call `item`.
    """

    entity: str
    columns: tuple[tuple[str, str], ...]
    where: str | None = None
    distinct_by: tuple[str, ...] = ()
    for_each: str | None = None


@dataclass(frozen=True)
class Footer:
    """Rows below or among the data that are not records: kept out, and checked against the sum where `sums` says so."""

    column: str  # heading whose cell shows it
    pattern: str  # regular expression on the trimmed cell
    sums: tuple[str, ...] = ()  # contract columns whose sum the footer's first matching row declares
    total_pattern: str | None = None  # of the footer rows, the one that declares the sums (default: pattern)


@dataclass(frozen=True)
class FileRule:
    format: FileFormat
    name_pattern: Pattern[str]  # matched against the file's name without .gz / .zip
    encoding: str = "utf-8"  # declared; a BOM and strict UTF-8 come first
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    preamble_pattern: str | None = None  # regular expression: lines above the heading; None: the heading is found
    footer: Footer | None = None
    sheet_pattern: str | None = None  # Excel: sheets that are read; None: all
    strip_excel_text: bool = False  # ="00123" and a leading apostrophe or tab


@dataclass(frozen=True)
class Supersede:
    """`unit` columns name what a later delivery replaces as a whole (an order with its lines); `key` columns make a
    record unique within one delivery (of several, the last counts); `version` decides between deliveries."""

    by: SupersedeBy
    unit: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    version: str | None = None
    period: tuple[str, ...] = ()  # period: cleaned columns (expressions) whose values are the period replaced
    lines: tuple[str, ...] = ()  # cleaned columns within whose values line_number counts (default: the unit)


@dataclass(frozen=True)
class Contract:
    id: str  # <system>.<export>
    system: str
    export: str
    version: str
    title: str
    description: str
    owner: str
    path: str
    file: FileRule
    columns: tuple[Column, ...]
    targets: tuple[Target, ...]
    supersede: Supersede
    coverage: Coverage = Coverage.DELTA
    deleted_flag: str | None = None  # cleaned boolean column that says a record was deleted
    time_zone: str = "UTC"
    date_forms: tuple[str, ...] = ()
    decimal_mark: str = "."
    thousands_mark: str | None = None
    null_words: tuple[str, ...] = ("",)
    currency: str | None = None
    phone_region: str | None = None
    held_rejected_share: float = 0.05
    held_shrunk_share: float = 0.8  # a full export with fewer of the former's records is held
    extra_columns_reported: bool = True
    ignored_headings: tuple[str, ...] = ()  # headings that are known and not needed: not read, not reported
    checks: tuple[tuple[str, str], ...] = ()  # name -> SQL predicate; a record for which it is false is rejected
    fingerprint: str = ""  # SHA-256 of the file's canonical content

    def column(self, name: str) -> Column:
        """The column of that name; KeyError lists the known ones."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.id} has no column {name}; it has {', '.join(c.name for c in self.columns)}")

    @property
    def direct_columns(self) -> tuple[Column, ...]:
        """Columns whose clear value goes to the vault only."""
        return tuple(c for c in self.columns if c.personal_data in (PersonalData.DIRECT, PersonalData.SENSITIVE))


@dataclass(frozen=True)
class ContractSet:
    """All contracts of one folder, by id."""

    contracts: tuple[Contract, ...] = field(default_factory=tuple)

    def by_id(self, contract_id: str) -> Contract:
        for contract in self.contracts:
            if contract.id == contract_id:
                return contract
        raise KeyError(f"no contract {contract_id}; known: {', '.join(c.id for c in self.contracts)}")

    def of_system(self, system: str) -> tuple[Contract, ...]:
        return tuple(c for c in self.contracts if c.system == system)
