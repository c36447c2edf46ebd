"""Single sign-on: what the server answers is checked in full, and opens only an account that is there.

allauth trusts an identity token that came straight from the server; here issuer, audience, signature, nonce and times
are checked every time (OpenID Connect Core 1.0, 3.1.3.7).
"""

from typing import Any

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.dispatch import Signal
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from requests import RequestException

from .identities import PROVIDER, link_by_claim
from .models import Person

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY_SECONDS = 60
BY_USERNAME = "username"
# Sent with ``person_id``, None for somebody unknown, when the server's word opened nothing.
sign_on_refused = Signal()

UNTRUSTED = "统一身份系统的答复没有通过核验（签发者、签名或时间不对），因此没有登录。请告诉运维人员。"
UNREACHABLE = "现在连不上统一身份系统。请稍后再试，或者改用用户名和密码。"
CANCELLED = "您在统一身份系统取消了登录。"
STRAY = "这次登录没有从本系统的登录页开始，或者已经过了十分钟。请重新登录。"
UNKNOWN = "统一身份系统认得您，但本系统没有与您关联的账号。请联系安全管理员关联。"
DISABLED = "您的账号已停用。请联系系统管理员。"


class CheckedAnswers(OpenIDConnectOAuth2Adapter):
    """Talks to the server and believes nothing unchecked."""

    nonce: str = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the server says of itself; its issuer must be the one that was set up.

        Raises:
            OAuth2Error: another issuer, or no such description.
        """
        try:
            config: dict[str, Any] = super().openid_config
            issuer = str(config["issuer"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OAuth2Error("no description of the server") from error
        if issuer.rstrip("/") != settings.SIGN_ON_ISSUER.rstrip("/"):
            raise OAuth2Error(f"another issuer: {issuer}")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("sign_on_callback"))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        claims = self._checked(app, str(kwargs["response"].get("id_token") or ""))
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, claims)
        login.claimed_username = str(claims.get("preferred_username") or "")
        return login

    def _checked(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        try:
            with get_adapter().get_requests_session() as session:
                answer = session.get(config["jwks_uri"])
                answer.raise_for_status()
                keys = jwt.PyJWKSet.from_dict(answer.json())
            header = jwt.get_unverified_header(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                keys[header["kid"]],
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=config["issuer"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "exp", "iat", "sub"]},
            )
        except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
            raise OAuth2Error("the identity token does not hold") from error
        if not self.nonce or claims.get("nonce") != self.nonce:
            raise OAuth2Error("the identity token answers another request")
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("the identity token is for another client")
        if not claims["sub"]:
            raise OAuth2Error("the identity token is about nobody")
        return claims


class SignOnAdapter(DefaultSocialAccountAdapter):
    """One server, from the installation's settings; no account is ever made or linked here by whoever signs in."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        if not settings.SIGN_ON_ISSUER:
            return []
        app = SocialApp(
            provider="openid_connect",
            provider_id=PROVIDER,
            name=settings.SIGN_ON_NAME,
            client_id=settings.SIGN_ON_CLIENT_ID,
            secret=settings.SIGN_ON_SECRET,
            settings={"server_url": settings.SIGN_ON_ISSUER.rstrip("/")},
        )
        return [app] if provider in (None, "openid_connect", PROVIDER) else []

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Stop everybody who has no account, or one that is off."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(refused(request, STRAY))
        if not sociallogin.is_existing and settings.SIGN_ON_LINK == BY_USERNAME:
            claimed = getattr(sociallogin, "claimed_username", "")
            if link_by_claim(username=claimed, subject=sociallogin.account.uid, now=timezone.localtime()):
                sociallogin.lookup()
        person = sociallogin.user if sociallogin.is_existing else None
        if person is None:
            raise ImmediateHttpResponse(refused(request, UNKNOWN))
        assert isinstance(person, Person)
        if not person.is_active:
            raise ImmediateHttpResponse(refused(request, DISABLED, person))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        if isinstance(exception, RequestException):
            raise ImmediateHttpResponse(refused(request, UNREACHABLE, status=502))
        if exception is not None:
            raise ImmediateHttpResponse(refused(request, UNTRUSTED))
        cancelled = request.GET.get("error") == "access_denied" and "state" in (extra_context or {})
        raise ImmediateHttpResponse(refused(request, CANCELLED if cancelled else STRAY))


class Callback(OAuth2CallbackView):
    """Hands the nonce of the request to the check of the answer."""

    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


@never_cache
def sign_on(request: HttpRequest) -> HttpResponse:
    """Off to the server."""
    return _through(request, OAuth2LoginView)


@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Back from it."""
    return _through(request, Callback)


def _through(request: HttpRequest, view: Any) -> HttpResponse:
    if not settings.SIGN_ON_ISSUER:
        raise Http404
    try:
        answer: HttpResponse = view.adapter_view(CheckedAnswers(request, PROVIDER))(request)
        return answer
    except RequestException:
        return refused(request, UNREACHABLE, status=502)
    except OAuth2Error:
        return refused(request, UNTRUSTED)


def refused(request: HttpRequest, why: str, person: Person | None = None, status: int = 403) -> HttpResponse:
    """A page that says why, and a line in the journal."""
    if why not in (CANCELLED, STRAY):
        sign_on_refused.send(sender=None, person_id=person.pk if person else None)
    return render(request, "account/sign_on_refused.html", {"why": why}, status=status)
