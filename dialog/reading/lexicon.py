"""Words of everyday Vietnamese that no profile lists: shorthand, politeness, small talk, family names.

Sets hold folded words (lower case without accents) unless said otherwise.
"""

from collections.abc import Mapping

from dialog.reading.text import word_set

SHORTHAND: Mapping[str, tuple[str, ...]] = {
    "k": ("không",), "ko": ("không",), "kh": ("không",), "kg": ("không",), "khg": ("không",), "hk": ("không",),
    "hok": ("không",), "hông": ("không",), "hổng": ("không",), "kog": ("không",),
    "gởi": ("gửi",),
    "dc": ("được",), "đc": ("được",), "dk": ("được",), "đk": ("được",), "dcj": ("được",),
    "ng": ("người",), "nguoi": (), "đg": ("đường",), "dg": ("đường",), "trc": ("trước",), "vs": ("với",), "r": ("rồi",),
    "oy": ("rồi",), "roy": ("rồi",), "gòi": ("rồi",), "j": ("gì",), "z": ("vậy",), "v": ("vậy",), "lun": ("luôn",),
    "lm": ("làm",), "mún": ("muốn",), "bn": ("bao nhiêu",), "mn": ("mọi người",), "bt": ("biết",), "nx": ("nữa",),
    "mk": ("mình",), "mh": ("mình",), "cx": ("cũng",), "ms": ("mới",), "ntn": ("như thế nào",), "ak": ("à",),
    "hnay": ("hôm nay",), "hqua": ("hôm qua",), "sdt": ("số điện thoại",), "sđt": ("số điện thoại",),
    "dt": ("điện thoại",), "đt": ("điện thoại",), "ubnd": ("ủy ban nhân dân",), "csgt": ("cảnh sát giao thông",),
    "qtqd": ("quá trời quá đất",), "ib": ("nhắn",), "vsmt": ("vệ sinh môi trường",), "tthc": ("thủ tục hành chính",),
    "dvc": ("dịch vụ công",), "nc": ("nước",), "đng": ("đang",), "bj": ("bị",), "wá": ("quá",), "wa": ("quá",),
    "thik": ("thích",), "iu": ("yêu",), "nhìu": ("nhiều",), "nhiu": ("nhiều",), "cty": ("công ty",),
    "mst": ("mã số thuế",), "cccd": ("căn cước công dân",), "tp": ("thành phố",), "đèn": (),
}  # fmt: skip
"""Shorthand (as typed, lower case) → what it stands for. Empty tuples only mark right words."""

MATCHING: Mapping[str, tuple[str, ...]] = {
    short: tuple(word for word in full if " " not in word) for short, full in SHORTHAND.items() if full
}
"""The part of `SHORTHAND` that stands for one word: readings for matching, never a rewrite of what is stored."""

SHORT_UNITS: Mapping[str, str] = {"p": "phường", "f": "phường", "q": "quận", "tp": "thành phố", "x": "xã",
"tt": "thị trấn",
                                  "tx": "thị xã", "kp": "khu phố", "tdp": "tổ dân phố", "h": "huyện",
                                  "t": "tỉnh"}  # fmt: skip

HEADS = word_set(
    "da ok vang u uh uk ukm um uhm o ua a oi alo alô e ne hi hello chao ad admin anh chi em c b ban oke vay the thi "
    "ma roi"
)
"""Words before an answer that carry no meaning: "dạ", "ừ thì", "à"."""

TAILS = word_set(
    "a ah ak ạ nha nhe nhé nhen nghen nghe hen ha he di luon lun gium giup dum dùm voi vs em anh chi ad admin ban b "
    "bn ne nè nao oi roi r do đó day đấy the vay z nhi dau het ca co chu bac ong ba minh mk toi nua nx cam on nhieu "
    "thoi"
)
"""Words after an answer that carry no meaning: "ạ", "nhé", "giùm em"."""

WISH = word_set("toi em minh mk tui cho xin muon can duoc lam on vui long anh chi ad oi hay giup e t")
"""Words before a command: "tôi muốn", "cho em xin"."""

