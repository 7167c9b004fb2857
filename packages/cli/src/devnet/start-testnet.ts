/** All validators of a testnet on this machine, each a process of its own with its CometBFT, which are stopped together. */
import type { ProgramContext } from '../program-context.ts'
import { type Child, type ChildFailedError, startChild } from './start-child.ts'

export interface StartTestnetInput {
  readonly homes: readonly string[]
  /** Of the first one's RPC, and the others' behind it; 0 for any free ones. */
  readonly port: number
  /** @default as PATH has it */
  readonly cometbft?: string | undefined
  readonly env: ProgramContext['env']
  readonly signal: AbortSignal
  /** What one of them logs. */
  readonly onLog: (validator: string, event: Readonly<Record<string, unknown>>) => void
  /** One has ended without having been asked to: the others go on, as far as they are enough. */
  readonly onEnded: (validator: Child, error: ChildFailedError) => void
}

export interface Testnet {
  readonly validators: readonly Child[]
  /** Resolves when none is left. */
  readonly ended: Promise<ChildFailedError>
  stop(): Promise<void>
}

/** @throws the error of the first that does not start: the others are stopped */
export async function startTestnet(input: StartTestnetInput): Promise<Testnet> {
  const { homes, port, cometbft, env, onLog, onEnded } = input
  const failing = new AbortController()
  const signal = AbortSignal.any([input.signal, failing.signal])
  let stopping = false
  const program = cometbft === undefined ? [] : ['--cometbft', cometbft]
  const starting = homes.map(async (home, index) => {
    const ports = ['--port', `${port === 0 ? 0 : port + index}`]
    const name = `validator ${index + 1}`
    const args = ['chain', 'run', '--home', home, ...ports, ...program]
    try {
      return await startChild({ name, of: 'testnet', args, env, signal, onLog: (event) => onLog(name, event) })
    } catch (error) {
      failing.abort(error)
      throw error
    }
  })
  const done = await Promise.allSettled(starting)
  const validators = done.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const stop = async () => {
    stopping = true
    await Promise.all(validators.map((each) => each.stop()))
  }
  if (signal.aborted) {
    await stop()
    throw signal.reason
  }
  for (const each of validators)
    void each.ended.then((error) => {
      if (!stopping) onEnded(each, error)
    })
  const ended = Promise.all(validators.map((each) => each.ended)).then((all) => all.at(-1)!)
  return { validators, ended, stop }
}
