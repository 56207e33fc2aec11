// What the end-to-end test passes to each client, and the one line that it expects back: an access token.
export const issuer = process.env.ISSUER
export const clientId = process.env.CLIENT_ID
export const clientSecret = process.env.CLIENT_SECRET
export const tokenEndpoint = `${issuer}/oauth2/token`

// A secret of the right form that is not the right one.
export const wrongSecret = clientSecret.slice(0, -1) + (clientSecret.endsWith('0') ? '1' : '0')
