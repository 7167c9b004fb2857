/** granary provider key rotate: another session key for the daemon, without a missed proof. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GranaryError } from '@granary/base'
import type { ChainStatus } from '@granary/protocol/client'
import type { KeyBounds, NextKey } from '@granary/provider/operator'
import { type Command, Option } from 'commander'
import { moreHelp } from '../../more-help.ts'
import { durationMs, grn, homeOf } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { type OwnerOptions, openOperator, openOwner, withOwner } from './open-operator.ts'
import { tellRunning } from './tell-running.ts'

interface RotateOptions extends OwnerOptions {
  readonly sessionLimit?: bigint
  readonly sessionTime?: number
}

const UPDATE_BYTES_MAX = 4_096
const AUTHORIZE_BYTES_MAX = 1_024
/** A running daemon asks with each block. */
const TAKEN_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 100

export function addKey(provider: Command, context: CommandContext): void {
  const key = provider.command('key').description('The key that the daemon signs with.')
  withOwner(key.command('rotate'))
    .description('Give the daemon another session key: the one before signs nothing any more from the same block on.')
    .addOption(
      new Option(
        '--session-limit <GRN>',
        'most that the new key may spend (default: what the one before has left)',
      ).argParser(grn),
    )
    .addOption(
      new Option(
        '--session-time <time>',
        'for how long it may sign, such as 90d (default: as the one before)',
      ).argParser(durationMs),
    )
    .addHelpText(
      'after',
      moreHelp(
        "A provider that runs takes it up by itself. Where the owner's key is away the new one waits in session.next.json until `granary provider register` has been run where that key is. Killed in between, give the command again: it goes on with the same bounds.",
      ),
    )
    .action((options: RotateOptions) => rotate(options, context))
}

async function rotate(options: RotateOptions, context: CommandContext): Promise<void> {
  const [operator, { feeOf }, { toHex }, { formatAmount }, { passphraseOf }, { providerFolder }, print] =
    await Promise.all([
      import('@granary/provider/operator'),
      import('@granary/protocol/messages'),
      import('@granary/base'),
      import('../../print/amounts.ts'),
      import('../../passphrase.ts'),
      import('../../provider-home.ts'),
      Promise.all([
        import('../../interruptible.ts'),
        import('../../print/confirm-spending.ts'),
        import('../../print/result.ts'),
      ]),
    ])
  const [{ interruptible }, { confirmSpending }, { printResult }] = print
  const { json = false, dryRun = false, yes, maxPrice, passphraseFile } = options
  const home = homeOf(options)
  const folder = providerFolder(home)
  const isAway = options.ownerKey === undefined && !existsSync(join(folder, 'keystore.json'))
  const rotated = await interruptible(async (signal) => {
    const opened = await openOperator(options, signal)
    const { chain, provider, status, devnet } = opened
    const fees = await chain.fees({ signal })
    const bounds = await boundsOf(options, status, await operator.keyBoundsOf(chain, provider, home))
    const price =
      feeOf('UpdateProvider', UPDATE_BYTES_MAX, fees) +
      (bounds === undefined ? 0n : feeOf('AuthorizeKey', AUTHORIZE_BYTES_MAX, fees))
    const planned = { provider: provider.id, before: provider.sessionKey, next: null, bounds: bounds ?? null, price }
    if (dryRun) return { ...planned, done: 'planned' as const }
    const signer = isAway ? undefined : await openOwner(options, opened)
    const passphrase = await passphraseOf({ passphraseFile, devnet, folder })
    if (signer !== undefined)
      await confirmSpending(context, { what: "change the daemon's key", price }, { yes, maxPrice, json, signal })
    const light = devnet && passphraseFile === undefined
    const key = await operator.makeNextKey({ home, passphrase, provider, light, bounds })
    const next = toHex(key.publicKey)
    if (signer === undefined) {
      await tellRunning(home)
      return { ...planned, next, done: 'waiting' as const }
    }
    await operator.tellNextKey({ home, chain, signer, provider, publicKey: key.publicKey, bounds, signal })
    return { ...planned, next, done: await takenUp(home, key, signal) }
  })
  printResult(context, rotated, {
    json,
    text: ({ provider, price, next, done, bounds }) => {
      if (done === 'planned') {
        const how = isAway ? ', signed where the key of the owner is' : ''
        return `would give the daemon of provider ${provider} another key, for at most ${formatAmount(price)}${how}`
      }
      if (done === 'waiting') {
        const limits = bounds === null ? '' : ' --session-limit GRN --session-time TIME'
        return `${next} waits: where the key of the owner is, run \`granary provider register --owner-key FILE${limits}\` with registration.json`
      }
      return `${next} is the key of provider ${provider}; ${SAID[done]}`
    },
  })
}

const SAID = {
  'taken-up': 'the one that runs signs with it',
  'next-start': 'none runs here, its next start signs with it',
  told: 'the one that runs has not taken it up yet, and tries with each block: its log says why',
} as const

async function takenUp(home: string, key: NextKey, signal: AbortSignal): Promise<keyof typeof SAID> {
  const { askProvider, getStatus } = await import('@granary/provider/operator')
  try {
    await askProvider(join(home, 'provider', 'admin.json'), getStatus)
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'PROVIDER_NOT_RUNNING') throw error
    return key.isWaiting() ? 'next-start' : 'taken-up'
  }
  for (
    const endMs = performance.now() + TAKEN_WITHIN_MS;
    key.isWaiting();
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  )
    if (performance.now() > endMs) return 'told'
  return 'taken-up'
}

async function boundsOf(
  { sessionLimit, sessionTime }: RotateOptions,
  status: ChainStatus,
  before: KeyBounds | undefined,
): Promise<KeyBounds | undefined> {
  if ((sessionLimit === undefined) !== (sessionTime === undefined) && before === undefined)
    throw new UsageError(
      'the key of the daemon has a limit and a time together',
      'give both --session-limit and --session-time',
    )
  const { epochsIn } = await import('@granary/protocol/epochs')
  const expires = sessionTime === undefined ? before?.expires : status.height + epochsIn(sessionTime, status)
  const spendingLimit = sessionLimit ?? before?.spendingLimit
  if (expires === undefined || spendingLimit === undefined) return undefined
  if (expires > status.height && spendingLimit > 0n) return { expires, spendingLimit }
  throw new UsageError(
    "the daemon's key has used up its limit or its time, which the new one would have too",
    'give the new one both: --session-limit and --session-time',
  )
}
