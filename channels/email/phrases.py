"""What mail programs write between a person's words and the mail that the person answers, per language.

They are matched folded, without case and accents: so they also fit people and programs that write without accents.
Sources: locale files of Zimbra (vi), Thunderbird (vi) and Roundcube (vi_VN); for Gmail, iOS, Outlook, Yahoo and Samsung
the texts that these programs put into mails.
"""

from collections.abc import Mapping
from enum import StrEnum

from channels.email.folding import fold


class Field(StrEnum):
    """A line at the head of a quoted mail."""

    SENDER = "from"
    DATE = "date"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    OTHER = "other"


HEADER_LABELS: Mapping[Field, tuple[str, ...]] = {
    Field.SENDER: (
        *("tu", "nguoi gui", "gui tu", "gui boi", "from", "sender", "von", "absender", "de", "expediteur", "da"),
        *("mittente", "van", "afzender", "od", "nadawca", "fra", "fran", "avsandare", "lahettaja", "отправитель"),
        *(
            "от",
            "от кого",
            "від",
            "kimden",
            "gonderen",
            "发件人",
            "寄件者",
            "寄件人",
            "差出人",
            "送信者",
            "보낸 사람",
            "보낸사람",
            "felado",
        ),
        *("saatja", "απο", "מאת", "من", "odesilatel", "odosielatel", "expeditor", "de la", "remitente", "remetente"),
    ),
    Field.DATE: (
        *("da gui", "ngay gui", "ngay", "gui luc", "da gui luc", "thoi gian gui", "gui ngay", "vao luc"),
        *("da gui vao", "date", "sent", "sent at", "sent on", "datum", "gesendet", "gesendet am", "date d'envoi"),
        *("envoye", "envoye le", "le", "enviado", "enviado el", "enviado em", "enviada em", "enviado a las", "fecha"),
        *("data", "inviato", "verzonden", "verstuurd", "data wyslania", "wyslano", "wyslane", "dato", "sendt"),
        *("skickat", "lahetetty", "paivays", "дата", "отправлено", "надіслано", "tarih", "gonderildi"),
        *(
            "gonderme tarihi",
            "gonderilme tarihi",
            "发送时间",
            "发送日期",
            "寄件日期",
            "日期",
            "日時",
            "送信日時",
            "보낸 날짜",
            "보낸시간",
            "날짜",
        ),
        *("elkuldve", "saadetud", "odeslano", "odoslane", "trimis", "data envio", "datum verzending", "ημερομηνια"),
        *("תאריך", "נשלח", "تاريخ", "kuupaev", "wann"),
    ),
    Field.TO: (
        *("toi", "den", "gui toi", "gui den", "nguoi nhan", "nguoi nhan thu", "to", "an", "empfanger", "a", "para"),
        *("destinataire", "destinatario", "destinatari", "aan", "do", "til", "till", "mottagare", "vastaanottaja"),
        *(
            "кому",
            "kime",
            "alici",
            "收件人",
            "收件者",
            "宛先",
            "받는 사람",
            "받는사람",
            "cimzett",
            "kellele",
            "komu",
            "pro",
            "catre",
        ),
        *("προς", "אל", "إلى", "recipient", "recipients", "all'attenzione di"),
    ),
    Field.CC: (
        *("cc", "dong kinh gui", "dong gui", "ban sao", "bcc", "kopie", "kopia", "copie a", "copie", "копия"),
        *("копія", "kk", "抄送", "副本", "참조", "bilgi", "masolatot kap", "kopie an", "kopi", "csc", "c/c", "dw"),
    ),
    Field.SUBJECT: (
        *("chu de", "tieu de", "ve viec", "tieu de thu", "subject", "betreff", "objet", "sujet", "asunto", "assunto"),
        *(
            "oggetto",
            "onderwerp",
            "temat",
            "emne",
            "amne",
            "arende",
            "aihe",
            "тема",
            "konu",
            "主题",
            "主旨",
            "件名",
            "제목",
        ),
        *("targy", "teema", "predmet", "subiect", "θεμα", "נושא", "الموضوع", "topic"),
    ),
    Field.OTHER: (
        *("tra loi cho", "tra loi toi", "phan hoi toi", "dinh kem", "tep dinh kem", "do quan trong"),
        *("muc do quan trong", "reply-to", "reply to", "message-id", "attachments", "attachment", "attach"),
        *("importance", "priority", "organization", "antwort an", "antworten an", "anlagen", "wichtigkeit"),
        *("responder a", "importancia", "repondre a", "pieces jointes", "sensitivity", "categories", "in-reply-to"),
        *("references", "newsgroups", "user-agent", "mailed-by", "signed-by", "list-id", "envoye par", "via"),
        *("mime-version", "content-type", "x-mailer", "resent-from", "delivered-to", "odpowiedz do", "priorytet"),
        *("zalaczniki", "bijlagen", "urgentie", "vedhaeftede filer", "rispondi a", "allegati"),
    ),
}
LABELS: Mapping[str, Field] = {fold(label): field for field, labels in HEADER_LABELS.items() for label in labels}

