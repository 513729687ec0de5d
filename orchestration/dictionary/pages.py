"""The dictionary's pages: an index with search and domains, and one page per KPI.

Belongs here: HTML, all of it escaped, with its style and script inside. Not here: reading (`values.py`,
`kpi_declarations.py`), words (`words.py`).
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from orchestration.dictionary.chart import line_chart
from orchestration.dictionary.values import Point, Published
from orchestration.dictionary.words import both, number
from orchestration.kpi_declarations import Declared

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f2a;--soft:#5d6577;--line:#dfe3ea;--card:#fff;--back:#f5f6f9;--mark:#2457c5;
--green:#1d7f4e;--yellow:#a86a00}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#a0a8b8;--line:#333a48;--card:#1b2029;--back:#12151b;
--mark:#7ea6ff;--green:#55c88f;--yellow:#e0a63a}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC","PingFang SC",
"Microsoft YaHei",sans-serif}
main{max-width:58rem;margin:0 auto;padding:1rem}header{display:flex;gap:1rem;align-items:baseline;
justify-content:space-between;flex-wrap:wrap}h1{font-size:1.5rem;margin:.4rem 0;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:0 0 .5rem}a{color:var(--mark);text-decoration:none}a:hover{text-decoration:underline}
button,input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem;
padding:.4rem .7rem}button{cursor:pointer}button[aria-pressed=true]{background:var(--mark);color:var(--card);
border-color:var(--mark)}input{width:100%}:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:.8rem 0;
overflow-wrap:anywhere}.soft{color:var(--soft);font-size:.9rem}.filters{display:flex;gap:.4rem;flex-wrap:wrap;
margin:.8rem 0}.list{list-style:none;padding:0;margin:0}.list a{display:block;color:inherit}
.list .row{display:flex;justify-content:space-between;gap:1rem}.list .value{white-space:nowrap;font-weight:600}
.now{font-size:1.9rem;font-weight:650}dl{display:grid;grid-template-columns:10rem 1fr;gap:.35rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}
th,td{overflow-wrap:normal;text-align:left;padding:.35rem .5rem .35rem 0;
border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right}td:not(:last-child),td.n,th{white-space:nowrap}.wide{overflow-x:auto}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
ul.plain{list-style:none;padding:0;margin:0}.chart{width:100%;height:auto;display:block;margin:.6rem 0 1rem}
.chart .line{fill:none;stroke:var(--mark);stroke-width:2}.chart .open{stroke-dasharray:4 4}
.chart circle{fill:var(--mark)}.chart text{fill:var(--soft);font-size:13px}.chart .mark{stroke:var(--green);
stroke-dasharray:2 4}.chart .marked{fill:var(--green)}.dot{display:inline-block;width:.7em;height:.7em;
border-radius:50%;margin-right:.3em}.dot.green{background:var(--green)}.dot.yellow{background:var(--yellow)}
.en,.zh{display:none}html[data-lang=en] .en{display:inline}html[data-lang=zh] .zh{display:inline}
@media(max-width:32rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}.now{font-size:1.6rem}
.chart text{font-size:22px}}
"""
#: Language: the address wins (?lang=zh), then what was chosen before, then the browser's.
SCRIPT = """
(function(){var r=document.documentElement,k='milepost-language';function kept(){try{return localStorage.getItem(k)}
catch(e){return null}}var m=/[?&]lang=(en|zh)/.exec(location.search);
function show(l){r.dataset.lang=l;r.lang=l;try{localStorage.setItem(k,l)}catch(e){}
document.querySelectorAll('[data-set]').forEach(function(b){b.setAttribute('aria-pressed',b.dataset.set===l)});
document.querySelectorAll('[data-zh]').forEach(function(i){i.placeholder=i.dataset[l]})}
document.addEventListener('DOMContentLoaded',function(){
show(m?m[1]:kept()||(navigator.language||'en').slice(0,2)==='zh'&&'zh'||'en');
document.querySelectorAll('[data-set]').forEach(function(b){b.onclick=function(){show(b.dataset.set)}});
var q=document.getElementById('q');if(!q)return;var d='';function find(){var t=q.value.trim().toLowerCase(),n=0;
document.querySelectorAll('.list li').forEach(function(i){var ok=(!d||i.dataset.domain===d)&&
t.split(/\\s+/).every(function(w){return i.dataset.text.indexOf(w)>=0});i.hidden=!ok;n+=ok});
document.getElementById('none').hidden=n>0}
q.oninput=find;document.querySelectorAll('[data-domain-of]').forEach(function(b){b.onclick=function(){
d=b.dataset.domainOf;document.querySelectorAll('[data-domain-of]').forEach(function(o){
o.setAttribute('aria-pressed',o===b)});find()}});find()})})()
"""