YES = tuple(
    phrase.split()
    for phrase in (
        "dung", "dung roi", "dung vay", "dung the", "dung r", "dung day", "phai", "phai roi", "chinh xac", "chuan",
        "chuan roi",
        "ok", "oke", "okay", "okie", "oki", "okla", "okela", "okey", "uh", "u", "uk", "ukm", "um", "uhm", "uhu",
        "o", "vang", "da vang",
        "co", "co chu", "dong y", "gui", "gui di", "gui luon", "gui luon di", "gui nhe", "gui giup", "xac nhan",
        "duoc", "duoc roi",
        "dc", "dc roi", "yes", "y", "yep", "nhat tri", "chac chan", "dung no", "da", "hop ly", "du roi", "chot",
        "duyet",
        "khong sai", "khong co gi sai", "van vay", "nhu cu", "nhu vay", "giong vay", "nhu tren",
    )
)  # fmt: skip
NO = tuple(
    phrase.split()
    for phrase in (
        "khong", "ko", "k", "kh", "hong", "hok", "hk", "khong phai", "ko phai", "k phai", "khong dung", "ko dung",
        "k dung", "sai",
        "sai roi", "chua", "chua dung", "no", "khong can", "ko can", "k can", "dau co", "khong dau", "chua co",
        "khong co", "ko co",
        "k co", "khong muon", "ko muon", "chang", "khoi", "khoi can", "thoi khoi", "bo qua", "nham roi",
        "khong phai dau", "dau phai",
        "chua dong y", "khong luu", "hok co", "khong bo sung", "khong nhe",
    )
)  # fmt: skip
SKIP_OBJECTS = word_set(
    "anh hinh video clip mail email gi do so them thong tin nao chup duoc dc cai tam luc nay gio bay dien thoai may"
)
"""What may follow "không có" / "bỏ qua" in an answer that skips a question: "không có ảnh"."""

CANCEL_FILLERS = word_set(
    "nua nx dau phan anh bao gui can cai nay do vu viec khoi gium giup em toi minh nha nhe a di roi r ad luon lun bo "
    "qua huy thoi khong ko k ma yeu cau ho so lai de sau tinh"
)
CONFIDENTIAL_FILLERS = word_set(
    "giup gium dum em toi minh mk tui e nha nhe a ah ad voi thong tin ten ca nhan sdt so dien thoai cua cho di nghe "
    "duoc dc khong ko ho luon lun nay vu gui nguoi danh tinh xin hay dung"
)

CONTACT_FILLERS = word_set(
    "de gap tong dai can bo nhan vien lien he goi dien thoai duoc cua he thong trang web tinh la gi so may nao o dau "
    "bao phan anh gui vay v link nay cho toi em minh thi"
)

CHITCHAT = (
    "chao", "xin chao", "hello", "hi", "alo", "chao ad", "troi dep", "troi mua", "troi nong", "troi lanh",
    "troi ret", "troi mat", "lanh ghe", "lanh qua", "ret ghe", "ret qua", "nong ghe", "nong qua", "an com",
    "uong cafe", "uong ca phe", "khoe khong", "ban la ai",
    "ban ten gi", "ten gi", "lam gi do", "co ai", "hihi", "haha", "hehe", "kk", "kaka", "buon qua", "vui qua",
    "chuc ngay moi",
    "chuc mung", "good morning", "ngu ngon", "bot ha", "robot", "may gio", "test", "thu xem", "dep ghe", "dep trai",
    "dep gai",
)  # fmt: skip
GREETINGS = frozenset(("chao", "hello", "hi", "alo", "helo", "hey", "kinh chao"))

FAMILY_NAMES = word_set(
    "nguyen tran le pham hoang huynh phan vu vo dang bui do ho ngo duong ly an ao au ba bach banh be bo ca cai cam "
    "can cao cat chau chu chung cu cung da dam dao dau diep dinh doan dong du giang giap ha han hau hinh hua hung "
    "huong ke kha khang khong khuat khuc kieu kim kong ky la lac lai lam lang liem lieu lo luc luong luu lu ma mac "
    "mach mai man mao mau ninh nghiem nghi ngac ngan nhan nhu nong ong phi pho phu phung phuong quach quan quang sam "
    "si son su sung ta tang thach thai than thang thanh thi thieu thoi tien tieu ton tong to toan tra trang tri "
    "trieu trinh truong tu ung van vi vien vinh vong vuong xa yen"
)
MIDDLE_NAMES = word_set(
    "van thi huu duc minh ngoc thanh quoc xuan kim dinh hong thu thuy cong the nhu quang hoang anh bich cam diem gia "
    "hai khanh manh my phuong quynh tan thien trong trung tuan tuyet viet dang be ut tu hoai hieu duy bao nhat thai"
)
TITLES = word_set("anh chi ong ba co chu bac em cu toi minh mk a c e di cau thim mo tui chau con la ten")
NOT_NAMES = word_set(
    "toi em minh mk anh chi ong ba co chu bac ban tui alo chao hi hello ok oke da vang khong ko k chua dung gui sua "
    "huy thoi khoi ten nguoi dan cong sinh vien giao cu nhan ai gi sao test ad admin bot"
)
"""Single words, and words that open what is no name: "người dân", "sinh viên"."""

ORGANIZATIONS = (
    "cong ty",
    "cty",
    "doanh nghiep",
    "hop tac xa",
    "htx",
    "ho kinh doanh",
    "hkd",
    "tap doan",
    "chi nhanh",
    "xi nghiep",
    "ban quan ly",
)

