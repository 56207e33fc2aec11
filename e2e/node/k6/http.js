// In k6 requests are synchronous, so curl makes them.
import { execFileSync } from 'node:child_process'

function request(url, form, { headers = {} } = {}) {
  const options = ['--silent', '--write-out', '\n%{http_code}']
  for (const [name, value] of Object.entries(headers)) options.push('--header', `${name}: ${value}`)
  for (const [name, value] of Object.entries(form ?? {})) options.push('--data-urlencode', `${name}=${value}`)
  const [, body, status] = execFileSync('curl', [...options, url], { encoding: 'utf8' }).match(/^([^]*)\n(\d+)$/)
  return { status: Number(status), body, json: (name) => JSON.parse(body)[name] }
}

export default { get: (url, parameters) => request(url, undefined, parameters), post: request }