def write_pages(
    folder: Path, kpis: Sequence[Declared], published: Mapping[str, Published], currency: str
) -> list[Path]:
    """Write `kpis.html` and `kpi/<id>.html` into a folder; returns the files."""
    pages = folder / "kpi"
    pages.mkdir(parents=True, exist_ok=True)
    for old in pages.glob("*.html"):
        old.unlink()
    index = folder / "kpis.html"
    index.write_text(index_page(kpis, published, currency), encoding="utf-8")
    written = [index]
    for kpi in kpis:
        path = pages / f"{kpi.kpi_id}.html"
        path.write_text(kpi_page(kpi, published.get(kpi.kpi_id, Published()), currency), encoding="utf-8")
        written.append(path)
    return written


def index_page(kpis: Sequence[Declared], published: Mapping[str, Published], currency: str) -> str:
    """All KPIs with their current value, found by name, id, definition or domain."""
    domains = list(dict.fromkeys(kpi.domain for kpi in sorted(kpis, key=lambda kpi: kpi.domain)))
    buttons = '<button data-domain-of="" aria-pressed="true">' + both("All domains") + "</button>"
    buttons += "".join(f'<button data-domain-of="{_attribute(each)}">{both(each)}</button>' for each in domains)
    rows = []
    for kpi in sorted(kpis, key=lambda kpi: (kpi.domain, kpi.name.lower())):
        words = " ".join((kpi.kpi_id, kpi.name, kpi.name_zh, kpi.definition, kpi.domain, kpi.owner)).lower()
        point = _latest(published.get(kpi.kpi_id, Published()))
        value = number(point[1].value, kpi.unit, currency) if point else ""
        rows.append(
            f'<li data-domain="{_attribute(kpi.domain)}" data-text="{_attribute(words)}">'
            f'<a class="card" href="kpi/{kpi.kpi_id}.html"><div class="row"><strong>{both(kpi.name, kpi.name_zh)}'
            f'</strong><span class="value">{html.escape(value)}</span></div>'
            f'<div class="soft">{both(kpi.domain)} · <code>{html.escape(kpi.kpi_id)}</code></div>'
            f"<div>{html.escape(kpi.definition)}</div></a></li>"
        )
    body = (
        f"<header><h1>{both('KPI dictionary')}</h1>{_languages()}</header>"
        '<input id="q" type="search" data-en="Search" data-zh="搜索" placeholder="Search" aria-label="Search">'
        f'<div class="filters">{buttons}</div><p id="none" hidden>{both("Nothing found")}</p>'
        f'<ul class="list">{"".join(rows)}</ul>'
        f'<p class="soft">{len(kpis)} {both("KPIs")} · <a href="marts.html">{both("Models, columns, lineage")}</a></p>'
    )
    return page("KPI dictionary", body)


def kpi_page(kpi: Declared, published: Published, currency: str) -> str:
    """One KPI: what it means, how it is computed, who answers for it, and where it stands."""
    facts = {
        "Domain": both(kpi.domain),
        "Owner": both(kpi.owner),
        "Unit": both(kpi.unit) + (f" ({html.escape(currency)})" if kpi.unit == "money" else ""),
        "Better when": both(kpi.direction),
        "Thresholds": _thresholds(kpi, currency),
        "Reference": html.escape(kpi.reference or ""),
        "Periods": ", ".join(both(grain) for grain in kpi.grains),
        "Dimensions": ", ".join(both(name) for name in kpi.dimensions) or both("the whole only"),
        "Counted by": both(kpi.time_basis),
        "Window": both(kpi.time_window),
    }
    listed = "".join(f"<dt>{both(name)}</dt><dd>{text}</dd>" for name, text in facts.items() if text)
    by = f" --by {kpi.dimensions[0]}" if kpi.dimensions else ""
    command = f"milepost kpi {kpi.kpi_id}{by} --grain {'month' if 'month' in kpi.grains else kpi.grains[0]}"
    body = (
        f'<header><a href="../kpis.html">← {both("All KPIs")}</a>{_languages()}</header>'
        f"<h1>{both(kpi.name, kpi.name_zh)}</h1>"
        f'<p class="soft"><code>{html.escape(kpi.kpi_id)}</code> · {html.escape(f"{kpi.name} · {kpi.name_zh}")}</p>'
        + _card("Definition", f"<p>{html.escape(kpi.definition)}</p><dl>{listed}</dl>")
        + _card("Current value", _value(kpi, published, currency))
        + _card("Formula", _lines(kpi.formula))
        + _card("Lineage", _lineage(kpi))
        + (_card("Versions", _versions(published, kpi, currency)) if published.versions else "")
        + _card("On the command line", f"<code>{html.escape(command)}</code>")
    )
    return page(f"{kpi.name} {kpi.name_zh}", body)


def page(title: str, body: str) -> str:
    """A whole page around a body that is HTML already."""
    return (
        '<!doctype html>\n<html lang="en" data-lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)} - Milepost</title>"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style><script>{SCRIPT}</script></head><body><main>{body}</main></body></html>\n"
    )


