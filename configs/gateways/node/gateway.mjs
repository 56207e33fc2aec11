// A small gateway: it lets requests with a good token pass to the API, and tells the API who calls (docs/gateways/node.md).
//
// LISTEN, API, ISSUER, AUDIENCE, TENANT and SCOPE say where and for whom. With STATUS_LISTS=off a revoked token is good until it expires.
import http from 'node:http'
import { Challenge, newVerifier } from './verify.mjs'

const {
  LISTEN = '127.0.0.1:8000', API = 'http://127.0.0.1:3000', ISSUER = 'http://127.0.0.1:8080',
  AUDIENCE = 'https://api.example.com', TENANT = 'berlin', SCOPE = 'api', STATUS_LISTS = 'on',
} = process.env

const verify = newVerifier({ issuer: ISSUER, audience: AUDIENCE, statusLists: STATUS_LISTS === 'on' })

// LoadRunner plugins send the token in this cookie, and no Authorization (docs/compatibility.md).
const cookie = /(?:^|; ?)LWSSO_COOKIE_KEY=([A-Za-z0-9._~+/-]+=*)(?:;|$)/

function tokenOf({ authorization, cookie: cookies = '' }) {
  const found = authorization === undefined ? cookie.exec(cookies) : /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)
  if (!found) throw new Challenge(401, 'Bearer')
  return found[1]
}

async function authorize(request) {
  const claims = await verify(tokenOf(request.headers))
  if (claims.tenant_id !== TENANT || !claims.scope?.split(' ').includes(SCOPE)) {
    throw new Challenge(403, `Bearer error="insufficient_scope", scope="${SCOPE}"`)
  }
  return claims
}

function forward(request, response, claims) {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !/^x[-_]mintkey[-_]/.test(name)))
  headers['x-mintkey-client-id'] = claims.client_id
  headers['x-mintkey-tenant-id'] = claims.tenant_id
  headers['x-mintkey-user-id'] = claims.user_id
  headers['x-mintkey-scope'] = claims.scope
  const { hostname, port } = new URL(API)
  const onward = http.request({ hostname, port, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
  request.pipe(onward)
}

const server = http.createServer(async (request, response) => {
  try {
    forward(request, response, await authorize(request))
  } catch (error) {
    if (error instanceof Challenge) response.writeHead(error.status, { 'WWW-Authenticate': error.message }).end()
    else response.writeHead(503, { 'Retry-After': '5' }).end() // the token could not be judged
  }
})
const [host, port] = LISTEN.split(':')
server.listen(Number(port), host)
