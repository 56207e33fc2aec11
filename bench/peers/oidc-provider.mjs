// The peer oidc-provider: client credentials, ES256 access tokens for one API, everything in memory as its own example has it.
// It prints its address first, and serves until the process ends.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from '../../e2e/node/node_modules/oidc-provider/lib/index.js';

const api = 'https://api.example.com';
const clients = JSON.parse(readFileSync(process.argv[2], 'utf8')).map((key) => ({
  client_id: key.client_id,
  client_secret: key.client_secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  id_token_signed_response_alg: 'ES256', // there are none, but the default is checked
}));
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `127.0.0.1:${server.address().port}`;
  const provider = new Provider(`http://${address}`, {
    clients,
    jwks: { keys: [{ ...key, kid: 'peer', use: 'sig', alg: 'ES256' }] },
    routes: { token: '/oauth2/token' },
    scopes: ['api'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'api', audience: api, accessTokenFormat: 'jwt', accessTokenTTL: 900, jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  server.on('request', provider.callback());
  console.log(address);
});
