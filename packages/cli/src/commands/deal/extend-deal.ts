/** What renew and topup share: a later end is planned, its price is asked about, and what was done is said. */
import type { Extended, ExtendWish } from '@granary/client'
import type { Client } from '@granary/client/node'
import type { ChainClient } from '@granary/protocol/client'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { wholeNumber } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type SpendOptions, walletFolder, withWalletSpending } from '../wallet/wallet-options.ts'
import type { Planned } from './extension-text.ts'
import { type NewEndOptions, newEndOf, withNewEnd } from './new-end.ts'

type ExtendOptions = SpendOptions & NewEndOptions

export interface ExtendWay {
  readonly name: string
  readonly description: string
  /** What it costs; nothing is sent. */
  readonly plan: (wish: ExtendWish, ports: ExtendPorts) => Promise<Planned>
  readonly send: (wish: ExtendWish, client: Client, options: SendOptions) => Promise<Extended>
}

export interface ExtendPorts {
  readonly chain: ChainClient
  readonly options: SpendOptions
  readonly context: CommandContext
  readonly signal: AbortSignal
  /** With the wallet's key, whose passphrase is asked for. */
  readonly openClient: () => Promise<Client>
}

interface SendOptions {
  readonly signal: AbortSignal
  readonly confirm: (planned: Planned) => Promise<void>
}

export function addExtending(program: Command, context: CommandContext, way: ExtendWay): void {
  const command = program
    .command(way.name)
    .description(`${way.description} After a crash the same command finishes what it began, and pays once.`)
    .argument('<deal>', 'its number', wholeNumber(0, Number.MAX_SAFE_INTEGER))
  withWalletSpending(withNewEnd(command))
    .addHelpText('after', exitCodesHelp)
    .action((deal: number, options: ExtendOptions) => extend({ deal, options, way }, context))
}

interface ExtendInput {
  readonly deal: number
  readonly options: ExtendOptions
  readonly way: ExtendWay
}

async function extend({ deal, options, way }: ExtendInput, context: CommandContext): Promise<void> {
  const [
    { createGranary },
    { interruptible },
    { openChain },
    { openOwnSigner },
    { confirmSpending },
    { extensionOf, extensionText },
    { formatDuration },
    { printResult },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../../interruptible.ts'),
    import('../../open-chain.ts'),
    import('../wallet/open-own-key.ts'),
    import('../../print/confirm-spending.ts'),
    import('./extension-text.ts'),
    import('../../print/times.ts'),
    import('../../print/result.ts'),
  ])
  const { json = false, dryRun = false, yes, maxPrice } = options
  const { done, time } = await interruptible(async (signal) => {
    const { chain, status: time } = await openChain(options, signal)
    const wish = newEndOf(options, deal)
    const openClient = async () => {
      const signer = await openOwnSigner(options, context, signal)
      return createGranary({ chain, signer, folder: walletFolder(options) })
    }
    if (dryRun) {
      const plan = await way.plan(wish, { chain, options, context, signal, openClient })
      return { done: { ...plan, resumed: false as const, sent: null }, time }
    }
    let plan: Planned | undefined
    const confirm = async (asked: Planned) => {
      const what = `run deal ${deal} for ${formatDuration(asked.epochsMs)} more`
      await confirmSpending(context, { what, price: asked.totalMax }, { yes, maxPrice, json, signal })
      plan = asked
    }
    const extended = await way.send(wish, await openClient(), { signal, confirm })
    return { done: extensionOf(deal, plan, extended), time }
  })
  printResult(context, done, { json, text: (data) => extensionText(data, time) })
}
