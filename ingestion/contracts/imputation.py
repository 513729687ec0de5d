"""What contracts say of missing values and outliers: rules by column of an entity, for the transformation.

Belongs here: the rules, and what is wrong with them. Not here: filling and marking (dbt, `int_values__imputed`), where
batching does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingestion.contracts.mistakes import Report
from ingestion.contracts.model import Column, Contract
from ingestion.entity import Entity

_NUMBERS = ("integer", "money", "number")


@dataclass(frozen=True)
class ImputationRule:
    """A row of the operational entity `imputation_rule`."""

    contract: str
    entity: str
    column_name: str
    method: str | None
    value_class: str | None
    outlier_limit: float | None


def rules_of(contract: Contract, entities: Mapping[str, Entity]) -> Iterator[ImputationRule]:
    """The rules of a contract: for each imputable column of an entity that takes a column with a rule as it is."""
    for column in _ruled(contract):
        for target in contract.targets:
            imputable = {c.name for c in entities[target.entity].columns if c.is_imputable}
            for name, expression in target.columns:
                if expression.strip() == column.name and name in imputable:
                    yield ImputationRule(
                        contract.id, target.entity, name, column.imputation, column.value_class, column.outlier_limit
                    )


def check_imputation(contract: Contract, entities: Mapping[str, Entity], report: Report) -> None:
    """Report rules that reach no column, or that its type cannot follow."""
    known = {target.entity for target in contract.targets} <= set(entities)
    rules = list(rules_of(contract, entities)) if known else []
    for column in _ruled(contract):
        place = report.at(f"schema.{column.name}.imputation")
        own = [rule for rule in rules if any(rule.column_name == name for name in _fed_by(contract, column))]
        if known and not own:
            names = [f"{e.name}.{c.name}" for e in entities.values() for c in e.columns if c.is_imputable]
            place.add(f"feeds no column that can be filled as it is; such are {', '.join(names)}")
        for rule in own:
            declared = {c.name: c for c in entities[rule.entity].columns}
            is_number = declared[rule.column_name].type in _NUMBERS
            if not is_number and (rule.method == "mean" or rule.outlier_limit is not None):
                place.add(f"{rule.entity}.{rule.column_name} is no number: only the mode is there, and no outliers")
            if rule.value_class is not None and (
                rule.value_class not in declared or declared[rule.value_class].type != "text"
            ):
                place.add(f"valueClass {rule.value_class} is no text column of {rule.entity}")
        if column.outlier_limit is not None and column.outlier_limit <= 0:
            place.add("outlierLimit has to be above zero")


def _ruled(contract: Contract) -> list[Column]:
    return [c for c in contract.columns if c.imputation is not None or c.outlier_limit is not None]


def _fed_by(contract: Contract, column: Column) -> set[str]:
    return {name for t in contract.targets for name, expression in t.columns if expression.strip() == column.name}
