import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { clientId, clientSecret, issuer, wrongSecret } from './environment.mjs'

const http = { execute: [client.allowInsecureRequests] }
let token
for (const authentication of [undefined, client.ClientSecretPost, client.ClientSecretBasic]) {
  const discover = (secret) => client.discovery(new URL(issuer), clientId, secret, authentication?.(secret), http)
  const tokens = await client.clientCredentialsGrant(await discover(clientSecret), { scope: 'api self' })
  assert.equal(tokens.token_type, 'bearer')
  assert.equal(tokens.scope, 'api self')
  assert.ok(tokens.expires_in > 0)
  token = tokens.access_token

  const refusal = client.clientCredentialsGrant(await discover(wrongSecret))
  await assert.rejects(refusal, (error) => {
    // A refused Basic comes with a challenge, which this library reports instead of the body (RFC 6749 section 5.2).
    assert.equal(error.status ?? error.cause?.status, 401)
    if (authentication !== client.ClientSecretBasic) assert.equal(error.error, 'invalid_client')
    return true
  })
}
console.log(token)
