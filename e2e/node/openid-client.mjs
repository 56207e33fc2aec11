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
    // Every 401 has a challenge (RFC 9110 section 15.5.2), which this library reports instead of the body.
    assert.equal(error.status, 401)
    assert.equal(error.cause[0].scheme, 'basic')
    return true
  })
}
console.log(token)
