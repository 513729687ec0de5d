"""Damage as exports meet it on their way: bits, cuts, repeats, encodings, quotes, delimiters, packing.

Belongs here: one input's damage, chosen by its number and the seed alone. Not here: what is damaged (`seeds.py`).
"""

from __future__ import annotations

import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable

ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "cp1252", "big5", "shift_jis", "latin-1")
DELIMITERS = (b",", b";", b"\t", b"|", b"\x01")
WORDS = (
    b"", b"nan", b"1e400", b"-0", b"1.2\xe4\xb8\x87", b"2018-02-29", b"20-10-16", b"infinity", b"epoch", b"NULL",
    b"99999999999999999999999", b"(120", b"\xef\xbf\xbd", b"\xed\xa0\x80", b"\x00", b"\xef\xb7\x90", b"\xef\xb7\x91",
    b'=HYPERLINK("x")', b"\xe2\x80\xae", b"'", b"\\", b'"', b'""', b"$$", b"{}", b"[*]",
)  # fmt: skip


def damage(content: bytes, name: str, random_: random.Random) -> tuple[bytes, str, tuple[str, ...]]:
    """(content, file name, names of the faults) with one to four faults."""
    text_only = not name.endswith((".xlsx", ".parquet"))
    allowed = _TEXT if text_only else _BINARY
    done = []
    for _ in range(random_.choice((1, 1, 2, 3, 4))):
        fault = random_.choice(allowed)
        content = fault(content, random_)
        done.append(fault.__name__.strip("_"))
    if random_.random() < 0.08:
        content, name = _packed(content, name, random_)
        done.append("packed")
    return content[: 2**20], name, tuple(done)


def _place(content: bytes, random_: random.Random) -> int:
    # the first bytes hold preamble and headings: hit as often as all the rest
    among = min(len(content), 400) if random_.random() < 0.4 else len(content)
    return random_.randrange(among or 1)


def _bits(content: bytes, random_: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random_.choice((1, 1, 3, 20))):
        if changed:
            changed[_place(content, random_) % len(changed)] ^= 1 << random_.randrange(8)
    return bytes(changed)


def _inserted(content: bytes, random_: random.Random) -> bytes:
    place = _place(content, random_)
    return content[:place] + random_.randbytes(random_.choice((1, 1, 2, 8))) + content[place:]


def _word(content: bytes, random_: random.Random) -> bytes:
    place = _place(content, random_)
    return content[:place] + random_.choice(WORDS) + content[place:]


def _cell(content: bytes, random_: random.Random) -> bytes:
    cells = [found.span(1) for found in re.finditer(rb"(?<=[,;\t\n])([^,;\t\r\n]*)(?=[,;\t\r\n])", content)]
    if not cells:
        return content
    start, end = random_.choice(cells)
    return content[:start] + random_.choice(WORDS) + content[end:]


def _removed(content: bytes, random_: random.Random) -> bytes:
    place = _place(content, random_)
    return content[:place] + content[place + random_.choice((1, 1, 2, 30)) :]


def _cut(content: bytes, random_: random.Random) -> bytes:
    place = _place(content, random_)
    return content[:place] if random_.random() < 0.8 else content[place:]


def _repeated(content: bytes, random_: random.Random) -> bytes:
    start, end = sorted((_place(content, random_), _place(content, random_)))
    return content[:end] + content[start:end] * random_.choice((1, 1, 2, 5)) + content[end:]


def _swapped(content: bytes, random_: random.Random) -> bytes:
    lines = content.split(b"\n")
    first, second = random_.randrange(len(lines)), random_.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _line_lost(content: bytes, random_: random.Random) -> bytes:
    lines = content.split(b"\n")
    del lines[random_.randrange(len(lines))]
    return b"\n".join(lines)


def _joined(content: bytes, random_: random.Random) -> bytes:
    """A line end is lost."""
    ends = [found.start() for found in re.finditer(rb"\n", content[:4000])]
    if not ends:
        return content
    place = random_.choice(ends)
    return content[:place] + content[place + 1 :]


def _encoded(content: bytes, random_: random.Random) -> bytes:
    return content.decode("utf-8", "replace").encode(random_.choice(ENCODINGS), "replace")


def _half_encoded(content: bytes, random_: random.Random) -> bytes:
    place = _place(content, random_)
    return content[:place] + content[place:].decode("utf-8", "replace").encode(random_.choice(ENCODINGS), "replace")


def _delimiter(content: bytes, random_: random.Random) -> bytes:
    return content.replace(random_.choice(DELIMITERS), random_.choice(DELIMITERS), random_.choice((1, 3, -1)))


def _quote(content: bytes, random_: random.Random) -> bytes:
    choice = random_.random()
    if choice < 0.4:
        place = _place(content, random_)
        return content[:place] + b'"' + content[place:]
    if choice < 0.7:
        return content.replace(b'"', b"", random_.choice((1, 2, -1)))
    return content.replace(b'"', random_.choice((b"'", b'\\"', b'""', b"\xe2\x80\x9c")), random_.choice((1, -1)))


def _line_ends(content: bytes, random_: random.Random) -> bytes:
    return content.replace(b"\n", random_.choice((b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\x0b", b"\xe2\x80\xa8")))


def _preamble(content: bytes, random_: random.Random) -> bytes:
    return random_.choice((b"\n\n", b"Report,2024\n", b'"open\n', b"#\n" * 150, b"\xef\xbb\xbf", b"sep=;\n")) + content


def _footer(content: bytes, random_: random.Random) -> bytes:
    return content + random_.choice((b"\x1a", b"\x00" * 50, b"\n\n\n", b"Total,,,\n", b",,,,,\n", b'"', b"\r"))


def _long_line(content: bytes, random_: random.Random) -> bytes:
    place = _place(content, random_)
    return content[:place] + random_.choice((b"x", b",", b'"', b"\n", b"9")) * 100_000 + content[place:]


def _packed(content: bytes, name: str, random_: random.Random) -> tuple[bytes, str]:
    if random_.random() < 0.5:
        packed, name = gzip.compress(content, 1), name + ".gz"
    else:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(random_.choice((1, 1, 2, 3))):
                archive.writestr(name if number == 0 else f"{number}/{name}", content[number * 100 :])
        packed, name = target.getvalue(), name + ".zip"
    if random_.random() < 0.6:
        packed = random_.choice((_bits, _cut, _removed, _repeated))(packed, random_)
    return packed, name


_Fault = Callable[[bytes, random.Random], bytes]
_BINARY: tuple[_Fault, ...] = (_bits, _inserted, _removed, _cut, _repeated)
_TEXT: tuple[_Fault, ...] = (
    _bits, _inserted, _word, _cell, _cell, _removed, _cut, _repeated, _swapped, _line_lost, _joined, _encoded,
    _half_encoded, _delimiter, _quote, _quote, _line_ends, _preamble, _footer, _long_line,
)  # fmt: skip
