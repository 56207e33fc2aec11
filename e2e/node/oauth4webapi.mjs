import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { clientId, clientSecret, issuer } from './environment.mjs'

const http = { [oauth.allowInsecureRequests]: true }
const client = { client_id: clientId }
let token
for (const algorithm of ['oauth2', 'oidc']) {
  const url = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { ...http, algorithm }))
  for (const authentication of [oauth.ClientSecretBasic, oauth.ClientSecretPost]) {
    const response = await oauth.clientCredentialsGrantRequest(
      server, client, authentication(clientSecret), new URLSearchParams({ scope: 'api self' }), http)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const tokens = await oauth.processClientCredentialsResponse(server, client, response)
    token = tokens.access_token

    // RFC 9068, the way a resource server of this library does it.
    const request = new Request('http://resource.example.com/', { headers: { authorization: `Bearer ${token}` } })
    const claims = await oauth.validateJwtAccessToken(server, request, issuer, http)
    assert.equal(claims.client_id, clientId)
    assert.equal(claims.sub, clientId)
    assert.equal(claims.scope, 'api self')
    await assert.rejects(oauth.validateJwtAccessToken(server, request, 'https://other.example.com', http))
  }
}
console.log(token)
