/** Reads the first bytes of what is stored, without an account, each block verified: `read-a-part.ts CHAIN CID/NAME BYTES`. */
import { createChainClient, get, systemClock } from '@granary/client/node'

const [url = 'http://127.0.0.1:7460', path = '', bytes = '1024'] = process.argv.slice(2)
const ports = { chain: createChainClient({ url }), fetch, clock: systemClock }
const content = await get(ports, path, { range: { start: 0, end: Number(bytes) } })
if (content.type !== 'file') throw new Error(`${path} is a ${content.type}`)
for await (const part of content.stream()) process.stdout.write(part)
