"""Calls an API with tokens of Mintkey.

The session of Authlib puts the token into each request, and fetches another one when it has ended.
"""

import os
import time

from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session(
    os.environ["MINTKEY_CLIENT_ID"],
    os.environ["MINTKEY_CLIENT_SECRET"],
    scope=os.environ.get("MINTKEY_SCOPE"),
    token_endpoint=os.environ["MINTKEY_URL"].rstrip("/") + "/oauth2/token",
    grant_type="client_credentials",  # so that it knows how to renew
)
session.fetch_token(session.metadata["token_endpoint"], grant_type="client_credentials")

for i in range(int(os.environ.get("CALLS", "3"))):
    if i > 0:
        time.sleep(float(os.environ.get("PAUSE", "1")))
    response = session.get(os.environ["API_URL"], timeout=30)
    print(response.status_code, flush=True)