WROTE: tuple[str, ...] = (
    *("da viet", "viet", "da tra loi", "wrote", "writes", "said", "sent", "a ecrit", "ecrivait", "ecrit", "ecrivit"),
    *("schrieb", "schreibt", "schrieben", "escribio", "ha scritto", "scrive", "scritto", "escreveu", "schreef"),
    *("geschreven", "skrev", "skreiv", "napisał", "napisal", "napisała", "napisała(a)", "napisal(a)", "napisała/a"),
    *("pisze", "napsal", "napsala", "napisao", "kirjoitti", "написал", "написала", "написал(а)", "написав", "пише"),
    *("пишет", "писал", "yazdı", "yazdi", "sunu yazdi", "şunları yazdı", "sunlari yazdi", "irta", "kirjutas"),
    *(
        "scris",
        "a scris",
        "έγραψε",
        "כתב",
        "كتب",
        "写道",
        "寫道",
        "さんは書きました",
        "のメッセージ",
        "님이 작성",
        "님이 씀",
        "escrigue",
    ),
    "napisa",
)

ATTRIBUTION_STARTS: tuple[str, ...] = (
    *(
        "vao ngay",
        "trong thu",
        "vao luc",
        "vao hoi",
        "vao thu",
        "vao",
        "luc",
        "ngay",
        "thu",
        "on",
        "at",
        "in a message dated",
    ),
    *("in message", "le", "am", "el", "il", "em", "op", "den", "dnia", "w dniu", "pa", "dne", "dna", "ha"),
    *("em data", "em qua", "em seg", "quoting", "citando", "zitat von", "le mer", "no dia", "pe", "tarihinde", "на"),
    *("on the", "στις", "вт", "пн", "ср", "чт", "пт", "сб", "вс", "在", "於", "von", "dia", "a las", "og", "selon"),
    *("originally from", "mer", "ב", "ons", "tor", "fre", "man", "tir"),
)

ORIGINAL: tuple[str, ...] = (
    *("thu goc", "tin nhan goc", "thong diep goc", "thong bao goc", "email goc", "thu ban dau", "noi dung goc"),
    *(
        "tin nhan da duoc chuyen tiep",
        "thu da duoc chuyen tiep",
        "thu da chuyen tiep",
        "thu chuyen tiep",
        "thu duoc chuyen tiep",
    ),
    *("tin nhan chuyen tiep", "tin nhan duoc chuyen tiep", "chuyen tiep", "forwarded message", "forwarded email"),
    *("original message", "original", "original mail", "originalmessage", "orginal message", "reply message"),
    *("urspruengliche nachricht", "ursprungliche nachricht", "original-nachricht", "originalnachricht"),
    *("weitergeleitete nachricht", "ursprungliche mail", "message d'origine", "message original"),
    *("message transfere", "mail original", "message initial", "mensaje original", "mensaje reenviado"),
    *("mensagem original", "mensagem encaminhada", "messaggio originale", "messaggio inoltrato"),
    *("oorspronkelijk bericht", "origineel bericht", "doorgestuurd bericht", "oprindelig meddelelse"),
    *("opprinnelig melding", "ursprungligt meddelande", "originalmeddelande", "vidarebefordrat meddelande"),
    *("oprindelig besked", "videresendt melding", "videresendt besked", "alkuperainen viesti", "valitetty viesti"),
    *("wiadomosc oryginalna", "oryginalna wiadomosc", "wiadomosc przekazana", "przekazana wiadomosc"),
    *("puvodni zprava", "povodna sprava", "eredeti uzenet", "исходное сообщение", "пересылаемое сообщение"),
    *("пересланное сообщение", "перенаправленное сообщение", "вихідне повідомлення", "оригинальное сообщение"),
    *(
        "orijinal ileti",
        "orijinal mesaj",
        "ozgun ileti",
        "iletilmis mesaj",
        "mesaj original",
        "原始邮件",
        "原始郵件",
        "转发邮件",
    ),
    *(
        "邮件原件",
        "元のメッセージ",
        "転送メッセージ",
        "original message (trimmed)",
        "원본 메시지",
        "원본메세지",
        "begin forwarded message",
    ),
    *("forwarded by", "reply above this line", "izvorna poruka", "izvorno sporocilo", "algne kiri"),
)
"""Between dashes or underscores."""

