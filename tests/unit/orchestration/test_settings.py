"""Settings: order of the layers, names and types checked, the clock of a run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ingestion.errors import MilepostError, UsageError
from ingestion.home import Home
from orchestration.settings import check_home, load_settings, parse_as_of, resolve_home, shipped_business


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def write(home: Home, text: str) -> None:
    home.settings_file.write_text(text, encoding="utf-8")


def test_without_a_file_everything_is_as_shipped(home: Home) -> None:
    settings = load_settings(home, {})
    assert settings.reporting_currency == "CNY"
    assert settings.reporting_time_zone == "Asia/Shanghai"
    assert settings.overrides == {}
    assert "as_of" not in settings.business


def test_the_file_overlays_what_is_shipped_and_the_environment_overlays_the_file(home: Home) -> None:
    write(home, "business:\n  reporting_currency: BRL\n  rfm_core_frequency: 5\ntechnical:\n  keep_versions: 3\n")
    settings = load_settings(home, {"MILEPOST_REPORTING_CURRENCY": "GBP", "MILEPOST_KEEP_IN_INBOX": "true"})
    assert settings.overrides == {"reporting_currency": "GBP", "rfm_core_frequency": 5}
    assert settings.technical.keep_versions == 3
    assert settings.technical.keep_in_inbox is True
    assert settings.set_here["reporting_currency"] == "MILEPOST_REPORTING_CURRENCY"
    assert settings.set_here["keep_versions"] == str(home.settings_file)


def test_all_mistakes_are_listed_at_once_with_what_was_meant(home: Home) -> None:
    write(
        home,
        "business:\n  reporting_currencey: BRL\n  rfm_core_frequency: often\n"
        "technical:\n  keep_version: 3\n  ui_port: 99999\nreporting_time_zone: UTC\n",
    )
    with pytest.raises(UsageError) as caught:
        load_settings(home, {})
    text = str(caught.value)
    assert "business.reporting_currencey is not known (did you mean reporting_currency?)" in text
    assert "business.rfm_core_frequency: a number expected" in text
    assert "technical.keep_version is not known (did you mean keep_versions?)" in text
    assert "technical.ui_port" in text
    assert "reporting_time_zone is no section: it stands under business" in text
    assert str(home.settings_file) in text


def test_a_near_miss_in_the_environment_is_named_and_other_variables_are_none_of_ours(home: Home) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings(home, {"MILEPOST_REPORTING_CURENCY": "BRL"})
    assert "CURENCY is no setting (did you mean MILEPOST_REPORTING_CURRENCY?)" in str(caught.value)
    load_settings(home, {"MILEPOST_HOME": "x", "MILEPOST_KEY": "y", "MILEPOST_TEST_DATA": "d", "MILEPOST_AS_OF": "t"})


def test_a_time_zone_has_to_be_one(home: Home) -> None:
    write(home, "business:\n  reporting_time_zone: Shanghai\n")
    with pytest.raises(UsageError, match="time zone of the IANA list"):
        load_settings(home, {})


def test_a_file_that_is_no_yaml_is_refused_with_its_line(home: Home) -> None:
    write(home, "business:\n  a: [1, 2\n")
    with pytest.raises(UsageError, match="line 3"):
        load_settings(home, {})


def test_every_shipped_number_is_of_a_kind_that_can_be_checked() -> None:
    for name, value in shipped_business().items():
        assert isinstance(value, bool | int | float | str | list | dict), name


def test_a_day_ends_in_the_reporting_time_zone_and_a_time_is_utc() -> None:
    assert parse_as_of("2018-06-01", "Asia/Shanghai") == datetime(2018, 6, 1, 15, 59, 59)
    assert parse_as_of("2018-06-01T12:00", "Asia/Shanghai") == datetime(2018, 6, 1, 12)
    assert parse_as_of("2018-06-01T12:00+08:00", "Asia/Shanghai") == datetime(2018, 6, 1, 4)
    with pytest.raises(UsageError):
        parse_as_of("yesterday", "Asia/Shanghai")


def test_the_home_is_the_option_then_the_environment_then_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_HOME", str(tmp_path / "environment"))
    assert resolve_home(tmp_path / "option").root == tmp_path / "option"
    assert resolve_home().root == tmp_path / "environment"
    monkeypatch.delenv("MILEPOST_HOME")
    assert resolve_home().root.name == "var"


def test_a_home_whose_restore_was_broken_off_is_none_yet(home: Home) -> None:
    check_home(home)
    home.restoring_file.write_text("{}", encoding="utf-8")
    with pytest.raises(MilepostError, match="broken off"):
        check_home(home)


def test_what_is_kept_and_for_how_long_can_be_set(home: Home) -> None:
    write(home, "technical:\n  retention: {archive_days: 365}\n  compaction: {fan_in: 4}\n")
    technical = load_settings(home, {}).technical
    assert (technical.retention.archive_days, technical.retention.withdrawn_days) == (365, 90)
    assert technical.compaction.fan_in == 4
    write(home, "technical:\n  retention: {archive_dayz: 365}\n")
    with pytest.raises(UsageError, match=r"technical\.retention\.archive_dayz"):
        load_settings(home, {})
