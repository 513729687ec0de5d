"""`milepost score`: how good the models are, against the sample company's truth.

Belongs here: choosing parts and printing. Not here: measures and bars (`orchestration/score`).
"""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.errors import UsageError
from orchestration.cli import common

if TYPE_CHECKING:
    from orchestration.score import Score

app = typer.Typer(help="The models against the sample company's truth.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def score(
    context: typer.Context,
    part: Annotated[
        list[str] | None, typer.Option("--part", help="Only this model; may be given again.", metavar="PART")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    home: common.HomeOption = None,
) -> int:
    """The models against the sample company's truth; exit code 1 where a bar is missed."""
    if context.invoked_subcommand is not None:
        return common.DONE
    from orchestration.score import PARTS, Score, score_parts

    unknown = sorted(set(part or ()) - set(PARTS))
    if unknown:
        raise UsageError(f"no model is called {unknown[0]}", remedy=f"There are: {', '.join(PARTS)}")
    place = common.existing_home(home)
    with common.the_catalog(place) as marts:
        scores = score_parts(marts, place.truth, part or PARTS)
    names = [field.name for field in fields(Score)]
    if as_json:
        common.emit(names, [astuple(one) for one in scores], common.Format.JSON)
    else:
        common.emit(
            ("part", "measure", "value", "bar", "passed", "note"), [_row(one) for one in scores], common.Format.TABLE
        )
    return common.DONE if all(one.passed for one in scores) else common.FAILED


def _row(one: Score) -> tuple[object, ...]:
    sign = "<=" if one.is_lower_better else ">="
    bar = "" if one.bar is None else f"{sign} {one.bar:g}"
    verdict = ("yes" if one.passed else "NO") if one.bar is not None or not one.passed else ""
    return one.part, one.measure, one.value, bar, verdict, one.note
