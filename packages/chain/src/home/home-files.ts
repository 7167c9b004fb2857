import { join } from 'node:path'

/** Where a chain's files lie. */
export interface HomeFiles {
  readonly genesis: string
  readonly validatorKey: string
  readonly beaconKey: string
  readonly faucetKey: string
  readonly database: string
  /** Of a validator on CometBFT. */
  readonly network: string
  readonly nodeKey: string
  readonly comet: string
  readonly cometSocket: string
  /** States that are given to nodes that join. */
  readonly snapshots: string
}

export function homeFiles(home: string): HomeFiles {
  const folder = join(home, 'chain')
  return {
    genesis: join(folder, 'genesis.json'),
    validatorKey: join(folder, 'validator.key'),
    beaconKey: join(folder, 'beacon.key'),
    faucetKey: join(folder, 'faucet.key'),
    database: join(folder, 'chain.sqlite'),
    network: join(folder, 'network.json'),
    nodeKey: join(folder, 'node.key'),
    comet: join(folder, 'comet'),
    cometSocket: join(folder, 'comet', 'abci.sock'),
    snapshots: join(folder, 'snapshots'),
  }
}
