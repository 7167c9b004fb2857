/** Where devnets that run were looked for, said to whom no chain has answered. */
import { GranaryError, isLoopbackUrl } from '@granary/base'
import type { ProgramContext } from '../program-context.ts'
import { placeOfNetworks, runningNetworks } from './running-networks.ts'

/** The same error, for anything but a chain of this machine that does not answer. */
export async function withDevnets<T>(error: T, { env }: Pick<ProgramContext, 'env'>): Promise<T | GranaryError> {
  if (!GranaryError.is(error) || error.code !== 'CHAIN_UNREACHABLE') return error
  const { code, message, hint, retryable, details } = error
  if (!isLoopbackUrl(String(details?.url))) return error
  const running = await runningNetworks(env)
  const found = running.map(({ name, chain }) => `--network ${name} is ${chain}`).join(', ')
  const told = `${running.length === 0 ? 'no devnet that runs is noted' : `${found}, as noted`} in ${placeOfNetworks(env)}`
  return new GranaryError({ code, message, hint: `${told}; ${hint}`, retryable, details, cause: error })
}
