// A load test of an API that wants tokens of Mintkey:
//
//   MINTKEY_URL=… MINTKEY_CLIENT_ID=… MINTKEY_CLIENT_SECRET=… API_URL=https://api.example.com/ k6 run --vus 50 --duration 10m script.js
import { check } from 'k6'
import http from 'k6/http'
import { accessToken, forget } from './mintkey.js'

export const options = {
  thresholds: {
    checks: ['rate>0.99'],
    'http_req_failed{name:mintkey-token}': ['rate==0'],
    'http_req_duration{name:mintkey-token}': ['p(95)<500'], // milliseconds
  },
}

export default function () {
  const response = http.get(__ENV.API_URL, { headers: { Authorization: `Bearer ${accessToken()}` } })
  if (response.status === 401) forget()
  check(response, { 'the token is accepted': (r) => r.status !== 401 && r.status !== 403 })
}
