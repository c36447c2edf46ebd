"""A single sign-on server in a process of its own: discovery, code flow with PKCE, signed identity tokens.

``python sign_on_server.py PORT``. It asks nobody for a password: whoever was last told to ``/told`` is signed in, with
the faults that were asked for. Everything else it checks as a real one does.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "mingtang", "not-a-real-secret"
KEY, STRANGERS_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
told: dict[str, str] = {}
codes: dict[str, dict[str, str]] = {}


class Server(BaseHTTPRequestHandler):
    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/.well-known/openid-configuration":
            self.answer(
                {
                    "issuer": "https://elsewhere.example" if told.get("fault") == "other_server" else self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                }
            )
        elif address.path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            self.answer({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})
        elif address.path == "/authorize":
            assert asked["client_id"] == CLIENT and asked["response_type"] == "code"
            assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            codes[code] = {**asked, **told}
            back = {"error": "access_denied"} if told.get("fault") == "cancelled" else {"code": code}
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{urlencode({**back, 'state': asked['state']})}")
            self.end_headers()
        else:
            self.answer({"error": "not_found"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/told":
            told.clear()
            told.update(json.loads(body))
            self.answer({})
            return
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.headers.get("Authorization") != f"Basic {known}":
            self.answer({"error": "invalid_client"}, 401)
        elif asked is None or challenge != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            self.answer({"error": "invalid_grant"}, 400)
        else:
            self.answer(
                {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": self.token(asked)}
            )

    def token(self, asked: dict[str, str]) -> str:
        fault, now = asked.get("fault", ""), int(time.time())
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.example" if fault == "issuer" else self.issuer,
            "aud": "another" if fault == "audience" else CLIENT,
            "sub": asked["sub"],
            "iat": now,
            "exp": now - 3600 if fault == "expired" else now + 300,
            "nonce": "another" if fault == "nonce" else asked["nonce"],
            "preferred_username": asked.get("preferred_username", ""),
            "name": "不该留下的名字",
        }
        if fault == "unsigned":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})
        if fault == "shared_secret":
            return jwt.encode(claims, SECRET, algorithm="HS256", headers={"kid": "one"})
        key = STRANGERS_KEY if fault == "signature" else KEY
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "two" if fault == "key_id" else "one"})

    def answer(self, body: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: Any) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Server)
    print(server.server_address[1], flush=True)
    server.serve_forever()
