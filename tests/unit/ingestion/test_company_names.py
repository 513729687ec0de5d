"""Names of organisations as they compare."""

from __future__ import annotations

import pytest

from ingestion.cleaning.company import company_core


@pytest.mark.parametrize(
    ("alike", "core"),
    [
        (("上海云杉科技有限公司", "上海云杉科技有限责任公司", " 上海 云杉科技 有限公司 "), "上海云杉科技"),
        (("上海云杉科技股份有限公司", "上海云杉科技"), "上海云杉科技"),
        (("云杉（中国）有限公司", "云杉(中国)有限公司", "云杉中国有限公司", "云杉（中国）"), "云杉中国"),
        (("ＡＢＣ贸易有限公司", "abc贸易有限公司", "ABC 贸易"), "abc贸易"),
        (("云杉科技有限公司上海分公司",), "云杉科技上海分公司"),
        (("Siemens AG", "SIEMENS", "Siemens A.G.", "siemens  ag"), "siemens"),
        (("Acme Co., Ltd.", "ACME CO LTD", "Acme Company Limited", "Acme, Inc."), "acme"),
        (("Müller GmbH & Co. KG", "Muller GmbH", "MÜLLER"), "muller"),
        (("Padaria São João Ltda.", "Padaria Sao Joao LTDA", "Padaria São João S.A."), "padaria sao joao"),
        (("Smith & Sons", "Smith and Sons Ltd"), "smith and sons"),
        (("Ltd",), "ltd"), (("有限公司",), "有限公司"), (("Company Store Inc",), "company store"),
        (("  ", "（）", "..."), None),
    ],
)  # fmt: skip
def test_written_differently_they_compare_alike(alike: tuple[str, ...], core: str | None) -> None:
    assert {company_core(name) for name in alike} == {core}


def test_unlike_names_stay_unlike() -> None:
    names = (
        "云杉科技有限公司",
        "云杉科技上海分公司",
        "云杉控股有限公司",
        "Acme Inc",
        "Acme Holdings Inc",
        "Acme Co Store",
    )
    assert len({company_core(name) for name in names}) == len(names)
