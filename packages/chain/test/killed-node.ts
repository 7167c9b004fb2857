/** A node in a process of its own that is killed again and again while messages are sent to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createChainClient, sendMessage, type TxView } from '@granary/protocol/client'
import type { Address } from '@granary/protocol/messages'
import { fundedSigner } from './devnet.ts'

const script = fileURLToPath(new URL('./run-node.ts', import.meta.url))
const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']

export interface KillRound {
  readonly home: string
  /** Gets a unit at a time from one signer a round, for as long as the node lives. */
  readonly to: Address
  /** Until its kill, from the start of its process, or from when its faucet has paid. */
  readonly lifeMs: number
  readonly from: 'spawn' | 'payment'
}

/** @returns what the node had acknowledged as committed when it died */
export async function killRound({ home, to, lifeMs, from }: KillRound): Promise<TxView[]> {
  const child = spawn(process.execPath, [...flags, script, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const url = firstLine(child)
  const acknowledged: TxView[] = []
  const dead = new AbortController()
  const paid = Promise.withResolvers<void>()
  const sending = send(url, to, dead.signal, { paid: paid.resolve, acknowledged: (tx) => acknowledged.push(tx) })
  if (from === 'payment') await Promise.race([paid.promise, exited])
  await Promise.race([sleep(lifeMs), exited])
  if (child.exitCode !== null) throw new Error(`the node ended by itself with code ${child.exitCode}`)
  child.kill('SIGKILL')
  await exited
  dead.abort(new Error('the node was killed'))
  await sending
  return acknowledged
}

/** undefined when it dies before. */
async function firstLine(child: ChildProcess): Promise<string | undefined> {
  const lines = createInterface({ input: child.stdout! })
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')])
  return line === undefined ? undefined : String(line)
}

async function send(
  ready: Promise<string | undefined>,
  to: Address,
  signal: AbortSignal,
  tell: { readonly paid: () => void; readonly acknowledged: (tx: TxView) => void },
): Promise<void> {
  const url = await ready
  if (url === undefined) return
  const chain = createChainClient({ url, retries: 0 })
  try {
    const signer = await fundedSigner(chain)
    tell.paid()
    while (!signal.aborted) {
      tell.acknowledged(await sendMessage({ chain, signer, kind: 'Transfer', body: { to, amount: 1n } }, { signal }))
    }
  } catch (error) {
    // Whatever a call says while its node dies; a node that lives must not refuse.
    await sleep(1_000, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) throw error
  }
}
