/** A node in a process of its own, for tests that kill it: `node run-node.ts HOME`; prints its address on a line. */
import { runChain } from '../src/main.ts'

const [home = ''] = process.argv.slice(2)
const node = await runChain({ home, port: 0 })
process.stdout.write(`${node.url}\n`)
const failure = await node.halted
process.stderr.write(`${failure.message}\n`)
process.exit(1)
