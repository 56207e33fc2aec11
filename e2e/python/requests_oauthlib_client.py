"""Fetches tokens with requests-oauthlib, uses one as its session does, and prints it."""

import os

from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the library's own switch for http
issuer, client_id, client_secret = (os.environ[name] for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"))


def fetch(secret, **how):
    session = OAuth2Session(client=BackendApplicationClient(client_id, scope="api self"))
    token = session.fetch_token(issuer + "/oauth2/token", client_secret=secret, **how)
    return session, token


for how in ({}, {"include_client_id": True}):  # Basic, and in the body
    session, token = fetch(client_secret, **how)
    assert session.get(issuer + "/me/v1/keys").status_code == 200
    try:
        fetch(client_secret[:-1] + "-", **how)
    except InvalidClientError:
        pass
    else:
        raise AssertionError("a wrong secret was accepted")
print(token["access_token"])
