/** What the commands for a provider's owner share: which provider is meant, by the chain; and its owner's key, where one signs. */
import { dirname, join } from 'node:path'
import { GranaryError } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import type { Signer } from '@granary/protocol/messages'
import { type Command, Option } from 'commander'
import type { OpenChain } from '../../open-chain.ts'
import {
  CHAIN_URL_DEFAULT,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  type SpendingOptions,
  wholeNumber,
  withHome,
  withJson,
  withPassphrase,
  withSpending,
} from '../../options.ts'

export interface OperatorOptions extends HomeOptions, JsonOptions {
  readonly chain?: string
  readonly provider?: number
  readonly ownerKey?: string
}

export interface OwnerOptions extends OperatorOptions, PassphraseOptions, SpendingOptions {}

export interface Operator extends OpenChain {
  readonly provider: ProviderView
}

/** Only looks: needs no key. */
export function withOperator(command: Command): Command {
  return withJson(withHome(command))
    .addOption(
      new Option('--chain <url>', 'address of a chain node (default: the configured one)').env('GRANARY_CHAIN'),
    )
    .option(
      '--provider <id>',
      'its number on the chain (default: that of the owner)',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--owner-key <file>', "the owner's keystore, wherever it is kept (default: that of the home)")
}

/** Signs and spends. */
export function withOwner(command: Command): Command {
  return withSpending(withPassphrase(withOperator(command)))
}

/** @throws ProviderUnknownError PROVIDER_NOT_REGISTERED, CHAIN_UNREACHABLE, … */
export async function openOperator(options: OperatorOptions, signal?: AbortSignal): Promise<Operator> {
  const [{ findProvider }, { readKeyAddress }, { openChain }, { configuredChain, configuredOwner }] = await Promise.all(
    [
      import('@granary/provider/operator'),
      import('@granary/chain/keystore'),
      import('../../open-chain.ts'),
      import('../../provider-home.ts'),
    ],
  )
  const url = options.chain ?? (await configuredChain(homeOf(options))) ?? CHAIN_URL_DEFAULT
  const { chain, status, devnet } = await openChain({ chain: url }, signal)
  const { provider: id } = options
  const named = options.ownerKey === undefined ? await configuredOwner(homeOf(options)) : undefined
  const owner = id === undefined ? (named ?? (await readKeyAddress(ownerKeyOf(options)))) : undefined
  return { chain, status, devnet, provider: await findProvider({ chain, id, owner, signal }) }
}

/** @throws PASSPHRASE_MISSING, PASSPHRASE_WRONG, KEYSTORE_MISSING, …; PROVIDER_NOT_OWNED */
export async function openOwner(options: OwnerOptions, { devnet, provider }: Operator): Promise<Signer> {
  const [{ readKey }, { accountSigner }, { passphraseOf }] = await Promise.all([
    import('@granary/chain/keystore'),
    import('@granary/protocol/messages'),
    import('../../passphrase.ts'),
  ])
  const path = ownerKeyOf(options)
  const { passphraseFile } = options
  const passphrase = await passphraseOf({ passphraseFile, devnet, folder: dirname(path) })
  const signer = accountSigner(await readKey(path, passphrase))
  if (signer.address === provider.owner) return signer
  throw new GranaryError({
    code: 'PROVIDER_NOT_OWNED',
    message: `provider ${provider.id} belongs to ${provider.owner}, the key in ${path} is of ${signer.address}`,
    hint: "name the owner's keystore with --owner-key, or another provider with --provider",
    details: { provider: provider.id, owner: provider.owner },
  })
}

function ownerKeyOf(options: OperatorOptions): string {
  return options.ownerKey ?? join(homeOf(options), 'provider', 'keystore.json')
}
