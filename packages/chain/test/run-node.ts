/** A node in a process of its own, for tests that kill or attack it: `node run-node.ts HOME [limits] [rules] [cometbft]`; prints its address on a line. */
import { runChain } from '../src/main.ts'

const [home = '', limits = '{}', rules, cometProgram] = process.argv.slice(2)
const known = {
  ...(rules !== undefined && { rulesKnown: Number(rules) }),
  ...(cometProgram !== undefined && { cometProgram }),
}
const node = await runChain({ home, port: 0, addressLimits: JSON.parse(limits), ...known })
process.stdout.write(`${node.url}\n`)
const failure = await node.halted
process.stderr.write(`${failure.message}\n`)
process.exit(1)
