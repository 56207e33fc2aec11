// Checks access tokens with jose: the signature and the claims by the issuer's signing keys, revocation by its status lists.
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { newStatusLists } from './statuslist.mjs'

/** A refusal: the status of the answer, and as its message the challenge of RFC 6750. */
export class Challenge extends Error {
  constructor(status, challenge) {
    super(challenge)
    this.status = status
  }
}

const refused = 'Bearer error="invalid_token"'

/** Returns a function from a token to its claims. It throws a Challenge, or another error where the token could not be judged. */
export function newVerifier({ issuer, audience, statusLists }) {
  // The keys stay while the issuer is away, so they are fetched anew in the background, not when they are old. A kid that is not known
  // makes jose ask too, but not within ten seconds of the last time.
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), { cacheMaxAge: Infinity, cooldownDuration: 10_000 })
  setInterval(() => keys.reload().catch(() => {}), 5 * 60_000).unref()
  const algorithms = ['ES256']
  const revoked = newStatusLists({ issuer, keys, algorithms })
  return async function verify(token) {
    const required = { issuer, audience, typ: 'at+jwt', algorithms, requiredClaims: ['exp', 'client_id'] }
    const { payload } = await jwtVerify(token, keys, required).catch(explain)
    if (statusLists && payload.status && (await revoked(payload.status.status_list))) throw new Challenge(401, refused)
    return payload
  }
}

const away = ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT']

function explain(error) {
  throw error instanceof errors.JOSEError && !away.includes(error.code) ? new Challenge(401, refused) : error
}
