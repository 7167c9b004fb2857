/** All checks of `granary doctor`, in the order in which one needs the other. */
import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import type { ChainNamed } from '../open-chain.ts'
import type { ProgramContext } from '../program-context.ts'
import { checkChain } from './check-chain.ts'
import { checkClock, type PeerClock } from './check-clock.ts'
import { checkCometbft } from './check-comet.ts'
import { checkKeystore } from './check-keystore.ts'
import { checkDisk, checkKernel, checkNode, checkPorts } from './check-machine.ts'
import { checkMoney } from './check-money.ts'
import { checkProviders, type Ping } from './check-providers.ts'
import { clockOf } from './clock-of.ts'
import type { Finding } from './finding.ts'
import { unanswered } from './unanswered.ts'

export interface ExamineInput extends Pick<ProgramContext, 'env'> {
  readonly home: string
  readonly chain: ChainNamed
  readonly passphraseFile?: string | undefined
  readonly signal: AbortSignal
}

export async function examine({ home, chain: named, passphraseFile, env, signal }: ExamineInput): Promise<Finding[]> {
  const findings: Finding[] = []
  findings.push(checkNode(), checkKernel(), await checkDisk(home), await checkPorts())
  const comet = await checkCometbft(home)
  if (comet !== undefined) findings.push(comet)
  const keys = await checkKeystore({ home, passphraseFile })
  findings.push(...keys)
  const { finding, chain, status } = await checkChain(named, Date.now(), signal, env)
  findings.push(finding)
  const skipped = (check: string): Finding => ({ check, state: 'skipped', says: 'the chain does not answer' })
  if (chain === undefined || status === undefined) {
    findings.push(skipped('providers'), checkClock([]), skipped('balance'))
    return findings
  }
  const { finding: providers, pings } = await checkProviders(chain, signal)
  findings.push(providers, checkClock([...(await clockOf(named.chain, signal)), ...clocksOf(pings)]))
  const address = keys[0]?.details?.address as Address | undefined
  findings.push(
    address === undefined
      ? { check: 'balance', state: 'skipped', says: 'there is no account yet' }
      : await checkMoney({ chain, status, address, signal }).catch((error: unknown) => {
          if (!GranaryError.is(error)) throw error
          return unanswered('balance', error)
        }),
  )
  return findings
}

function clocksOf(pings: readonly Ping[]): PeerClock[] {
  return pings.flatMap(({ provider, clockMs, askedMs }) =>
    clockMs === undefined ? [] : [{ whose: `provider ${provider}`, aheadMs: clockMs - askedMs }],
  )
}
