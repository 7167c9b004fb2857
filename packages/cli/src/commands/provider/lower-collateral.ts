/** What was withdrawn is not to be deposited again: `collateral` of config.json says no more than what is left. */
import { join } from 'node:path'
import { GranaryError } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import { configuredOwner, providerFolder } from '../../provider-home.ts'

export interface LoweredCollateral {
  readonly file: string
  /** What it said before, in attoGRN. */
  readonly before: string
}

/** @param most: attoGRN @returns undefined: this home is not that provider's, or has no config.json */
export async function lowerCollateral(
  home: string,
  { owner }: Pick<ProviderView, 'owner'>,
  most: bigint,
): Promise<LoweredCollateral | undefined> {
  const { changeConfig, readConfig } = await import('@granary/provider/operator')
  const configured = await configuredOwner(home)
  if (configured !== undefined && configured !== owner) return undefined
  const file = join(providerFolder(home), 'config.json')
  try {
    const { collateral: before } = await readConfig(file)
    if (BigInt(before) > most) await changeConfig(file, { collateral: String(most > 0n ? most : 0n) })
    return { file, before }
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'HOME_MISSING') return undefined
    throw error
  }
}
