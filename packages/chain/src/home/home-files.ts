import { join } from 'node:path'

/** Where a chain's files lie. */
export interface HomeFiles {
  readonly genesis: string
  readonly validatorKey: string
  readonly beaconKey: string
  readonly faucetKey: string
  readonly database: string
}

export function homeFiles(home: string): HomeFiles {
  const folder = join(home, 'chain')
  return {
    genesis: join(folder, 'genesis.json'),
    validatorKey: join(folder, 'validator.key'),
    beaconKey: join(folder, 'beacon.key'),
    faucetKey: join(folder, 'faucet.key'),
    database: join(folder, 'chain.sqlite'),
  }
}
