"""Keys, normal forms, tokens and masks."""

from __future__ import annotations

import base64
import hmac
import re
import stat
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.errors import MilepostError
from ingestion.privacy.keys import Keys, generate_key_file, load_keys
from ingestion.privacy.masks import mask
from ingestion.privacy.tokens import normal_form, tokenise

ROOT = bytes(range(32))
KEYS = load_keys({"MILEPOST_KEY": base64.b64encode(ROOT).decode()})


def test_key_as_hex_base64_and_file_is_the_same_key(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(ROOT.hex() + "\n")
    for keys in (load_keys({"MILEPOST_KEY": ROOT.hex()}), load_keys({"MILEPOST_KEY_FILE": str(file)})):
        assert keys == KEYS
    assert KEYS.token_key != KEYS.active_key


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"MILEPOST_KEY": "short"},
        {"MILEPOST_KEY_FILE": "/nowhere/key"},
        {"MILEPOST_KEY": ROOT.hex(), "MILEPOST_KEY_FILE": "/x"},
    ],
)
def test_no_usable_key_names_the_remedy_and_not_the_key(environ: dict[str, str]) -> None:
    with pytest.raises(MilepostError) as error:
        load_keys(environ)
    assert error.value.remedy
    assert "short" not in str(error.value)


def test_generated_key_file_is_private_kept_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key.json"
    keys = generate_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_keys({}, path) == keys
    with pytest.raises(MilepostError, match="exists already"):
        generate_key_file(path)
    with pytest.raises(MilepostError, match="inside"):
        load_keys({}, path, forbidden=[tmp_path])


def test_broken_key_file_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text('{"token_key": "c2VjcmV0", "encryption_keys": {"1": "c2VjcmV0"}}')
    with pytest.raises(MilepostError) as error:
        load_keys({}, path)
    assert "c2VjcmV0" not in str(error.value)


def test_keys_do_not_show() -> None:
    shown = repr(KEYS) + str(KEYS)
    assert KEYS.token_key.hex() not in shown and repr(KEYS.token_key) not in shown
    assert "encryption_keys" not in shown


def test_token_is_hmac_of_class_and_normal_form_in_letters() -> None:
    (token,) = tokenise(pa.array(["+8613812341234"]), "phone", KEYS).to_pylist()
    digest = hmac.digest(KEYS.token_key, b"phone\0+8613812341234", "sha256").hex()[:32]
    assert token == digest.translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))
    assert re.fullmatch("[a-p]{32}", token)


def test_tokens_keep_places_nulls_and_repeats() -> None:
    values = pa.chunked_array([["a@x.cn", None], ["B@x.cn", " A@X.CN ", "", None]])
    first, null, other, same, empty, last = tokenise(values, "email", KEYS).to_pylist()
    assert null is None and empty is None and last is None
    assert first == same != other
    assert tokenise(pa.array([], pa.string()), "email", KEYS).to_pylist() == []
    assert tokenise(pa.chunked_array([], pa.string()), "email", KEYS).to_pylist() == []
    assert tokenise(pa.array([None], pa.null()), "email", KEYS).to_pylist() == [None]


def test_class_and_key_separate_tokens() -> None:
    value = pa.array(["zhang"])
    other = Keys(bytes(32), {1: bytes(32)})
    tokens = {
        tokenise(value, "name", KEYS)[0].as_py(),
        tokenise(value, "account", KEYS)[0].as_py(),
        tokenise(value, "name", other)[0].as_py(),
    }
    assert len(tokens) == 3


@pytest.mark.parametrize(
    ("identifier", "value", "expected"),
    [
        ("phone", "138 1234-1234", "+8613812341234"),
        ("phone", "008613812341234", "+8613812341234"),
        ("phone", "8613812341234", "+8613812341234"),
        ("phone", "\uff11\uff13\uff18 1234 1234", "+8613812341234"),
        ("phone", "+442079460018", "+442079460018"),
        ("phone", "00442079460018", "+442079460018"),
        ("phone", "none", None),
        ("email", " Ann.Lee@Example.COM", "ann.lee@example.com"),
        ("name", "  José\u3000 \uff27ROSS ", "josé gross"),
        ("name", "Straße", "strasse"),
        ("name", "张三", "张三"),
        ("national_id", "11010519491231002x", "11010519491231002X"),
        ("bank_card", "6222 0200-1234", "622202001234"),
        ("customer_key", " 001a ", "001a"),
        ("account", "Tb_Nick", "Tb_Nick"),
    ],
)
def test_normal_forms(identifier: str, value: str, expected: str | None) -> None:
    form = normal_form(pa.array([value]), identifier)
    assert form.to_pylist() == [expected]
    assert normal_form(form, identifier).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("identifier", "value", "expected"),
    [
        ("phone", "+8613812341234", "138****1234"),
        ("phone", "13812341234", "138****1234"),
        ("phone", "+442079460018", "+44****0018"),
        ("phone", "12345", "****45"),
        ("phone", "no number", "****"),
        ("email", "ann@Example.com", "a***@example.com"),
        ("email", "a@example.com", "***@example.com"),
        ("email", "not an address", "***"),
        ("name", "张三", "张**"),
        ("name", "欧阳修文", "欧**"),
        ("name", "John Smith", "J**"),
        ("national_id", "11010519491231002x", "*****002X"),
        ("national_id", "1234", "*****"),
        ("bank_card", "6222 0200 1234 5678", "*****5678"),
        ("account", "someone", "***"),
        ("address", "1 Road", "***"),
    ],
)
def test_masks(identifier: str, value: str, expected: str) -> None:
    masked = mask(pa.array([value, None, value]), identifier)
    assert masked.to_pylist() == [expected, None, expected]
    assert mask(masked, identifier).to_pylist() == [expected, None, expected]
