/** All checks of `granary provider doctor`, in the order in which one needs the other. */
import { join } from 'node:path'
import { GranaryError, toHex } from '@granary/base'
import type { ChainClient, ChainStatus, ProviderView } from '@granary/protocol/client'
import {
  askProvider,
  boundsMissing,
  findProvider,
  getStatus,
  readConfig,
  readMoney,
  readRegistration,
  readVolumes,
} from '@granary/provider/operator'
import { defaultPorts, providerFolder } from '../provider-home.ts'
import { checkChain } from './check-chain.ts'
import { checkClock } from './check-clock.ts'
import { readableByOthers } from './check-keystore.ts'
import { checkKernel, checkNode, checkPorts } from './check-machine.ts'
import { checkOpenFiles } from './check-open-files.ts'
import { checkProviderAddress } from './check-provider-address.ts'
import { checkProviderDisks } from './check-provider-disks.ts'
import { checkProviderKeys } from './check-provider-keys.ts'
import { checkAsk, checkProviderMoney } from './check-provider-market.ts'
import { clockOf } from './clock-of.ts'
import type { Finding } from './finding.ts'
import { unanswered } from './unanswered.ts'

export interface ExamineProviderInput {
  readonly home: string
  /** In place of the configured one. */
  readonly chainUrl?: string | undefined
  readonly passphraseFile?: string | undefined
  readonly redisUrl?: string | undefined
  readonly signal: AbortSignal
}

type Config = Awaited<ReturnType<typeof readConfig>>

export async function examineProvider(input: ExamineProviderInput): Promise<Finding[]> {
  const { home, redisUrl, signal } = input
  const folder = providerFolder(home)
  const findings: Finding[] = [checkNode(), checkKernel(), await checkOpenFiles()]
  const config = await readConfig(join(folder, 'config.json')).catch(namedError)
  if (GranaryError.is(config)) return [...findings, unanswered('config', config)]
  findings.push({ check: 'config', state: 'ok', says: join(folder, 'config.json') })
  findings.push(...(await secrets(input, folder)))
  findings.push(...(await checkProviderDisks(await readVolumes(home), folder, signal)))
  const isRunning = await runs(folder)
  if (!isRunning)
    findings.push(await checkPorts([config.port ?? defaultPorts.port, config.libp2pPort ?? defaultPorts.libp2pPort]))
  else findings.push({ check: 'ports', state: 'ok', says: 'the provider runs, and has them' })
  const redis = redisUrl ?? config.sealing.redis
  if (redis !== undefined) findings.push(await checkRedis(redis))
  return [...findings, ...(await onChain(input, config, isRunning))]
}

async function onChain(input: ExamineProviderInput, config: Config, isRunning: boolean): Promise<Finding[]> {
  const { signal, chainUrl = config.chainUrl } = input
  const { finding, chain, status } = await checkChain({ chain: chainUrl }, Date.now(), signal)
  const skipped = (check: string, says: string): Finding => ({ check, state: 'skipped', says })
  const rest = ['registration', 'key', 'money', 'ask', 'address']
  if (chain === undefined || status === undefined)
    return [finding, ...['clock', ...rest].map((check) => skipped(check, 'the chain does not answer'))]
  const clock = checkClock(await clockOf(chainUrl, signal))
  const provider = await findProvider({ chain, owner: config.owner, signal }).catch(namedError)
  if (GranaryError.is(provider)) {
    const others = rest.slice(1).map((check) => skipped(check, 'it is not registered'))
    return [finding, clock, unanswered('registration', provider), ...others]
  }
  const { id, owner } = provider
  const registered: Finding = { check: 'registration', state: 'ok', says: `provider ${id}, of ${owner}` }
  return [finding, clock, registered, ...(await ofProvider(input, { chain, status, provider, config, isRunning }))]
}

interface OfProvider {
  readonly chain: ChainClient
  readonly status: ChainStatus
  readonly provider: ProviderView
  readonly config: Config
  readonly isRunning: boolean
}

async function ofProvider(
  { home, signal }: ExamineProviderInput,
  { chain, status, provider, config, isRunning }: OfProvider,
): Promise<Finding[]> {
  const wanted = await readRegistration(join(providerFolder(home), 'registration.json')).then(
    ({ sessionKey }) => toHex(sessionKey),
    () => undefined,
  )
  const checks: Record<string, () => Promise<Finding> | Finding> = {
    key: async () => {
      const isUnbounded = provider.sessionKey !== null && (await boundsMissing(home, provider.sessionKey)) !== undefined
      return await checkProviderKeys({ chain, status, provider, wanted, home, isUnbounded, signal })
    },
    money: async () => checkProviderMoney(await readMoney(chain, provider.id, { signal })),
    ask: () => checkAsk(provider, config, status),
    address: () => checkProviderAddress({ provider, publicUrl: config.publicUrl, isRunning, signal }),
  }
  return await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const found = await Promise.try(check).catch(namedError)
      return GranaryError.is(found) ? unanswered(name, found) : found
    }),
  )
}

async function secrets({ passphraseFile }: ExamineProviderInput, folder: string): Promise<Finding[]> {
  const names = ['config.json', 'keystore.json', 'session.json', 'session.next.json', 'passphrase', 'admin.json']
  const files = [...names.map((name) => join(folder, name)), ...(passphraseFile === undefined ? [] : [passphraseFile])]
  return (await Promise.all(files.map(readableByOthers))).flat()
}

async function runs(folder: string): Promise<boolean> {
  const status = await askProvider(join(folder, 'admin.json'), getStatus).catch(namedError)
  return !GranaryError.is(status)
}

async function checkRedis(url: string): Promise<Finding> {
  const { pingRedis } = await import('@granary/provider')
  const failed = await pingRedis(url).catch(namedError)
  return GranaryError.is(failed) ? unanswered('redis', failed) : { check: 'redis', state: 'ok', says: 'it answers' }
}

/** What has a code is a finding; anything else is a fault of this program. */
function namedError(error: unknown): GranaryError {
  if (GranaryError.is(error)) return error
  throw error
}
