"""Word lists: names, places, companies, employees. All persons and organisations made of them are invented.

Belongs here: lists. Not here: how they are combined. Employees are named in full here, with given names that no
customer has, so that no employee shares a customer's full name.
"""

from __future__ import annotations


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((word.split(":")[0], word.split(":")[1]) for word in text.split())


SURNAMES: tuple[tuple[str, str], ...] = _pairs(
    "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 赵:zhao 黄:huang 周:zhou 吴:wu 徐:xu 孙:sun 胡:hu 朱:zhu "
    "林:lin 何:he 郭:guo 马:ma 罗:luo 梁:liang 宋:song 郑:zheng 谢:xie 韩:han 唐:tang 冯:feng 于:yu 董:dong "
    "萧:xiao 程:cheng 曹:cao 袁:yuan 邓:deng 许:xu 傅:fu 沈:shen 曾:zeng 彭:peng 吕:lv 苏:su 卢:lu 蒋:jiang "
    "蔡:cai 贾:jia 丁:ding 魏:wei 薛:xue 叶:ye 阎:yan 余:yu"
)
GIVEN_NAMES: tuple[tuple[str, str], ...] = _pairs(
    "伟:wei 芳:fang 娜:na 敏:min 静:jing 丽:li 强:qiang 磊:lei 洋:yang 艳:yan 勇:yong 杰:jie 娟:juan 涛:tao "
    "超:chao 霞:xia 秀英:xiuying 桂英:guiying 志强:zhiqiang 建华:jianhua 晓明:xiaoming 子涵:zihan 雨欣:yuxin "
    "梓萱:zixuan 浩然:haoran 思远:siyuan 佳怡:jiayi 俊杰:junjie 婷婷:tingting 文博:wenbo 嘉豪:jiahao "
    "雪梅:xuemei 春燕:chunyan 国强:guoqiang 海燕:haiyan 晓燕:xiaoyan 天宇:tianyu 诗涵:shihan 宇轩:yuxuan "
    "若曦:ruoxi 欣怡:xinyi 子墨:zimo 一诺:yinuo 梦琪:mengqi 建军:jianjun 丽华:lihua 玉兰:yulan 明辉:minghui "
    "晨曦:chenxi 书瑶:shuyao 可馨:kexin 志远:zhiyuan 少峰:shaofeng 慧敏:huimin 立新:lixin"
)
FIRST_NAMES: tuple[str, ...] = _list(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret "
    "Donald Ashley Steven Kimberly Andrew Emily Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian "
    "Melissa George Deborah Timothy Stephanie"
)
LAST_NAMES: tuple[str, ...] = _list(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall "
    "Rivera Campbell Mitchell Carter Roberts"
)

# province (short), province (full), city, postcode, weight, districts
CITIES: tuple[tuple[str, str, str, str, float, tuple[str, ...]], ...] = (
    ("北京", "北京市", "北京市", "100000", 9.0, ("朝阳区", "海淀区", "西城区")),
    ("上海", "上海市", "上海市", "200000", 11.0, ("浦东新区", "徐汇区", "静安区")),
    ("天津", "天津市", "天津市", "300000", 3.0, ("南开区", "和平区")),
    ("重庆", "重庆市", "重庆市", "400000", 4.0, ("渝中区", "江北区")),
    ("浙江", "浙江省", "杭州市", "310000", 8.0, ("西湖区", "余杭区", "滨江区")),
    ("浙江", "浙江省", "宁波市", "315000", 3.0, ("鄞州区", "海曙区")),
    ("江苏", "江苏省", "南京市", "210000", 6.0, ("鼓楼区", "玄武区", "江宁区")),
    ("江苏", "江苏省", "苏州市", "215000", 5.0, ("姑苏区", "虎丘区")),
    ("广东", "广东省", "广州市", "510000", 8.0, ("天河区", "越秀区", "海珠区")),
    ("广东", "广东省", "深圳市", "518000", 9.0, ("南山区", "福田区", "宝安区")),
    ("福建", "福建省", "厦门市", "361000", 2.5, ("思明区", "湖里区")),
    ("山东", "山东省", "济南市", "250000", 3.0, ("历下区", "市中区")),
    ("山东", "山东省", "青岛市", "266000", 3.0, ("市南区", "崂山区")),
    ("河南", "河南省", "郑州市", "450000", 3.5, ("金水区", "中原区")),
    ("湖北", "湖北省", "武汉市", "430000", 4.5, ("武昌区", "江汉区", "洪山区")),
    ("湖南", "湖南省", "长沙市", "410000", 3.5, ("岳麓区", "芙蓉区")),
    ("四川", "四川省", "成都市", "610000", 6.5, ("武侯区", "锦江区", "青羊区")),
    ("陕西", "陕西省", "西安市", "710000", 3.5, ("雁塔区", "碑林区")),
    ("辽宁", "辽宁省", "沈阳市", "110000", 2.0, ("和平区", "沈河区")),
    ("辽宁", "辽宁省", "大连市", "116000", 2.0, ("中山区", "沙河口区")),
)
ROADS: tuple[str, ...] = ("人民路", "中山路", "解放路", "建设路", "文化路", "新华路", "和平路", "长江路", "学院路")

