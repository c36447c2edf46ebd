"""The city's single sign-on server (统一身份认证) as a provider of allauth; allauth finds it by this module's name."""

from secrets import token_urlsafe
from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse

from .sign_on import CheckedAnswers


class CitySignOn(OpenIDConnectProvider):
    """OpenID Connect with code flow, PKCE and a nonce. Nothing of the request but ``next`` goes into it, and nothing of
    the person but the subject comes out: no names, no addresses.
    """

    oauth2_adapter_class = CheckedAnswers
    pkce_enabled_default = True

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Only signing in: allauth would also link accounts, for whoever asks in the address."""
        next_url = get_next_redirect_url(request)
        return {"process": "login", **({"next_url": next_url} if next_url else {})}

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        nonce = token_urlsafe(24)
        answer: HttpResponse = super().redirect(
            request, process, next_url, data, auth_params={"nonce": nonce}, nonce=nonce
        )
        return answer

    def get_default_scope(self) -> list[str]:
        return ["openid", "profile"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


provider_classes = [CitySignOn]
