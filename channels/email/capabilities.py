"""What mail takes. Choices are a numbered list; there is no window, and everything missing is asked in one letter."""

from core.capabilities import Capabilities, Limit, Support, Unit

CAPABILITIES = Capabilities(
    text=Limit(100_000, Unit.CODE_POINTS),  # ours: no mail program shows more with grace
    choices=Support.AS_TEXT,
    caption=Limit(100_000, Unit.CODE_POINTS),
    # A copy carries the same Message-ID; mailboxes and programs show one of them (R: RFC 5322 §3.6.4).
    resend_is_safe=True,
    letters=True,
)
