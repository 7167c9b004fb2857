/** A provider as a process of its own, for tests that kill it: says one line of JSON when it serves. */
import { runProvider } from '../src/main.ts'

const { url } = await runProvider(JSON.parse(process.argv[2] ?? ''))
process.stdout.write(`${JSON.stringify({ url })}\n`)
