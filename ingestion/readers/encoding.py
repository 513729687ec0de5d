"""Which encoding a file is in, decided over the whole file, and decoding it without losing a byte silently.

Belongs here: the decision and the streams of decoded text. Not here: the layout of the text.

Order: byte order mark, strict UTF-8, UTF-16 without a mark, the declared encoding, then of the usual encodings those in
which every byte of the file decodes; where several fit, the sense of the words decides. What does not decode leaves
`MARK` in the text: a record that holds it is rejected, never repaired.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.readers.streams import BLOCK, Opener

HEAD_BYTES = 256 * 1024

#: Stands for a byte that does not decode. A noncharacter of Unicode: no text holds it.
MARK = "\ufdd0"

#: Appended to an encoding's name where some bytes do not decode.
MARKED = "+marked"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What detection chooses from: rarer code pages read anything and are hardly ever meant.
_USUAL = (
    "cp1252", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255",
    "cp1256", "cp874", "koi8_r",
)  # fmt: skip
#: Those of them that write a letter beyond ASCII as two bytes above it, as good as always.
_IN_PAIRS = ("gb18030", "euc_jp", "euc_kr")
#: Bytes of lines beyond ASCII that are weighed where several encodings fit.
_WEIGHED_BYTES = 2**20
_DIRECT = ("utf-8", "utf-8-sig", "ascii")


@dataclass(frozen=True)
class Scan:
    """What one pass over a file tells."""

    sha256: str
    byte_count: int
    head: bytes  # the first HEAD_BYTES
    is_utf8: bool  # strictly, over the whole file
    ends_with_line: bool  # the last byte ends a line (also true of an empty file)


def scan(stream: BinaryIO) -> Scan:
    """Hash a file and try it as UTF-8, in one pass over blocks."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    count, head, last, is_utf8 = 0, b"", b"\n", True
    while block := stream.read(BLOCK):
        digest.update(block)
        count += len(block)
        last = block[-1:]
        if len(head) < HEAD_BYTES:
            head += block[: HEAD_BYTES - len(head)]
        if is_utf8:
            try:
                if not (block.isascii() and not decoder.getstate()[0]):
                    decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return Scan(digest.hexdigest(), count, head, is_utf8, last in (b"\n", b"\r"))


def decide(found: Scan, declared: str, reopen: Opener) -> str:
    """The encoding of a scanned file as a Python codec, with `MARKED` appended where some bytes do not decode.

    `reopen` gives the file anew: only files that are not UTF-8 are read again.
    """
    for mark, encoding in _MARKS:
        if found.head.startswith(mark):
            return encoding if encoding != "utf-8-sig" or found.is_utf8 else encoding + MARKED
    if found.is_utf8 and b"\0" not in found.head:
        return "utf-8"
    if wide := _wide(found.head):
        return wide
    if found.is_utf8:
        return "utf-8"
    good, bad = _count(reopen, "utf-8")
    if good >= bad:  # text in UTF-8 with broken bytes: in other encodings, hardly any bytes happen to be UTF-8
        return "utf-8" + MARKED
    is_declared = declared.lower().replace("_", "-") not in _DIRECT
    whole = _strictly(reopen, (declared, *_USUAL) if is_declared else _USUAL)
    if is_declared and declared in whole:
        return declared
    if is_declared:
        good, bad = _count(reopen, declared)
        if good > 10 * bad:
            return declared + MARKED
    detected = _likeliest(reopen, whole) if whole else _likeliest(reopen, _USUAL)
    if detected is None:
        return declared + MARKED
    return detected if detected in whole else detected + MARKED


def is_direct(encoding: str) -> bool:
    """The engine can read a file of this encoding as it is."""
    return encoding in _DIRECT


def decoded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Blocks of text; bytes that do not decode become `MARK`."""
    codec = encoding.removesuffix(MARKED)
    decoder = codecs.getincrementaldecoder(codec)("milepost_mark")
    while block := stream.read(BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def head_text(found: Scan, encoding: str) -> str:
    """The beginning of the file as text, without a character cut in two at its end."""
    codec = encoding.removesuffix(MARKED)
    text = codecs.getincrementaldecoder(codec)("milepost_mark").decode(found.head)
    return text.removeprefix("\ufeff")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.end


codecs.register_error("milepost_mark", _mark)


def _count(reopen: Opener, encoding: str) -> tuple[int, int]:
    """Characters beyond ASCII that the encoding reads, and the places where it fails."""
    good = bad = 0
    with closing(reopen()) as stream:
        for text in decoded(stream, encoding):
            marks = text.count(MARK)
            bad += marks
            good += len(text) - len(text.encode("ascii", "ignore")) - marks
    return good, bad


def _wide(head: bytes) -> str | None:
    """UTF-16 without a byte order mark: mostly ASCII text has a zero in every other byte."""
    sample = head[: len(head) // 2 * 2]
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0) / (len(sample) / 2), sample[1::2].count(0) / (len(sample) / 2)
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    return None


def _strictly(reopen: Opener, encodings: Sequence[str]) -> tuple[str, ...]:
    """Those of the encodings in which every byte of the file decodes, in one pass."""
    decoders = {encoding: codecs.getincrementaldecoder(encoding)("strict") for encoding in encodings}
    with closing(reopen()) as stream:
        while (block := stream.read(BLOCK)) and decoders:
            _still(decoders, block, final=False)
    _still(decoders, b"", final=True)
    return tuple(decoders)


def _still(decoders: dict[str, codecs.IncrementalDecoder], block: bytes, *, final: bool) -> None:
    for encoding, decoder in list(decoders.items()):
        try:
            decoder.decode(block, final)
        except UnicodeDecodeError:
            del decoders[encoding]


def _likeliest(reopen: Opener, allowed: Sequence[str]) -> str | None:
    """What charset-normalizer makes of the first lines beyond ASCII, of the encodings allowed; None where it has no
    answer. Which encodings are possible at all was decided over every byte; this weighs the sense of the words."""
    if len(allowed) == 1:
        return allowed[0]
    from charset_normalizer import from_bytes

    lines = bytearray()
    with closing(reopen()) as stream:
        for line in stream:
            if not line.isascii():
                lines += line
            if len(lines) > _WEIGHED_BYTES:
                break
    usual = [encoding for encoding in allowed if encoding in _USUAL]
    runs = [len(run) % 2 for run in re.findall(rb"[\x80-\xff]+", bytes(lines))]
    in_pairs = [encoding for encoding in usual if encoding in _IN_PAIRS]
    if in_pairs and sum(runs) < 0.1 * len(runs):  # letters of one byte each do not come in pairs alone
        usual = in_pairs
        if len(usual) == 1:
            return usual[0]
    found = from_bytes(bytes(lines), cp_isolation=usual)
    best = found.best()
    if best is None:
        return None
    # of code pages that read it equally well, the commonest
    alike = {match.encoding for match in found if (match.chaos, match.coherence) == (best.chaos, best.coherence)}
    alike |= {encoding for encoding in usual if _reads_alike(bytes(lines), encoding, best.encoding)}
    return min(alike, key=_USUAL.index)


def _reads_alike(octets: bytes, one: str, other: str) -> bool:
    try:
        return octets.decode(one) == octets.decode(other)
    except UnicodeDecodeError:
        return False
