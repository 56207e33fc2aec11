"""Fetches tokens with Authlib, checks one against the published signing keys, and prints it."""

import os

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken

issuer, client_id, client_secret = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))
metadata = requests.get(issuer + "/.well-known/oauth-authorization-server").json()


def fetch(secret, method):
    session = OAuth2Session(client_id, secret, token_endpoint_auth_method=method, scope="api self")
    return session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")


for method in ("client_secret_basic", "client_secret_post"):
    token = fetch(client_secret, method)
    assert token["token_type"] == "Bearer" and token["scope"] == "api self", token
    try:
        fetch(client_secret[:-1] + "-", method)
    except OAuthError as refusal:
        assert refusal.error == "invalid_client", refusal
    else:
        raise AssertionError("a wrong secret was accepted")

signing_keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"]).json())
claims = JsonWebToken(["ES256"]).decode(
    token["access_token"],
    signing_keys,
    claims_options={
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": issuer},
        "sub": {"essential": True, "value": client_id},
        "exp": {"essential": True},
    },
)
claims.validate()
assert claims.header["typ"] == "at+jwt", claims.header
print(token["access_token"])
