"""The page that shows where the attribution models disagree, from the published marts of a home.

    python -m orchestration.docs_attribution HOME FILE

Belongs here: the picture and its words. Not here: any model (`dbt_project/models/intermediate/attribution`), the rest
of the site (`docs.py`).
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

import duckdb

from ingestion.errors import MilepostError
from ingestion.home import Home

MODELS = ("first", "last", "last_non_direct", "linear", "position_based", "time_decay", "markov", "shapley")
COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#b6992d", "#9c755f", "#b07aa1")
_WIDTH, _LEFT, _ROW = 760, 150, 34

#: Share of the conversions that a touch came before, by channel and model.
_SHARES = """
    with credited as (
        select attribution_model, marketing_channel, sum(credit) as credit
        from marketing.attribution_credits
        where touchpoint_key is not null
        group by all
    )
    select marketing_channel, attribution_model,
        credit / sum(credit) over (partition by attribution_model) as share
    from credited
"""


def shares(catalog: Path) -> dict[str, dict[str, float]]:
    """Share of the credited conversions by channel and model, the channels most disputed first. MilepostError where
    nothing is published."""
    if not catalog.exists():
        raise MilepostError("nothing is published yet", where=str(catalog), remedy="`milepost run` publishes")
    with duckdb.connect(str(catalog), read_only=True) as connection:
        rows = connection.execute(_SHARES).fetchall()
    found: dict[str, dict[str, float]] = {}
    for channel, model, share in rows:
        found.setdefault(channel, dict.fromkeys(MODELS, 0.0))[model] = float(share)
    return dict(sorted(found.items(), key=lambda item: (-_range(item[1]), item[0])))


def has_credits(catalog: Path) -> bool:
    """The published version has credits to show."""
    if not catalog.exists():
        return False
    with duckdb.connect(str(catalog), read_only=True) as connection:
        known = connection.execute(
            "select count(*) from information_schema.tables"
            " where table_schema = 'marketing' and table_name = 'attribution_credits'"
        ).fetchone()
    return bool(known and known[0])


def page(found: dict[str, dict[str, float]]) -> str:
    """The page: a row per channel with a dot per model, and the same as a table."""
    rows = "".join(_table_row(channel, by_model) for channel, by_model in found.items())
    heads = "".join(f"<th>{model.replace('_', ' ')}</th>" for model in MODELS)
    legend = " ".join(
        f"<span><svg width='12' height='12'><circle cx='6' cy='6' r='5' fill='{colour}'/></svg> {model}</span>"
        for model, colour in zip(MODELS, COLOURS, strict=True)
    )
    first = next(iter(found), None)
    words = (
        f"The models agree least on <b>{html.escape(first)}</b>: from {min(found[first].values()):.1%} to "
        f"{max(found[first].values()):.1%} of the conversions."
        if first
        else "No conversion has a touch before it."
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Where attribution models disagree</title>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'><style>"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a2e}"
        "table{border-collapse:collapse;width:100%;font-size:.85rem}td,th{padding:.3rem .5rem;text-align:right}"
        "td:first-child,th:first-child{text-align:left}tr:nth-child(even){background:#f5f5fa}span{margin-right:1rem}"
        "svg{max-width:100%;height:auto}</style></head><body><h1>Where attribution models disagree</h1>"
        f"<p>{words} Each dot is one model's share for a channel; a long line is a channel whose worth depends on the"
        " model. Every model shares out the same conversions.</p>"
        f"<p>{legend}</p>{_picture(found)}"
        f"<table><thead><tr><th>channel</th>{heads}<th>range</th></tr></thead><tbody>{rows}</tbody></table>"
        "</body></html>\n"
    )


def _range(by_model: dict[str, float]) -> float:
    return max(by_model.values()) - min(by_model.values())


def _picture(found: dict[str, dict[str, float]]) -> str:
    top = max((max(by_model.values()) for by_model in found.values()), default=0.0) or 1.0
    scale = (_WIDTH - _LEFT - 60) / top
    parts = []
    for number, (channel, by_model) in enumerate(found.items()):
        y = _ROW * number + 20
        low, high = (_LEFT + scale * edge(by_model.values()) for edge in (min, max))
        parts.append(f"<text x='0' y='{y + 5}' font-size='14'>{html.escape(channel)}</text>")
        parts.append(f"<line x1='{low:.1f}' x2='{high:.1f}' y1='{y}' y2='{y}' stroke='#bbb' stroke-width='3'/>")
        parts += [
            f"<circle cx='{_LEFT + scale * by_model[model]:.1f}' cy='{y}' r='6' fill='{colour}' fill-opacity='.85'>"
            f"<title>{model}: {by_model[model]:.1%}</title></circle>"
            for model, colour in zip(MODELS, COLOURS, strict=True)
        ]
        parts.append(f"<text x='{high + 12:.1f}' y='{y + 4}' font-size='11' fill='#666'>{_range(by_model):.1%}</text>")
    height = _ROW * len(found) + 20
    return f"<svg role='img' aria-label='shares by model' viewBox='0 0 {_WIDTH} {height}'>{''.join(parts)}</svg>"


def _table_row(channel: str, by_model: dict[str, float]) -> str:
    cells = "".join(f"<td>{by_model[model]:.1%}</td>" for model in MODELS)
    return f"<tr><td>{html.escape(channel)}</td>{cells}<td>{_range(by_model):.1%}</td></tr>"


def write_page(home: Home, target: Path) -> Path:
    """Write the page of a home's published version; returns the file."""
    target.write_text(page(shares(home.current / "marts.duckdb")), encoding="utf-8")
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{write_page(Home(Path(sys.argv[1])), Path(sys.argv[2]))}\n")
