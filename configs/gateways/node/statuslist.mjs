// Status lists (draft-ietf-oauth-status-list-21): one bit for every access key's secret, set when its tokens are revoked.
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { base64url, jwtVerify } from 'jose'

const everyFiveSeconds = 5_000
const unused = 15 * 60_000 // as long as a token lives: then nobody asks for the list any more
const most = { maxOutputLength: 1 << 20 }

/**
 * Returns a function that says whether an entry is revoked. It waits for the issuer only where it sees a list for the first time; each
 * list is then asked for every five seconds. While the issuer is away the last list counts, until the end that is signed into it.
 */
export function newStatusLists({ issuer, keys, algorithms }) {
  const lists = new Map()

  async function fetchList(uri) {
    const answer = await fetch(uri, { headers: { Accept: 'application/statuslist+jwt' }, signal: AbortSignal.timeout(5_000) })
    if (!answer.ok) throw new Error(`${uri} answers ${answer.status}`)
    const { payload } = await jwtVerify(await answer.text(), keys, { subject: uri, typ: 'statuslist+jwt', algorithms, requiredClaims: ['exp'] })
    if (payload.status_list.bits !== 1) throw new Error(`${uri} does not have one bit an entry`)
    return { bytes: await promisify(inflate)(base64url.decode(payload.status_list.lst), most), expires: payload.exp * 1000 }
  }

  function follow(uri) {
    const followed = { list: fetchList(uri), usedAt: Date.now() }
    lists.set(uri, followed)
    followed.list.catch(() => lists.delete(uri)) // so that the next request tries again
    const timer = setInterval(async () => {
      if (Date.now() - followed.usedAt > unused || lists.get(uri) !== followed) {
        clearInterval(timer)
        if (lists.get(uri) === followed) lists.delete(uri)
        return
      }
      await fetchList(uri).then((list) => { followed.list = Promise.resolve(list) }, () => {})
    }, everyFiveSeconds)
    timer.unref()
    return followed
  }

  return async function revoked({ idx, uri }) {
    if (!uri.startsWith(`${issuer}/`)) throw new Error(`the status list ${uri} is not the issuer's`)
    const followed = lists.get(uri) ?? follow(uri)
    followed.usedAt = Date.now()
    const { bytes, expires } = await followed.list
    if (idx >= bytes.length * 8) throw new Error(`${uri} has no entry ${idx}`)
    const isSet = ((bytes[idx >> 3] >> (idx & 7)) & 1) === 1
    if (!isSet && Date.now() >= expires) throw new Error(`${uri} has expired`)
    return isSet
  }
}
