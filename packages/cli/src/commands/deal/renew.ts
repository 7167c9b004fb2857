/** granary renew DEAL: more time for a deal, for which its provider signs. */
import type { RenewalPlan } from '@granary/client'
import type { Command } from 'commander'
import type { CommandContext } from '../../program-context.ts'
import { addExtending } from './extend-deal.ts'
import type { Planned } from './extension-text.ts'

export function addRenew(program: Command, context: CommandContext): void {
  addExtending(program, context, {
    name: 'renew',
    description:
      'Agree with the provider of a running deal on a later end, at its price; the provider adds collateral.',
    plan: async (wish, { openClient, signal }) => unsigned(await (await openClient()).planRenewal(wish, { signal })),
    send: (wish, client, { signal, confirm }) =>
      client.renew(wish, { signal, confirm: (plan) => confirm(unsigned(plan)) }),
  })
}

/** What the provider has signed is the chain's, and nobody reads it. */
function unsigned({ signed: _signed, ...plan }: RenewalPlan): Planned {
  return plan
}
