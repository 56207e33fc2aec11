// Tokens of Mintkey for k6: each virtual user fetches one when it first needs it, keeps it, and renews it before it ends.
//
//   import { accessToken } from './mintkey.js'
//   http.get(url, { headers: { Authorization: `Bearer ${accessToken()}` } })
//
// MINTKEY_URL, MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET come from the environment; MINTKEY_SCOPE and MINTKEY_RESOURCE may. All users
// of one run share an access key, so give it a quota that is large enough, or none.
import encoding from 'k6/encoding'
import { fail } from 'k6'
import http from 'k6/http'

const endpoint = `${(__ENV.MINTKEY_URL || 'http://127.0.0.1:8080').replace(/\/$/, '')}/oauth2/token`
const form = { grant_type: 'client_credentials' }
if (__ENV.MINTKEY_SCOPE) form.scope = __ENV.MINTKEY_SCOPE
if (__ENV.MINTKEY_RESOURCE) form.resource = __ENV.MINTKEY_RESOURCE
const parameters = {
  headers: { Authorization: `Basic ${encoding.b64encode(`${__ENV.MINTKEY_CLIENT_ID}:${__ENV.MINTKEY_CLIENT_SECRET}`)}` },
  tags: { name: 'mintkey-token' }, // so that it can be told from the requests of the test
}

// Each virtual user has its own copy of these.
let token
let renewAt = 0
let endsAt = 0

// forget makes the next accessToken fetch another one: call it after a 401.
export function forget() {
  renewAt = endsAt = 0
}

export function accessToken() {
  const now = Date.now()
  if (now < renewAt) return token
  const response = http.post(endpoint, form, parameters)
  if (response.status !== 200) {
    if (now < endsAt) return token // the server is away, and the token still works
    fail(`no token: ${response.status} ${response.body}`)
  }
  token = response.json('access_token')
  const life = response.json('expires_in') * 1000
  endsAt = now + life
  renewAt = now + life * (0.57 + 0.1 * Math.random()) // spread, so that users who began together do not renew together
  return token
}
