/** The home of a node that comes to a testnet later: with the others' genesis and addresses, and keys of its own. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from './comet.ts'

interface NetworkFile {
  readonly peers: readonly { readonly nodeId: string }[]
}

/** @param homes of a testnet, two at least @param validatorKey ed25519 seed */
export async function joinHome(home: string, homes: readonly string[], validatorKey: Uint8Array): Promise<void> {
  const [first, second] = homes.map((each) => join(each, 'chain'))
  const chain = join(home, 'chain')
  mkdirSync(chain, { recursive: true })
  // A devnet's beacon and faucet are keys that each of its nodes has.
  for (const name of ['genesis.json', 'beacon.key', 'faucet.key']) copyFileSync(join(first!, name), join(chain, name))
  const hex = (key: Uint8Array) => `${Buffer.from(key).toString('hex')}\n`
  writeFileSync(join(chain, 'validator.key'), hex(validatorKey), { mode: 0o600 })
  writeFileSync(join(chain, 'node.key'), hex(crypto.getRandomValues(new Uint8Array(32))), { mode: 0o600 })
  const [one, two] = [first!, second!].map((each) => readNetwork(each))
  const known = new Set(one!.peers.map(({ nodeId }) => nodeId))
  // Each names all but itself.
  const peers = [...one!.peers, ...two!.peers.filter(({ nodeId }) => !known.has(nodeId))]
  const port = await freePorts(2)
  const at = (offset: number) => ({ host: '127.0.0.1', port: port + offset })
  writeFileSync(join(chain, 'network.json'), JSON.stringify({ engine: 'comet', p2p: at(0), rpc: at(1), peers }))
}

function readNetwork(chain: string): NetworkFile {
  return JSON.parse(readFileSync(join(chain, 'network.json'), 'utf8')) as NetworkFile
}
