/**
 * A provider as a process of its own, for tests that kill it: says one line of JSON when it serves, or why it does not.
 * With `logged` its log follows, a line each.
 */
import { runProvider } from '../src/main.ts'

const { logged, ...options } = JSON.parse(process.argv[2] ?? '')
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
try {
  const { url } = await runProvider({ ...options, ...(logged ? { log: (event: object) => say({ event }) } : {}) })
  say({ url })
} catch (error) {
  say({ error })
  process.exitCode = 1
}
