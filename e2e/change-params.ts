/** Sets parameters of a devnet's chain in its genesis, before its node starts for the first time. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ChangedParams {
  readonly params: Readonly<Record<string, string | number>>
  /** Epochs for an answer. */
  readonly responseWindow: string
  /** Whose window it is; of the one that devnets use unless said. */
  readonly profile?: string
  /** No other profile is taken: blocks can be small then. @default false */
  readonly only?: boolean
}

export function changeParams(home: string, given: ChangedParams): void {
  const { params, responseWindow, profile = '8MiB-dev', only = false } = given
  const path = join(home, 'chain', 'genesis.json')
  const genesis = JSON.parse(readFileSync(path, 'utf8')) as { params: { profiles: readonly { name: string }[] } }
  const taken = genesis.params.profiles.filter(({ name }) => !only || name === profile)
  const profiles = taken.map((each) => (each.name === profile ? { ...each, responseWindow } : each))
  writeFileSync(path, JSON.stringify({ ...genesis, params: { ...genesis.params, ...params, profiles } }))
}
