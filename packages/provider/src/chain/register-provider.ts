/**
 * The provider on the chain: registered once, with collateral and an ask. Each step first looks whether it has been
 * done, so that a run that was killed in the middle is taken up where it was; nothing is still on its way when it looks.
 */
import { isDeepStrictEqual } from 'node:util'
import { GranaryError, toHex } from '@granary/base'
import type { ChainClient, ProviderView } from '@granary/protocol/client'
import { type Address, formatGrn, type MessageBodies } from '@granary/protocol/messages'
import type { Alerts } from '../alerts.ts'
import type { ProviderConfig } from '../config.ts'
import type { Log } from '../log.ts'
import type { Settings } from '../storage/settings.ts'
import { keepAsk } from './keep-ask.ts'
import type { OwnLane, Say } from './own-lane.ts'
import type { ProviderKeys } from './owner-keys.ts'
import { writeRegistration } from './registration.ts'

export interface RegisterContext {
  readonly chain: ChainClient
  readonly lane: OwnLane
  readonly askLane: OwnLane
  readonly keys: ProviderKeys
  /** Where what is wanted of the chain is written down, for an owner who signs elsewhere. */
  readonly registrationPath: string
  readonly config: ProviderConfig
  readonly sectorBytes: number
  readonly settings: Settings
  /** Its URL, then the multiaddrs of its bitswap. */
  readonly endpoints: readonly string[]
  readonly peerId: string
  readonly alerts: Alerts
  readonly log: Log
  readonly signal?: AbortSignal
}

export class NotRegisteredError extends GranaryError {
  constructor(address: string) {
    super({
      code: 'PROVIDER_NOT_REGISTERED',
      message: `no provider is registered for ${address}, and this chain has no faucet`,
      hint: 'move money to that address, then start again',
      details: { address },
    })
  }
}

// Enough for the messages of the first day; the rest of the faucet's money becomes collateral.
const KEPT_FOR_FEES_SHARE = 2n

/** @returns the provider's numeric id @throws OwnerKeyAwayError it is not registered yet, and only its owner may do that */
export async function registerProvider(context: RegisterContext): Promise<number> {
  await writeRegistration(context.registrationPath, await profileOf(context, context.keys.address))
  const id = await context.lane.turn(
    async (say) => (await registeredId(context)) ?? (await register(context, say)),
    options(context),
  )
  context.settings.set('providerId', String(id))
  await applyConfig(context, id)
  return id
}

/**
 * Compares what the configuration says with the chain, and brings the chain to it: profile, collateral, and beside them the ask,
 * which depends on neither. All have ended when it returns or throws.
 */
export async function applyConfig(context: RegisterContext, id: number): Promise<void> {
  await writeRegistration(context.registrationPath, await profileOf(context, context.keys.address))
  const { chain, askLane, keys, config, sectorBytes, alerts, log, signal } = context
  // The ask is signed with the key that the chain has.
  if (keys.session.isWaiting()) await keys.session.follow((await chain.provider(id, options(context))).sessionKey)
  const asking = { ...{ chain, lane: askLane, config, sectorBytes, alerts, log, signal }, providerId: id }
  const ended = await Promise.allSettled([
    applyOwners(context, id),
    keepAsk({ ...asking, signer: keys.session.signer }),
  ])
  for (const each of ended) if (each.status === 'rejected') throw each.reason
}

