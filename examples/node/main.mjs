// Calls an API with tokens of Mintkey. openid-client fetches them; accessToken keeps one, and fetches another shortly before it ends.
import { setTimeout } from 'node:timers/promises'
import * as client from 'openid-client'

const { MINTKEY_URL, MINTKEY_CLIENT_ID, MINTKEY_CLIENT_SECRET, MINTKEY_SCOPE, API_URL, CALLS = '3', PAUSE = '1' } = process.env

// Without TLS only on this machine.
const local = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(MINTKEY_URL + '/')
const config = await client.discovery(
  new URL(MINTKEY_URL), MINTKEY_CLIENT_ID, MINTKEY_CLIENT_SECRET, undefined,
  local ? { execute: [client.allowInsecureRequests] } : undefined)

const early = 30 // seconds
let tokens
let renewing

async function accessToken() {
  if (tokens && tokens.expiresIn() > early) return tokens.access_token
  // Calls that come at the same time wait for the same token.
  renewing ??= client.clientCredentialsGrant(config, MINTKEY_SCOPE ? { scope: MINTKEY_SCOPE } : {}).finally(() => { renewing = undefined })
  tokens = await renewing
  return tokens.access_token
}

async function call() {
  const response = await fetch(API_URL, { headers: { authorization: `Bearer ${await accessToken()}` } })
  if (response.status === 401) tokens = undefined // it was revoked: another one next time
  await response.arrayBuffer()
  console.log(response.status)
}

for (let i = 0; i < Number(CALLS); i++) {
  if (i > 0) await setTimeout(Number(PAUSE) * 1000)
  await call()
}
