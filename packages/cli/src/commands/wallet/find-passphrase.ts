/** The passphrase of a key: from the file that is named, that of a devnet, or from whoever sits at the terminal. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PassphraseMissingError, passphraseOf, readPassphrase } from '../../passphrase.ts'
import { ask, somebodyWatches } from '../../print/ask.ts'
import type { ProgramContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { type WalletOptions, walletFolder } from './wallet-options.ts'

export interface FoundPassphrase {
  readonly passphrase: string
  /** Random, and made by the devnet itself: stretching it would add nothing. */
  readonly light: boolean
}

/** Short ones are tried by machines at leisure, once somebody has the file. */
const PASSPHRASE_CHARS_MIN = 8

/** For a key that is there. @throws PassphraseMissingError, PassphraseExposedError, CHAIN_UNREACHABLE */
export async function findPassphrase(
  options: WalletOptions,
  context: ProgramContext,
  signal: AbortSignal,
): Promise<FoundPassphrase> {
  const own = await ownPassphrase(options, context, signal)
  if (own !== undefined) return own
  return {
    passphrase: await ask(context, 'Passphrase of the key (not shown): ', { hidden: true, signal }),
    light: false,
  }
}

/** For a key that is to be written: whoever types it types it twice. @throws as findPassphrase, UsageError */
export async function newPassphrase(
  options: WalletOptions,
  context: ProgramContext,
  signal: AbortSignal,
): Promise<FoundPassphrase> {
  const own = await ownPassphrase(options, context, signal)
  if (own !== undefined) return own
  const passphrase = await ask(context, 'New passphrase for the key (not shown): ', { hidden: true, signal })
  if (passphrase.length < PASSPHRASE_CHARS_MIN)
    throw new UsageError(`a passphrase has at least ${PASSPHRASE_CHARS_MIN} characters`, 'choose a longer one')
  const again = await ask(context, 'The same again: ', { hidden: true, signal })
  if (again !== passphrase) throw new UsageError('the two passphrases differ', 'type the same one twice')
  return { passphrase, light: false }
}

/** Undefined: the person at the terminal is to be asked. */
async function ownPassphrase(
  options: WalletOptions,
  context: ProgramContext,
  signal: AbortSignal,
): Promise<FoundPassphrase | undefined> {
  const { passphraseFile, chain, genesis } = options
  if (passphraseFile !== undefined) return { passphrase: await readPassphrase(passphraseFile, signal), light: false }
  const folder = walletFolder(options)
  const { openChain } = await import('../../open-chain.ts')
  const isAsked = somebodyWatches(context)
  // Where no devnet has left a passphrase, whoever is there can be asked without a chain.
  const isDevnet = await openChain({ chain, genesis }, signal).then(
    (open) => open.devnet,
    (error: unknown) => {
      if (!isAsked || existsSync(join(folder, 'passphrase'))) throw error
    },
  )
  if (isDevnet) return { passphrase: await passphraseOf({ devnet: true, folder }), light: true }
  if (isAsked) return undefined
  throw new PassphraseMissingError('no passphrase file is named, and there is nobody to ask')
}
