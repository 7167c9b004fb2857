/** Sets parameters of a devnet's chain in its genesis, before its node starts for the first time. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ChangedParams {
  readonly params: Readonly<Record<string, string>>
  /** Epochs for an answer, of the profile that devnets use. */
  readonly responseWindow: string
}

export function changeParams(home: string, { params, responseWindow }: ChangedParams): void {
  const path = join(home, 'chain', 'genesis.json')
  const genesis = JSON.parse(readFileSync(path, 'utf8')) as { params: { profiles: readonly { name: string }[] } }
  const profiles = genesis.params.profiles.map((each) =>
    each.name === '8MiB-dev' ? { ...each, responseWindow } : each,
  )
  writeFileSync(path, JSON.stringify({ ...genesis, params: { ...genesis.params, ...params, profiles } }))
}
