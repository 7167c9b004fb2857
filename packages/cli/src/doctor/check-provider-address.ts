/** Whether the address that clients are told leads here. */
import { GranaryError, isLoopbackUrl } from '@granary/base'
import type { ProviderView } from '@granary/protocol/client'
import type { Finding } from './finding.ts'

const TIMEOUT_MS = 5_000

export interface ProviderAddressInput {
  readonly provider: ProviderView
  /** What is configured; undefined: where it listens. */
  readonly publicUrl: string | undefined
  readonly isRunning: boolean
  readonly signal?: AbortSignal | undefined
}

export async function checkProviderAddress(input: ProviderAddressInput): Promise<Finding> {
  const { provider, publicUrl, isRunning, signal } = input
  const check = 'address'
  const told = provider.endpoints.find((each) => URL.canParse(each))
  const wrong = (says: string, fix: string): Finding => ({
    check,
    state: 'wrong',
    says,
    fix,
    code: 'PROVIDER_UNREACHABLE',
  })
  if (told === undefined) return wrong('the chain has no address of it', 'granary provider run, which sets it')
  if (publicUrl !== undefined && new URL(publicUrl).href !== new URL(told).href)
    return wrong(
      `the chain says ${told}, and publicUrl is ${publicUrl}`,
      'start it again; where the key of the owner is elsewhere, run `granary provider register --owner-key FILE` there',
    )
  if (!isRunning) return { check, state: 'skipped', says: `${told}: it does not run, so nothing answers there` }
  const found = await ask(told, provider.id, signal)
  if (GranaryError.is(found))
    return { check, state: 'note', says: `${told} answers ${found.code}: ${found.message}`, fix: found.hint }
  if (found !== undefined)
    return wrong(
      `${told} ${found}`,
      'forward its port in the router and the firewall, or give publicUrl the address of its proxy; a provider that is to be reached from elsewhere needs --host 0.0.0.0 or a proxy',
    )
  if (isLoopbackUrl(told))
    return {
      ...{ check, state: 'note', says: `${told} answers, to programs of this machine alone` },
      fix: 'enough for a devnet; else granary provider config set publicUrl=https://…',
    }
  const from = 'asked from this machine: a router that leads back to it may hide that others do not reach it'
  return { check, state: 'ok', says: `${told} answers; ${from}` }
}

/** @returns what is wrong with it; what a provider has to say in place of who it is */
async function ask(url: string, id: number, signal?: AbortSignal): Promise<string | GranaryError | undefined> {
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const response = await fetch(new URL('v1/info', url.endsWith('/') ? url : `${url}/`), {
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    })
    const info = (await response.json()) as { readonly id?: unknown; readonly error?: unknown }
    const refusal = GranaryError.fromWire(info.error)
    if (refusal !== undefined) return refusal
    return info.id === id ? undefined : `is answered by another program, not by provider ${id}`
  } catch (error) {
    signal?.throwIfAborted()
    if (limit.aborted) return `does not answer within ${TIMEOUT_MS / 1_000} s`
    const { cause, message } = error as Error
    return `cannot be reached: ${String((cause as { code?: unknown })?.code ?? message)}`
  }
}
