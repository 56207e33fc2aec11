// Is one virtual user: runs the script as often as ITERATIONS says, with pauses of PAUSE milliseconds.
import { setTimeout } from 'node:timers/promises'

globalThis.__ENV = process.env
const { default: iteration, options } = await import(`${process.cwd()}/script.js`)
for (const [name, rules] of Object.entries(options.thresholds)) {
  if (!Array.isArray(rules)) throw new Error(`thresholds: ${name}`)
}
for (let i = 0; i < Number(process.env.ITERATIONS); i++) {
  if (i > 0) await setTimeout(Number(process.env.PAUSE))
  iteration()
}
