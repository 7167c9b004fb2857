/**
 * The provider on the chain: registered once, with collateral and an ask. Each step first looks whether it has been
 * done, so that a run that was killed in the middle is taken up where it was.
 */
import { isDeepStrictEqual } from 'node:util'
import { type ChainClient, type ProviderView, sendMessage } from '@granary/chain/client'
import type { Address, RegisterProvider } from '@granary/chain/messages'
import { GranaryError } from '@granary/errors'
import type { ProviderConfig } from '../config.ts'
import type { Log } from '../http/log.ts'
import type { Settings } from '../storage/settings.ts'
import type { ProviderKeys } from './owner-keys.ts'

export interface RegisterContext {
  readonly chain: ChainClient
  readonly keys: ProviderKeys
  readonly config: ProviderConfig
  readonly sectorBytes: number
  readonly settings: Settings
  readonly endpoint: string
  readonly peerId: string
  readonly log: Log
  readonly signal?: AbortSignal
}

export class NotRegisteredError extends GranaryError {
  constructor(address: string) {
    super({
      code: 'PROVIDER_NOT_REGISTERED',
      message: `no provider is registered for ${address}, and this chain has no faucet`,
      hint: 'move money to that address, then start again',
      retryable: false,
      details: { address },
    })
  }
}

// Enough for the messages of the first day; the rest of the faucet's money becomes collateral.
const KEPT_FOR_FEES_SHARE = 2n

/** @returns the provider's numeric id */
export async function registerProvider(context: RegisterContext): Promise<number> {
  const id = (await registeredId(context)) ?? (await register(context))
  context.settings.set('providerId', String(id))
  const view = await context.chain.provider(id, options(context))
  await updateProfile(context, view)
  await depositCollateral(context, view)
  await setAsk(context, view)
  return id
}

async function registeredId(context: RegisterContext): Promise<number | undefined> {
  const remembered = context.settings.get('providerId')
  if (remembered !== undefined) return Number(remembered)
  // Registered by a run that was killed before it could write the number down.
  return await providerOf(context.chain, context.keys.address, options(context))
}

/** The number under which the chain knows the provider of that owner. */
export async function providerOf(
  chain: ChainClient,
  owner: Address,
  options: { signal?: AbortSignal } = {},
): Promise<number | undefined> {
  for await (const view of chain.providers(options)) if (view.owner === owner) return view.id
  return undefined
}

async function register(context: RegisterContext): Promise<number> {
  const { chain, keys, log } = context
  await requireMoney(context)
  const body = profileOf(context, keys.address)
  await sendMessage({ chain, signer: keys.owner, kind: 'RegisterProvider', body }, options(context))
  const id = await registeredId(context)
  if (id === undefined) throw new Error(`RegisterProvider of ${keys.address} was committed and no provider is there`)
  log({ type: 'provider:registered', provider: id, address: keys.address, endpoint: context.endpoint })
  return id
}

/** Another address, name or key since the last run: clients look for a provider where the chain says that it is. */
async function updateProfile(context: RegisterContext, view: ProviderView): Promise<void> {
  const { chain, keys, log } = context
  const profile = profileOf(context, view.payout)
  if (isRegistered(profile, view)) return
  const { endpoint } = context
  try {
    const body = { provider: view.id, ...profile }
    await sendMessage({ chain, signer: keys.owner, kind: 'UpdateProvider', body }, options(context))
    log({ type: 'provider:updated', provider: view.id, before: view.endpoints, endpoint })
  } catch (error) {
    // Its sectors have to be proven, whether or not its owner has money for this.
    if (!GranaryError.is(error)) throw error
    const { code, message } = error
    log({ type: 'provider:not-updated', level: 'alert', code, message, registered: view.endpoints, endpoint })
  }
}

function isRegistered({ sessionKey, ...profile }: RegisterProvider, view: ProviderView): boolean {
  const { payout, endpoints, peerId, region, name } = view
  if (view.sessionKey !== `0x${Buffer.from(sessionKey).toString('hex')}`) return false
  return isDeepStrictEqual(profile, { payout, endpoints, peerId, region, name })
}

function profileOf({ keys, config, endpoint, peerId }: RegisterContext, payout: Address): RegisterProvider {
  const { region, name } = config
  return { payout, sessionKey: keys.session.publicKey, endpoints: [endpoint], peerId, region, name }
}

async function requireMoney(context: RegisterContext): Promise<void> {
  const { chain, keys } = context
  const { balance } = await chain.account(keys.address, options(context))
  if (BigInt(balance) > 0n) return
  const { devnet } = await chain.status(options(context))
  if (!devnet) throw new NotRegisteredError(keys.address)
  await chain.faucet(keys.address, options(context))
}

async function depositCollateral(context: RegisterContext, view: ProviderView): Promise<void> {
  const { chain, keys, config, log } = context
  const deposited = BigInt(view.collateral.free) + BigInt(view.collateral.locked)
  const wanted = BigInt(config.collateral) - deposited
  const { balance } = await chain.account(keys.address, options(context))
  const half = BigInt(balance) / KEPT_FOR_FEES_SHARE
  // At first as much as there is; later all of what is missing or nothing, so that restarts do not eat the money for fees.
  if (wanted <= 0n || (deposited > 0n && wanted > half)) return
  const amount = wanted < half ? wanted : half
  const body = { provider: view.id, amount }
  await sendMessage({ chain, signer: keys.owner, kind: 'DepositCollateral', body }, options(context))
  log({ type: 'collateral:deposited', provider: view.id, amount: String(amount) })
}

async function setAsk(context: RegisterContext, view: ProviderView): Promise<void> {
  if (view.ask !== null) return
  const { chain, keys, config, sectorBytes, log } = context
  const { height, blockTimeMs } = await chain.status(options(context))
  const { ask } = config
  const body = {
    provider: view.id,
    pricePerGiBEpoch: BigInt(ask.pricePerGiBEpoch),
    pieceSizeMin: ask.pieceSizeMin,
    pieceSizeMax: Math.min(ask.pieceSizeMax ?? sectorBytes, sectorBytes),
    durationMin: Math.ceil(ask.durationMinMs / blockTimeMs),
    durationMax: Math.floor(ask.durationMaxMs / blockTimeMs),
    profiles: [config.profile],
    collateralShareMaxBps: ask.collateralShareMaxBps,
    validUntil: height + Math.floor(ask.validMs / blockTimeMs),
  }
  await sendMessage({ chain, signer: keys.owner, kind: 'SetAsk', body }, options(context))
  log({ type: 'ask:set', provider: view.id, pricePerGiBEpoch: ask.pricePerGiBEpoch })
}

function options({ signal }: RegisterContext): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
