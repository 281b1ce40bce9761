"""The words that name or open a place, for `place`: "đường", "ấp", "chợ", "kinh", and when each of them counts."""

import re

from dialog.reading.text import word_set

OPENERS: dict[str, str] = {
    "so": "house", "sn": "house", "nha so": "house", "km": "house", "can": "house",
    "duong": "street", "duong tinh": "street", "duong huyen": "street", "pho": "street", "quoc lo": "street",
    "ql": "street", "tinh lo": "street",
    "huong lo": "street", "dai lo": "street",
    "lo": "street", "dt": "street", "ngo": "house", "ngach": "house", "hem": "house", "kiet": "house",
    "ap": "hamlet", "thon": "hamlet", "xom": "hamlet", "khom": "hamlet", "khu pho": "hamlet", "kp": "hamlet",
    "to": "hamlet",
    "to dan pho": "hamlet", "tdp": "hamlet", "lang": "hamlet", "ban": "hamlet", "cum": "hamlet", "khu": "hamlet",
    "khu vuc": "hamlet",
    "nga ba": "street", "nga tu": "street", "nga nam": "street", "nga sau": "street", "nga 3": "street",
    "nga 4": "street", "nga 5": "street", "nga 6": "street",
    "vong xoay": "street", "giao lo": "street", "bung binh": "street",
    "cho": "landmark", "truong": "landmark", "cong truong": "landmark", "benh vien": "landmark", "cau": "landmark",
    "ubnd": "landmark",
    "uy ban": "landmark", "cong vien": "landmark", "bo ke": "landmark", "chua": "landmark", "dinh": "landmark",
    "den": "landmark",
    "nha tho": "landmark", "ben xe": "landmark", "nha may": "landmark", "kcn": "landmark",
    "khu cong nghiep": "landmark",
    "sieu thi": "landmark", "tram y te": "landmark", "ga": "landmark", "nha van hoa": "landmark",
    "khu do thi": "landmark",
    "kdt": "landmark", "kdc": "landmark", "khu dan cu": "landmark", "cay xang": "landmark", "buu dien": "landmark",
    "cong an": "landmark",
    "ngan hang": "landmark", "nghia trang": "landmark", "quang truong": "landmark", "ben pha": "landmark",
    "cang": "landmark",
    "kenh": "landmark", "song": "landmark", "ho": "landmark", "de": "landmark", "cong chao": "landmark",
    "san van dong": "landmark",
    "vincom": "landmark", "chung cu": "landmark", "toa nha": "landmark", "mieu": "landmark",
    "khach san": "landmark", "quan": "landmark",
    "so nha": "house", "vanh dai": "street", "duong vanh dai": "street", "vong xuyen": "street", "nut giao": "street",
    "cau vuot": "street", "ham chui": "street", "khoi": "hamlet", "khoi pho": "hamlet", "lo so": "house",
    "kinh": "landmark", "rach": "landmark", "cu lao": "landmark", "con": "landmark", "vam": "landmark",
    "xeo": "landmark", "suoi": "landmark", "bai bien": "landmark", "bai tam": "landmark", "ao": "landmark",
    "dap": "landmark", "keo": "landmark", "cum cong nghiep": "landmark", "ccn": "landmark", "toa": "landmark",
    "khu du lich": "landmark", "lang nghe": "landmark", "cho dau moi": "landmark", "quan nhau": "landmark",
    "quan an": "landmark", "vuon hoa": "landmark", "khu tap the": "landmark", "nha hang": "landmark",
    "benh xa": "landmark", "san bay": "landmark", "trung tam": "landmark", "di tich": "landmark",
    "doc": "street",
}  # fmt: skip
NUMBER_ONLY = word_set("so to km sn can lo dt nga")
"""Openers that mean something else unless a number follows: "số", "tổ"."""
PROPER_ONLY = word_set(
    "duong pho ban lang khu cum truong cau chua dinh den ga kenh song ho de quan cho ap ngo lo xom cong khach mieu "
    "cang khom kiet hem ngach toa rach suoi kinh con vam xeo khoi ao dap keo doc"
)
"""Openers that mean something else unless a proper name or number follows."""
ACCENTS: dict[str, frozenset[str]] = {
    "so": frozenset({"số"}), "duong": frozenset({"đường"}), "pho": frozenset({"phố"}), "lo": frozenset({"lộ",
    "lô"}), "ngo": frozenset({"ngõ"}),
    "ngach": frozenset({"ngách"}), "hem": frozenset({"hẻm", "hẽm"}), "kiet": frozenset({"kiệt"}),
    "ap": frozenset({"ấp"}),
    "thon": frozenset({"thôn"}), "xom": frozenset({"xóm"}), "khom": frozenset({"khóm"}), "to": frozenset({"tổ"}),
    "lang": frozenset({"làng"}),
    "ban": frozenset({"bản"}), "cum": frozenset({"cụm"}), "cho": frozenset({"chợ"}),
    "truong": frozenset({"trường"}), "cau": frozenset({"cầu"}),
    "chua": frozenset({"chùa"}), "dinh": frozenset({"đình"}), "den": frozenset({"đền"}),
    "kenh": frozenset({"kênh"}), "song": frozenset({"sông"}),
    "ho": frozenset({"hồ"}), "de": frozenset({"đê"}), "nga": frozenset({"ngã"}), "can": frozenset({"căn"}),
    "cang": frozenset({"cảng"}),
    "quan": frozenset({"quán"}), "dt": frozenset({"dt", "đt"}), "bo": frozenset({"bờ"}), "cong": frozenset({"cổng",
    "công"}), "khu": frozenset({"khu"}),
    "mieu": frozenset({"miếu"}), "ga": frozenset({"ga"}), "ben": frozenset({"bến"}), "benh": frozenset({"bệnh"}),
    "san": frozenset({"sân"}),
    "rach": frozenset({"rạch"}), "suoi": frozenset({"suối"}), "vam": frozenset({"vàm"}), "xeo": frozenset({"xẻo"}),
    "con": frozenset({"cồn"}), "kinh": frozenset({"kinh"}), "khoi": frozenset({"khối"}), "toa": frozenset({"tòa",
    "toà"}), "ao": frozenset({"ao"}), "dap": frozenset({"đập"}), "keo": frozenset({"keo"}), "doc": frozenset({"dốc"}),
    "nha": frozenset({"nhà"}), "cay": frozenset({"cây"}), "tram": frozenset({"trạm"}),
}  # fmt: skip
NAMED_ONLY = word_set("kinh con vam xeo khoi ao dap keo toa doc") | {
    "trung tam", "nha hang", "quan an", "quan nhau", "di tich", "lang nghe", "cu lao",
}  # fmt: skip
"""Openers that need a capital or a number after them: "kinh khủng", "con em", "khối lượng"."""
CAPITAL_ONLY = word_set("con keo den de ho ban quan dinh ga song")
"""Openers of another meaning in text without accents unless a capital letter follows: "den" is mostly đèn, not đền."""
BEFORE = word_set(
    "gan truoc sau canh ben doi dien dau cuoi giua cong ngay trong ngoai doan tu mat phia duoi tren chan goc loi vao"
)
NUMBERED_THINGS = word_set("cot tru den xe bien tuyen duong ho bao thua quay cua phong dieu dinh mau")
"""What may stand before "số 4" that is no house: "quầy số 4", "bão số 3", "hồ sơ 40 ngày"."""
COUNTED = word_set("ngay thang nam gio tieng tuan hom dem phut nguoi km m k p trieu ty nghin ngan dong lan chiec")
"""What a number before them counts: no part of a landmark's name."""
COUNTED_PEOPLE = word_set("chau ho ba to bo ta ha")
"""Counted things that look like the first word of a street's name: "9 cháu", "12 hộ"."""
NOT_BEFORE_HAMLET = word_set("truong can bi hang hanh dien van kich hang")
HAMLET_WORDS = word_set(
    "tan my phu long binh an thoi hoa vinh thanh phuoc dong tay nam bac trung thuong ha tien giang hung hiep loi thinh "
    "lac yen xuan quang dai cam ngoc kim son thuy minh lam dinh duc dong doai doan ngo nguyen tran le pham hoang cho "
    "moi cu ca cai ong ba go giong rach soc tra cau ben vuon xoai dua loc thuan nhon nhut nhat hau tam tu ky que mo "
    "chua dinh lo bai ho ngu da bich da vang vong viet van thai the thien tho trai trang tri truong tung vu xa che la"
)
"""First words of hamlets' names, in text without capital letters: "ap tan thoi", "thôn đông"."""
BETWEEN = word_set(
    "qua voi va giao cua thuoc o tai khu vuc doan den ra gan doi dien truoc sau canh cong nha van ngay dau cuoi cu vao "
    "giap trong x tp tinh"
)
NOT_BEFORE_STREET = word_set("den mat long cot bong via doan tuyen con ra ven bi mep giua tren duoi lan")
MOST_NUMBERS = 8
NUMBER = re.compile(r"[0-9]{1,4}[a-z]?[0-9]{0,3}")
GRADE = word_set("tieu hoc mam non thcs thpt trung pho thong cap dai cao dang mau giao xa phuong")


WATERS = word_set("ho song")
CODED = frozenset(("toa", "toa nha", "chung cu", "khu", "can", "lo", "nha"))
CODE = re.compile(r"[a-z]{1,3}[0-9]{1,3}[a-z]?[0-9]{0,2}[a-z]?")
"""A building's or plot's code: "N03T2", "CT5", "S2.05"."""
DELAYS = re.compile(
    r"^\s*(?:da |a |em |toi |minh |e |tui |thi )*"
    r"(?:(?:khong|ko|k|hong|hok|chua|quen) (?:biet|ro|nho|chac|ranh)(?: ro| chac)?(?!.*[0-9])"
    r"|(?:de|doi|cho)(?: em| toi| minh| tui| ty| ti| ti nua)? ?(?:hoi|xem|ti|xiu|chut|lat|mai|coi)"
    r"|(?:chut|ti|xiu|lat|mai|lat hoi)(?: nua| nx)? |(?:gui|cho|nhan)\b.*\b(?:vi tri|dinh vi|dia chi)\b.* sau)"
)
"""Answers to "where" that put it off: "để em hỏi lại", "chút nữa em gửi", "không rõ"."""
HEADS = frozenset(words.split()[0] for words in OPENERS)
