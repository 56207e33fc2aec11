// An OpenID provider for the tests of the console: it asks for a name and believes any password. It takes its settings as JSON, says its
// issuer on the first line, and ends when its standard input does.
import http from 'node:http'
import { Provider } from 'oidc-provider'

const { port, redirectURI, signedOutURI, people, userInfoOnly } = JSON.parse(process.argv[2])

const server = http.createServer()
server.listen(port, '127.0.0.1', () => {
  // Another site than 127.0.0.1, where the console is: cookies must survive the way between them.
  const issuer = `http://localhost:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'mintkey', client_secret: 'the secret of mintkey', redirect_uris: [redirectURI], post_logout_redirect_uris: [signedOutURI],
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: userInfoOnly,
    cookies: { keys: ['only for tests'] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 1200, Interaction: 600, Session: 600 },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  })
  server.on('request', provider.callback())
  console.log(issuer)
})
process.stdin.on('end', () => process.exit()).resume()
