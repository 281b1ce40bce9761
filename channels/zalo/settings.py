"""What one Official Account (OA) needs to be told, and where Zalo's three hosts are."""

from dataclasses import dataclass, field
from datetime import timedelta

OPENAPI = "https://openapi.zalo.me"
BUSINESS = "https://business.openapi.zalo.me"
OAUTH = "https://oauth.zaloapp.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZaloSettings:
    """One OA on one Zalo app. Secrets do not print themselves."""

    account: str
    """Our own name for the OA, as in the webhook's path."""
    app_id: str
    """Id of the app on developers.zalo.me."""
    app_secret: str = field(default="", repr=False)
    """App Secret Key: OAuth, and `appsecret_proof`."""
    oa_secret: str = field(default="", repr=False)
    """OA Secret Key of the console's Webhook page: signs deliveries. Empty: the app secret is tried instead."""
    oa_id: str = ""
    """When set, events of other OAs on the same app are not taken for ours."""
    access_token: str = field(default="", repr=False)
    """First token pair, pasted in from Zalo's API Explorer. Used once; then the vault holds what Zalo gave us."""
    refresh_token: str = field(default="", repr=False)
    """Goes with `access_token`; dies on use."""
    api_base: str = ""
    """Replaces all three hosts at once; paths stay Zalo's own. For a simulator."""
    callback_url: str = ""
    """Must equal the callback saved in the console byte for byte."""
    code_verifier: str = field(default="", repr=False)
    """Fixed PKCE verifier, for consoles in which the code challenge is a saved setting."""
    verifier: str = ""
    """Code of the domain check: serves /zalo_verifier<code>.html and the meta tag on the root page."""
    bad_signature_status: int = 401
    """What a forged delivery is answered with; 200 while the console's check must pass."""
    appsecret_proof: bool = False
    """Send the proof header with every call, when the app demands it."""
    free_replies: int = 8
    """Free replies per word of the citizen within 48 hours; 0 when the OA's contract has no cap."""
    media_hosts: tuple[str, ...] = ("zdn.vn", "zadn.vn", "dlfl.vn")
    """Domains, with their subdomains, that citizens' media are fetched from."""
    media_limit: int = 50 * 1024 * 1024
    """Largest file taken from a citizen, in bytes."""
    refresh_ahead: timedelta = timedelta(hours=2)
    """A pair that ends within this time is renewed."""
    phone_form_title: str = "Chia sẻ thông tin liên hệ"
    """Title of Zalo's contact form."""
    phone_form_image: str = "https://stc-oa-chat-adm.zdn.vn/images/request-info-banner.png"
    """Picture of Zalo's contact form."""

    def openapi(self, path: str) -> str:
        return (self.api_base.rstrip("/") or OPENAPI) + path

    def business(self, path: str) -> str:
        return (self.api_base.rstrip("/") or BUSINESS) + path

    def oauth(self, path: str) -> str:
        return (self.api_base.rstrip("/") or OAUTH) + path
