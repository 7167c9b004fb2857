/** What a command has to be given in another terminal so that it finds a devnet: nothing, where it is the one that is meant. */
import { DEVNET } from '../config/running-networks.ts'
import type { ProgramContext } from '../program-context.ts'
import type { Devnet } from './start-devnet.ts'

/** ` --network devnet-2`, with the space before it. */
export function whereIs(
  { network, chain }: Pick<Devnet, 'network' | 'chain'>,
  { env }: Pick<ProgramContext, 'env'>,
): string {
  // Another terminal does not have this one's variables, and looks for devnets elsewhere.
  if (network === undefined || env.GRANARY_HOME !== undefined) return ` --chain ${chain.url}`
  return network === DEVNET ? '' : ` --network ${network}`
}
