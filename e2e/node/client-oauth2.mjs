import assert from 'node:assert/strict'
import ClientOAuth2 from 'client-oauth2'
import { clientId, clientSecret, tokenEndpoint, wrongSecret } from './environment.mjs'

const fetch = (secret) =>
  new ClientOAuth2({ clientId, clientSecret: secret, accessTokenUri: tokenEndpoint, scopes: ['api', 'self'] }).credentials.getToken()

const token = await fetch(clientSecret)
assert.equal(token.tokenType, 'bearer')
await assert.rejects(fetch(wrongSecret), (error) => {
  assert.equal(error.code, 'EAUTH')
  assert.equal(error.body.error, 'invalid_client')
  return true
})
console.log(token.accessToken)