async function applyOwners(context: RegisterContext, id: number): Promise<void> {
  const { chain, lane } = context
  for (const step of [updateProfile, depositCollateral])
    await lane.turn(async (say) => step(context, await chain.provider(id, options(context)), say), options(context))
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

async function register(context: RegisterContext, say: Say): Promise<number> {
  const { keys, log } = context
  await requireMoney(context)
  const body = await profileOf(context, keys.address)
  await say(await keys.owner(), 'RegisterProvider', body)
  const id = await registeredId(context)
  if (id === undefined) throw new Error(`RegisterProvider of ${keys.address} was committed and no provider is there`)
  log({ type: 'provider:registered', provider: id, address: keys.address, endpoints: context.endpoints })
  return id
}

/**
 * Another address, name, region or key since the last run: clients look for a provider where the chain says that it is.
 * Its sectors have to be proven whether or not the change is taken: that is an alert.
 */
async function updateProfile(context: RegisterContext, view: ProviderView, say: Say): Promise<void> {
  const { keys, alerts, log } = context
  await keys.session.follow(view.sessionKey)
  const profile = await profileOf(context, view.payout)
  const changes = changesOf(profile, view)
  if (changes.length === 0) return alerts.clear('PROVIDER_NOT_UPDATED')
  try {
    const body = { provider: view.id, ...profile }
    await say(await keys.owner(), 'UpdateProvider', body)
    await keys.session.follow(toHex(profile.sessionKey))
    alerts.clear('PROVIDER_NOT_UPDATED')
    log({ type: 'provider:updated', provider: view.id, changes })
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    alerts.raise({
      code: 'PROVIDER_NOT_UPDATED',
      message: `the chain has not taken ${changes.join(', ')}: ${error.message} [${error.code}]`,
      hint:
        error.code === 'OWNER_KEY_AWAY'
          ? `clients see what was there before; ${error.hint}`
          : `clients see what was there before; correct config.json, or see that ${keys.address} has money for fees, and start again`,
    })
  }
}

/** In the words of config.json, where it has one for it. */
function changesOf(wanted: MessageBodies['RegisterProvider'], view: ProviderView): string[] {
  const sessionKey = toHex(wanted.sessionKey)
  return [
    ...(['name', 'region', 'endpoints', 'peerId'] as const)
      .filter((field) => !isDeepStrictEqual(wanted[field], view[field]))
      .map((field) => `${field} ${JSON.stringify(view[field])} → ${JSON.stringify(wanted[field])}`),
    ...(sessionKey === view.sessionKey ? [] : [`sessionKey ${view.sessionKey} → ${sessionKey}`]),
  ]
}

async function profileOf(
  { keys, config, endpoints, peerId }: RegisterContext,
  payout: Address,
): Promise<MessageBodies['RegisterProvider']> {
  const { region, name } = config
  return { payout, sessionKey: await keys.session.wanted(), endpoints, peerId, region, name }
}

async function requireMoney(context: RegisterContext): Promise<void> {
  const { chain, keys } = context
  if (!(await hasMoney(chain, keys.address, options(context)))) throw new NotRegisteredError(keys.address)
}

/** Or gets some, where the chain has a faucet. */
export async function hasMoney(
  chain: ChainClient,
  address: Address,
  options: { signal?: AbortSignal } = {},
): Promise<boolean> {
  const { balance } = await chain.account(address, options)
  if (BigInt(balance) > 0n) return true
  const { devnet } = await chain.status(options)
  if (devnet) await chain.faucet(address, options)
  return devnet
}

async function depositCollateral(context: RegisterContext, view: ProviderView, say: Say): Promise<void> {
  const { chain, keys, config, settings, alerts, log } = context
  const before = BigInt(settings.get('collateral') ?? config.collateral)
  settings.set('collateral', config.collateral)
  // Who takes no deals is about to leave: what it has withdrawn would come back.
  if (!config.acceptDeals) {
    alerts.clear('COLLATERAL_NOT_WITHDRAWN')
    return alerts.clear('COLLATERAL_NOT_DEPOSITED')
  }
  const deposited = BigInt(view.collateral.free) + BigInt(view.collateral.locked)
  const wanted = BigInt(config.collateral) - deposited
  if (BigInt(config.collateral) < before && wanted < 0n) {
    // What is free is what new deals and fees for faults are taken from: it does not leave because a file was edited.
    alerts.raise({
      code: 'COLLATERAL_NOT_WITHDRAWN',
      message: `collateral of config.json is ${formatGrn(before)} → ${formatGrn(BigInt(config.collateral))}; ${formatGrn(deposited)} are deposited and stay`,
      hint: 'a lower collateral is not withdrawn by itself; it only means that nothing more is deposited',
    })
  } else alerts.clear('COLLATERAL_NOT_WITHDRAWN')
  if (wanted <= 0n) return alerts.clear('COLLATERAL_NOT_DEPOSITED')
  const { balance } = await chain.account(keys.address, options(context))
  const half = BigInt(balance) / KEPT_FOR_FEES_SHARE
  // At first as much as there is; later all of what is missing or nothing, so that restarts do not eat the money for fees.
  const amount = wanted < half ? wanted : half
  if (wanted > half) {
    alerts.raise({
      code: 'COLLATERAL_NOT_DEPOSITED',
      message: `collateral of config.json is ${formatGrn(BigInt(config.collateral))}; ${formatGrn(wanted)} of it are missing, and ${keys.address} has ${formatGrn(BigInt(balance))}, half of which is kept for fees`,
      hint: `move ${formatGrn((wanted - half) * KEPT_FOR_FEES_SHARE)} to ${keys.address} and start again, or write a lower collateral into config.json`,
    })
    if (deposited > 0n) return
  } else alerts.clear('COLLATERAL_NOT_DEPOSITED')
  const body = { provider: view.id, amount }
  try {
    await say(await keys.owner(), 'DepositCollateral', body)
    log({ type: 'collateral:deposited', provider: view.id, amount: String(amount) })
  } catch (error) {
    if (!GranaryError.is(error) || error.code !== 'OWNER_KEY_AWAY') throw error
    alerts.raise({
      code: 'COLLATERAL_NOT_DEPOSITED',
      message: `collateral of config.json is ${formatGrn(BigInt(config.collateral))}; ${formatGrn(wanted)} of it are missing, and ${error.message}`,
      hint: 'where the key is, run `granary provider deposit GRN --owner-key FILE`, or write a lower collateral into config.json',
    })
  }
}

function options({ signal }: RegisterContext): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
