import assert from 'node:assert/strict'
import { ClientCredentials } from 'simple-oauth2'
import { clientId, clientSecret, issuer, wrongSecret } from './environment.mjs'

const fetch = (secret, options) =>
  new ClientCredentials({
    client: { id: clientId, secret },
    auth: { tokenHost: issuer, tokenPath: '/oauth2/token' },
    options,
  }).getToken({ scope: 'api self' })

let token
for (const authorizationMethod of ['header', 'body']) {
  token = (await fetch(clientSecret, { authorizationMethod })).token
  assert.equal(token.token_type, 'Bearer')

  await assert.rejects(fetch(wrongSecret, { authorizationMethod }), (error) => {
    assert.equal(error.output.statusCode, 401)
    assert.equal(error.data.payload.error, 'invalid_client')
    return true
  })

  // A JSON body is not what RFC 6749 section 4.4.2 asks for: a clean refusal that says so, not a crash.
  await assert.rejects(fetch(clientSecret, { authorizationMethod, bodyFormat: 'json' }), (error) => {
    assert.equal(error.output.statusCode, 400)
    assert.equal(error.data.payload.error, 'invalid_request')
    assert.match(error.data.payload.error_description, /application\/x-www-form-urlencoded/)
    return true
  })
}
console.log(token.access_token)
