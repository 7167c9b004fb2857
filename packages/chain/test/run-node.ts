/** A node in a process of its own, for tests that kill or attack it: `node run-node.ts HOME [limits]`; prints its address on a line. */
import { runChain } from '../src/main.ts'

const [home = '', limits = '{}'] = process.argv.slice(2)
const node = await runChain({ home, port: 0, addressLimits: JSON.parse(limits) })
process.stdout.write(`${node.url}\n`)
const failure = await node.halted
process.stderr.write(`${failure.message}\n`)
process.exit(1)
