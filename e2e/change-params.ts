/** Sets parameters of a devnet's chain in its genesis, before its node starts for the first time. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ChangedParams {
  readonly params: Readonly<Record<string, string>>
  /** Epochs for an answer. */
  readonly responseWindow: string
  /** Whose window it is; of the one that devnets use unless said. */
  readonly profile?: string
}

export function changeParams(home: string, { params, responseWindow, profile = '8MiB-dev' }: ChangedParams): void {
  const path = join(home, 'chain', 'genesis.json')
  const genesis = JSON.parse(readFileSync(path, 'utf8')) as { params: { profiles: readonly { name: string }[] } }
  const profiles = genesis.params.profiles.map((each) => (each.name === profile ? { ...each, responseWindow } : each))
  writeFileSync(path, JSON.stringify({ ...genesis, params: { ...genesis.params, ...params, profiles } }))
}
