export function check(value, checks) {
  for (const [name, test] of Object.entries(checks)) {
    if (!test(value)) throw new Error(`check failed: ${name}: ${value.status}`)
  }
}

export function fail(reason) {
  throw new Error(reason)
}