def _value(kpi: Declared, published: Published, currency: str) -> str:
    latest, charted = _latest(published), published.charted
    if latest is None or charted is None:
        return f'<p class="soft">{both("no value is published yet")}</p>'
    grain, point = latest
    compared = [
        f"{_change(rate)} {both(name)}"
        for rate, name in (
            (point.previous_change_rate, "previous period"),
            (point.last_year_change_rate, "same period last year"),
        )
        if rate is not None
    ]
    lines = [("benchmark", point.benchmark_value)] if point.benchmark_value is not None else []
    if point.benchmark_value is not None:
        compared.append(f"{number(point.benchmark_value, kpi.unit, currency)} {both('benchmark')}")
    if kpi.green_threshold is not None:
        lines.append(("green", kpi.green_threshold))
    chart_grain, points = charted
    chart = line_chart(
        [_period(each.period_start, chart_grain) for each in points],
        [each.value for each in points],
        lambda value: number(value, kpi.unit, currency),
        [(name, value) for name, value in lines if value is not None],
        title=f"{kpi.name}, {chart_grain}",
        dashed_last=not points[-1].is_complete,
    )
    rows = "".join(
        _grain_row(kpi, each, published.series[each], currency) for each in kpi.grains if each in published.series
    )
    head = f'<th>{both("Periods")}</th><th>{both("Period")}</th><th class="n">{both("Value")}</th>'
    table = f"<table><tr>{head}</tr>{rows}</table>"
    return (
        f'<div class="now">{html.escape(number(point.value, kpi.unit, currency))}</div>'
        f'<p class="soft">{html.escape(_period(point.period_start, grain))}'
        f"{' · ' + ' · '.join(compared) if compared else ''}</p>{chart}"
        f'<h2>{both("Latest values")}</h2><div class="wide">{table}</div>'
    )


def _grain_row(kpi: Declared, grain: str, points: Sequence[Point], currency: str) -> str:
    point = points[-1]
    note = "" if point.is_complete else f' <span class="soft">{both("so far")}</span>'
    return (
        f"<tr><td>{both(grain)}</td><td>{html.escape(_period(point.period_start, grain))}{note}</td>"
        f'<td class="n">{html.escape(number(point.value, kpi.unit, currency))}</td></tr>'
    )


def _latest(published: Published) -> tuple[str, Point] | None:
    """The last period that has ended, of the charted grain; else the last one."""
    if published.charted is None:
        return None
    grain, points = published.charted
    known = [point for point in points if point.value is not None]
    return grain, next((point for point in reversed(known) if point.is_complete), known[-1])


def _thresholds(kpi: Declared, currency: str) -> str:
    parts = [
        f'<span class="dot {colour}"></span>{both(words)} {html.escape(number(value, kpi.unit, currency))}'
        for colour, words, value in (
            ("green", "green from", kpi.green_threshold),
            ("yellow", "yellow from", kpi.yellow_threshold),
        )
        if value is not None
    ]
    return ", ".join(parts) or both("by goals only")


def _lineage(kpi: Declared) -> str:
    models = "".join(
        f'<li><a href="../marts.html#!/model/model.milepost.{name}"><code>{name}</code></a></li>'
        for name in map(html.escape, kpi.models)
    )
    settings = _lines([f"{name} = {value}" for name, value in kpi.settings.items()])
    return (
        f"<details><summary>{both('Models it rests on, nearest first')} ({len(kpi.models)})</summary>"
        f'<ul class="plain">{models}</ul></details>'
        f"<details><summary>{both('Settings')} ({len(kpi.settings)})</summary>{settings}</details>"
    )


def _versions(published: Published, kpi: Declared, currency: str) -> str:
    head = "".join(f"<th>{both(name)}</th>" for name in ("Version", "Valid from", "Green", "Yellow", "Definition"))
    rows = "".join(
        "<tr>"
        f"<td>{version['version']}{' (' + both('now') + ')' if version.get('is_current', True) else ''}</td>"
        f"<td>{html.escape(str(version['valid_from']))}</td>"
        f"<td>{html.escape(number(version['green_threshold'], kpi.unit, currency))}</td>"
        f"<td>{html.escape(number(version['yellow_threshold'], kpi.unit, currency))}</td>"
        f"<td>{html.escape(str(version['definition']))}</td></tr>"
        for version in published.versions
    )
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _lines(lines: Sequence[str]) -> str:
    return '<ul class="plain">' + "".join(f"<li><code>{html.escape(line)}</code></li>" for line in lines) + "</ul>"


def _card(title: str, body: str) -> str:
    return f'<section class="card"><h2>{both(title)}</h2>{body}</section>'


def _languages() -> str:
    return '<span><button data-set="en">English</button> <button data-set="zh">中文</button></span>'


def _change(rate: float) -> str:
    return f"{rate:+.1%}"


def _period(start: date, grain: str) -> str:
    if grain == "year":
        return str(start.year)
    if grain == "quarter":
        return f"{start.year} Q{(start.month + 2) // 3}"
    return f"{start:%Y-%m}" if grain == "month" else start.isoformat()


def _attribute(text: str) -> str:
    return html.escape(text, quote=True)
