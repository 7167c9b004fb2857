/** granary topup DEAL: more time for a deal whose terms allow it, without its provider, by whoever pays. */
import type { Command } from 'commander'
import type { CommandContext } from '../../program-context.ts'
import { addExtending } from './extend-deal.ts'

export function addTopUp(program: Command, context: CommandContext): void {
  addExtending(program, context, {
    name: 'topup',
    description: 'Add time to a deal whose terms allow it: anybody may pay for it, and its provider is not asked.',
    async plan(wish, { chain, options, context, signal }) {
      const [{ planTopUp }, { ownAddress }] = await Promise.all([
        import('@granary/client/node'),
        import('../wallet/own-address.ts'),
      ])
      return await planTopUp({ ...wish, chain, payer: await ownAddress(options, context, signal) }, { signal })
    },
    send: (wish, client, { signal, confirm }) => client.topUp(wish, { signal, confirm }),
  })
}
