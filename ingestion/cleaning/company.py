"""Names of organisations as they compare: without legal form, width of characters, case, brackets and punctuation.

Belongs here: the comparable name, which contracts get by `normalised_company(name)`. Not here: the shown name, which
stays as stated; who is the same as whom (`ingestion/identity`).
"""

from __future__ import annotations

import re
import unicodedata

_CHINESE_FORM = re.compile(
    r"(?:集团)?(?:股份)?有限(?:责任)?公司|(?<![分子])公司$|\((?:普通合伙|有限合伙|特殊普通合伙)\)|合伙企业$|"
    r"股份公司|責任公司|有限公司|股份合作公司"
)
#: Legal forms as last words, without dots. Several follow each other in Co., Ltd. and GmbH & Co. KG.
_FORMS = frozenset(
    """ab ag as asa aps bhd bv co company corp corporation cv eireli eirl ev gbr gmbh inc incorporated kabushiki kg kgaa
    kk kft lda lllp llc llp limited lp ltd ltda limitada nv nyrt ohg oy oyj plc pllc pte pty pvt private sa sab sapi
    sarl sas sca scs sdn se sl slu snc spa spzoo srl srls sro ug zrt doo dd and""".split()  # noqa: SIM905
)
_ABBREVIATION = re.compile(r"(?<=\b\w)[./](?=\w\b)")


def company_core(name: str) -> str | None:
    """The comparable name; None where nothing is left of it. Where it is a legal form alone, it stays."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = text.replace("&", " and ").replace("+", " and ")
    text = _CHINESE_FORM.sub(" ", text) if _CHINESE_FORM.sub("", text).strip() else text
    words = re.findall(r"\w+", _ABBREVIATION.sub("", text))
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _FORMS:
        kept.pop()
    joined = " ".join(kept)
    # Chinese names are written without spaces: a bracket or a space in them means nothing
    return re.sub(r"(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])", "", joined) or None
