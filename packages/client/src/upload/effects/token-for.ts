/** A bearer token of the slot's provider, one for all slots that it has. */
import type { CallOptions } from '../../call-options.ts'
import { keepLoggedIn, login } from '../../providers/login.ts'
import { retrying } from '../../providers/retrying.ts'
import type { UploadRun } from '../upload-run.ts'

export function tokenFor(run: UploadRun, index: number, options: CallOptions): () => Promise<string> {
  const { ports, status, met, tokens } = run
  const { chain, account: signer, clock, fetch } = ports
  const { view, endpoint } = met.get(index)!
  const provider = view.id
  const kept = tokens.get(provider)
  if (kept !== undefined) return kept
  const input = { endpoint, provider, genesisHash: status.genesisHash, signer, fetch, clock }
  const token = keepLoggedIn(
    () =>
      retrying(() => login(input, options), options).catch(async (error: unknown) => {
        // Only who is refused loads it.
        const { explainClocks } = await import('../explain-clocks.ts')
        throw await explainClocks(error, { chain, clock, provider }, options)
      }),
    clock,
  )
  tokens.set(provider, token)
  return token
}
