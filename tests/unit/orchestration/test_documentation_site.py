"""The page of KPIs says what their declarations say."""

from __future__ import annotations

from orchestration.docs import kpi_page

RATIO = {
    "name": "win_rate",
    "label": "Win rate",
    "type": "ratio",
    "description": "won / closed <deals>",
    "type_params": {"numerator": {"name": "won"}, "denominator": {"name": "closed"}},
    "config": {"meta": {"kpi": True, "name_zh": "赢单率", "unit": "ratio", "dimensions": ["region"]}},
}
INPUT = {**RATIO, "name": "won", "label": "Won", "config": {"meta": {}}}


def test_every_kpi_and_no_mere_input_is_on_the_page() -> None:
    page = kpi_page({"metrics": {"a": RATIO, "b": INPUT}})
    assert "1 KPIs" in page
    for text in ("Win rate", "赢单率", "won / closed &lt;deals&gt;", "region", "milepost kpi win_rate"):
        assert text in page
    assert "id='won'" not in page