BARE_ORIGINAL: tuple[str, ...] = (
    *("begin forwarded message", "inicio del mensaje reenviado", "anfang der weitergeleiteten nachricht"),
    *("inizio messaggio inoltrato", "debut du message reexpedie", "debut du message transfere"),
    *("bat dau thu duoc chuyen tiep", "bat dau tin nhan duoc chuyen tiep", "bat dau thu da chuyen tiep"),
    *("begin doorgestuurd bericht", "inicio da mensagem encaminhada", "vidarebefordrat brev", "videresendt brev"),
    *("rozpoczecie przekazanej wiadomosci", "начало переадресованного сообщения"),
)
"""A line of its own that ends in a colon."""

FORWARD_WORDS: tuple[str, ...] = (
    *("forward", "chuyen tiep", "transfere", "reenviado", "encaminhada", "inoltrat", "weitergeleitet"),
)
"""Words in ORIGINAL and BARE_ORIGINAL that say: passed on, not answered."""

ABOVE_THE_LINE: tuple[str, ...] = (
    *("reply above this line", "write above this line", "type your reply above this line", "reply above the line"),
    *("tra loi phia tren dong nay", "tra loi ben tren dong nay", "viet phia tren dong nay", "tra loi tren dong nay"),
)

DEVICES: tuple[str, ...] = (
    *(
        "windows",
        "zalo",
        "iphone",
        "ipad",
        "ipod",
        "dien thoai",
        "thiet bi",
        "may tinh bang",
        "may cua toi",
        "galaxy",
        "samsung",
    ),
    *("yahoo mail", "yahoo! mail", "thu danh cho windows", "mail for windows", "mail danh cho windows"),
    *("windows mail", "outlook", "hotmail", "mailbox", "gmail", "zimbra", "xiaomi", "redmi", "oppo", "vivo"),
    *("huawei", "nokia", "sony", "xperia", "htc", "lg ", "android", "blackberry", "windows phone", "mobile"),
    *("smartphone", "phone", "tablet", "handset", "handheld", "wireless", "proton", "aol", "mail.ru", "yandex"),
    *("spark", "mail app", "ung dung", "iphon", "handy", "telefon", "telefono", "surface", "nexus", "pixel"),
    *("bphone", "vsmart", "realme", "palm", "verizon", "at&t", "t-mobile", "touch", "device", "portable"),
    *("tang to de", "may xachtay", "laptop", "k-9", "airmail", "myphone", "mobil", "telefoon", "apple watch", "mac"),
    "ios",
)

SENT_FROM: tuple[str, ...] = (
    *("da gui tu", "duoc gui tu", "gui tu", "goi tu", "duoc goi tu", "da duoc gui tu", "sent from", "sent using"),
    *("sent via", "sent by", "sent on", "sent with", "envoye de", "envoye depuis", "envoye a partir", "von meinem"),
    *("gesendet von", "gesendet mit", "enviado desde", "enviado do", "enviado de", "enviado a partir", "enviado via"),
    *("inviato da", "inviato dal", "verstuurd vanaf", "verzonden vanaf", "verzonden met", "verstuurd met"),
    *("wyslane z", "wyslano z", "skickat fran", "sendt fra", "lahetetty", "отправлено с", "отправлено из"),
    *("надіслано з", "diese nachricht wurde von meinem", "posted from", "sendt med", "iphone'umdan", "odeslano z"),
    *("enviat des de", "get outlook for", "tai outlook cho", "lay outlook cho", "nhan outlook cho"),
    *("obtenez outlook", "outlook fur", "download outlook", "typed on", "written on my", "sent on the go"),
    *("dictated to", "yahoo mail:", "发自", "從我的", "從", "iphoneから送信", "나의", "holen sie sich outlook"),
    *("hol dir outlook", "obtener outlook", "scarica outlook", "hent outlook", "pobierz aplikacje outlook"),
)
"""How a line begins that a device adds by itself; one of DEVICES follows."""

MONTHS: tuple[str, ...] = (
    *("thang", "thg", "jan", "feb", "mar", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct", "okt", "nov"),
    *("dec", "dez", "ene", "abr", "ago", "dic", "gen", "mag", "giu", "lug", "set", "ott", "fev", "out", "janv"),
    *("fevr", "mars", "avr", "juin", "juil", "aout", "maj", "maart", "mei", "mrt", "sty", "lut", "kwi", "cze", "lip"),
    *("sie", "wrz", "paz", "lis", "gru", "mae", "янв", "фев", "мар", "апр", "мая", "май", "июн", "июл", "авг", "сен"),
    *("окт", "ноя", "дек", "led", "uno", "bre", "dub", "kve", "cer", "srp", "zar", "rij", "pro", "oca", "sub", "nis"),
    *("tem", "agu", "eyl", "eki", "kas", "ara", "kovas", "日", "월"),
)