# country, state code, state, city, postcode, area code of phones, weight
FOREIGN_CITIES: tuple[tuple[str, str, str, str, str, str, float], ...] = (
    ("US", "CA", "California", "San Jose", "95112", "408", 12.0),
    ("US", "CA", "California", "San Diego", "92101", "619", 8.0),
    ("US", "NY", "New York", "Buffalo", "14201", "716", 8.0),
    ("US", "TX", "Texas", "Austin", "78701", "512", 9.0),
    ("US", "WA", "Washington", "Seattle", "98101", "206", 8.0),
    ("US", "IL", "Illinois", "Chicago", "60601", "312", 7.0),
    ("US", "MA", "Massachusetts", "Boston", "02108", "617", 6.0),
    ("US", "CO", "Colorado", "Denver", "80202", "303", 4.0),
    ("CA", "ON", "Ontario", "Toronto", "M5H 2N2", "416", 5.0),
    ("CA", "BC", "British Columbia", "Vancouver", "V6B 1A1", "604", 4.0),
    ("GB", "ENG", "England", "Manchester", "M1 1AE", "", 4.0),
    ("DE", "BE", "Berlin", "Berlin", "10115", "", 3.0),
)
STREETS: tuple[str, ...] = ("Maple Street", "Oak Avenue", "Cedar Lane", "Lake Road", "Hill Street", "Park Avenue")

COMPANY_CITIES: tuple[int, ...] = (0, 1, 4, 6, 7, 8, 9, 12, 14, 16, 17, 18)  # of CITIES
COMPANY_STEMS: tuple[str, ...] = _list(
    "远景 恒泰 瑞丰 华信 明德 鑫源 汇通 博雅 天成 众诚 中科 宏达 启明 新锐 东方 金桥 安泰 蓝海 星辰 朗科 "
    "嘉禾 万象 联创 正和 优品 凯旋 盛世 同创 新纪元 大华 致远 鼎盛 泰和 永泰 华彩 国泰 飞跃 云帆 智联 维康"
)
COMPANY_TRADES: tuple[tuple[str, str], ...] = (
    ("酒店管理", "酒店餐饮"),
    ("餐饮管理", "酒店餐饮"),
    ("科技", "互联网"),
    ("智能装备", "制造业"),
    ("医疗科技", "医疗健康"),
    ("教育咨询", "教育"),
    ("商贸", "零售"),
    ("物业服务", "房地产"),
)
COMPANY_STEMS_EN: tuple[str, ...] = _list(
    "Northwind Bluebird Ironwood Lakeside Summit Harbor Redwood Granite Silverline Evergreen Pinnacle Cascade "
    "Meridian Oakridge Stonebridge Brightwater Falcon Horizon Keystone Liberty Maplewood Newport Orchard Prairie"
)
COMPANY_TRADES_EN: tuple[tuple[str, str], ...] = (
    ("Hotels", "Hospitality"),
    ("Coffee Roasters", "Food & Beverage"),
    ("Offices", "Real Estate"),
    ("Clinics", "Healthcare"),
    ("Retail Group", "Retail"),
    ("Systems", "Technology"),
)

# id, name, team, region, role, manager, hired, left, user key in Salesforce
EMPLOYEES: tuple[tuple[str, str, str, str, str, str, str, str, str], ...] = (
    ("E001", "欧阳景行", "总部", "", "director", "", "2019-03-01", "", "005A0000001mpE01AA"),
    ("E010", "上官云岚", "华东销售部", "华东", "manager", "E001", "2019-06-10", "", ""),
    ("E011", "司马知微", "华东销售部", "华东", "seller", "E010", "2020-04-01", "", ""),
    ("E012", "诸葛怀瑾", "华东销售部", "华东", "seller", "E010", "2021-08-16", "", ""),
    ("E013", "端木映雪", "华东销售部", "华东", "seller", "E010", "2023-02-20", "2025-06-30", ""),
    ("E020", "慕容疏桐", "华南销售部", "华南", "manager", "E001", "2019-09-02", "", ""),
    ("E021", "夏侯望舒", "华南销售部", "华南", "seller", "E020", "2021-03-15", "", ""),
    ("E022", "皇甫听澜", "华南销售部", "华南", "seller", "E020", "2022-05-09", "", ""),
    ("E030", "尉迟临渊", "华北销售部", "华北", "manager", "E001", "2020-01-06", "", ""),
    ("E031", "令狐拾遗", "华北销售部", "华北", "seller", "E030", "2021-10-11", "", ""),
    ("E032", "宇文清越", "华北销售部", "华北", "seller", "E030", "2024-03-04", "", ""),
    ("E040", "轩辕既白", "中西部销售部", "西南", "manager", "E001", "2020-07-01", "", ""),
    ("E041", "东方渐鸿", "中西部销售部", "西南", "seller", "E040", "2022-02-14", "", ""),
    ("E042", "南宫扶摇", "中西部销售部", "华中", "seller", "E040", "2022-11-01", "", ""),
    ("E050", "Ingrid Solheim", "Overseas", "Overseas", "manager", "E001", "2020-02-03", "", "005A0000001mpE50AA"),
    ("E051", "Tobias Lindqvist", "Overseas", "Overseas", "seller", "E050", "2021-01-18", "", "005A0000001mpE51AA"),
    ("E052", "Marguerite Delacroix", "Overseas", "Overseas", "seller", "E050", "2022-06-06", "", "005A0000001mpE52AA"),
    ("E053", "Aurelio Benedetti", "Overseas", "Overseas", "seller", "E050", "2023-09-25", "", "005A0000001mpE53AA"),
    ("E060", "公孙若谷", "市场部", "", "marketing", "E001", "2020-05-18", "", ""),
    ("E070", "钟离沐阳", "客服部", "", "manager", "E001", "2020-08-10", "", ""),
    ("E071", "澹台采薇", "客服部", "", "service", "E070", "2021-05-06", "", ""),
    ("E072", "长孙慕白", "客服部", "", "service", "E070", "2022-09-13", "", ""),
    ("E073", "闻人溪亭", "客服部", "", "service", "E070", "2026-06-22", "", ""),
)