NAME_STOPS = word_set(
    "sdt dt so dien thoai o tai dia chi dc hien dang la cccd cmnd can cuoc email mail gmail muon xin phan bao gui "
    "goi lien he lh zalo mst va sinh nam ngu tru dan thuong que nha em toi minh mk nhe ah ak nay day phone tel fb "
    "voi de duoc ma khong ko roi"
)
"""Words that end a name in text without capital letters."""

PLACE_STOPS = word_set(
    "tat bi hu hong ngap khong k ko kg chua roi r ma va nhieu qua rat co dang da may ngay tuan thang dem hom ca gan "
    "truoc sau doi lam gay cho toi thui om mit vo be do nga tac nghet boc mui hoi thoi o nhiem rac xa dot on ao mat "
    "yeu ban day lan chiem hoai suot luc khi nen gio bay nay nua nx het sap lun sut cay dien nuoc cong den xe nguoi "
    "ng dan de lai thuong xuyen lien tuc moi toan vua xin nho mong ad em mk ten sdt dt nhau lay loi nat xuong cap "
    "bua dau khieu xay ket tai nan cu cuoi bung troi thay nhin khien gom don sua xu ly chieu trua dum gium giup voi "
    "nha nhe a ah ak oi luon that sao ai thi la rung tram cot tru nguy hiem kinh khung nghiem trong tham vay the "
    "nhung vi neu hay le kieu kia duoi hang"
)
"""Words that end a street, hamlet or landmark in text without capital letters."""

APOLOGY = ("xin loi", "sorry", "thong cam")
POSITIVE = (
    "sach",
    "dep",
    "nhanh",
    "tot",
    "kip thoi",
    "tuyet voi",
    "nhiet tinh",
    "tan tinh",
    "chu dao",
    "hai long",
    "gon",
    "sang lai",
    "on roi",
)
CONTRAST = word_set("nhung tuy van mong nho xin bao sao ma lai chua con de giup gium mau som kiem xem dung hoai tiep")
"""Words beside thanks that may ask for something."""

STREETS = frozenset(
    tuple(name.split())
    for name in (
        "ly thuong kiet", "le loi", "nguyen hue", "nguyen trai", "tran phu", "le lai", "quang trung", "hung vuong",
        "tran hung dao", "le duan",
        "ngo gia tu", "ly tu trong", "vo thi sau", "dien bien phu", "hai ba trung", "nguyen dinh chieu",
        "cach mang thang tam",
        "nam ky khoi nghia", "nguyen van cu", "ly thai to", "ly nam de", "le thanh tong", "nguyen cong tru",
        "hoang quoc viet", "truong chinh",
        "pham van dong", "vo nguyen giap", "vo van kiet", "nguyen van linh", "nguyen thi minh khai", "ba trieu",
        "phan chu trinh", "phan boi chau",
        "hoang hoa tham", "nguyen tri phuong", "ho tung mau", "to hien thanh", "nguyen du", "le hong phong",
        "tran quoc toan", "ap bac",
        "dinh bo linh", "thu khoa huan", "truong dinh", "hoc lac", "thien ho duong", "doc binh kieu",
        "le thi hong gam", "nguyen an ninh",
        "nguyen binh khiem", "nguyen thai hoc", "hoang dieu", "yen the", "kinh duong vuong", "ly thanh tong",
        "nguyen cao", "huyen quang",
        "thien duc", "ly anh tong", "le van duyet", "pham hung", "ton duc thang", "mac dinh chi", "chu van an",
        "bui thi xuan", "ngo quyen",
        "dinh tien hoang", "le dai hanh", "nguyen khuyen", "xuan dieu", "to huu", "nguyen thong", "pham ngu lao",
        "trung trac", "trung nhi",
        "giai phong", "cau giay", "kim ma", "hang bong", "tran duy hung", "tran thai tong", "pham thai buong",
        "le minh xuan", "rach gam",
        "nguyen van troi", "le van tam", "dang dung", "phan dinh phung", "le quy don", "lac long quan", "au co",
        "ton that tung", "dong khoi",
    )
)  # fmt: skip
"""Common street names: where one of them ends in text without capital letters."""

FAMILY_WORDS = word_set(
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý đinh trương đoàn lương mai tôn cao hà "
    "lưu phùng trịnh châu hùng quang lạc âu đào tạ kim thái tô triệu trưng bà nam cách thủ"
)
"""First words of streets in lower-case text with accents: "lý thường kiệt"."""

QUESTION_WORDS = word_set("gi sao vay khong ko biet lam de nao tai can phai cho hoi ma neu duoc dc lai nua cung roi")
"""Small words that no name contains: "để làm gì vậy" is not one."""
OBSTACLES = ("vuong mac", "vuong", "kho khan", "ach tac")
"""What an organisation says about rules that stand in its way."""

NUMBER_WORDS = frozenset(("sdt", "dt", "cccd", "cmnd", "email", "mail", "gmail", "phone", "so"))
"""Words that end a name even where a given name is due."""
