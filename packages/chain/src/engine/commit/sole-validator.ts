import type { Hex } from '@granary/base'
import type { Genesis } from '@granary/protocol/records'
import { GenesisInvalidError } from '../../state/index.ts'

/** The embedded engine has one validator: with more, a header would need the votes of others. @throws GenesisInvalidError */
export function soleValidator({ validators }: Genesis): Hex {
  const [validator, ...others] = validators
  if (validator !== undefined && others.length === 0) return validator
  throw new GenesisInvalidError(`it has ${validators.length} validators, the engine of this release has one`)
}
