/** Kubo, built from its source as the Go module in `kubo/` names it: about 6 minutes once. */
import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { canBeBuilt, goProgram, KUBO } from './go-program.ts'

export interface Kubo {
  /** @param repo the folder of a repository */
  run(repo: string, args: readonly string[]): Promise<string>
  /** A daemon of an empty repository that knows nobody but these routers, and listens on the loopback alone; `run` finds it. */
  startDaemon(repo: string, options: KuboDaemonOptions): Promise<KuboDaemon>
}

export interface KuboDaemonOptions {
  /** URLs that serve /routing/v1. With none, it knows who is connected. */
  readonly routers: readonly string[]
  /** With `http`, bitswap is what it falls back to. */
  readonly retrieval: 'bitswap' | 'http'
  /** The file of the only certificates that it trusts. @default those of the system */
  readonly certificates?: string
}

export interface KuboDaemon {
  readonly pid: number
  stop(): Promise<void>
}

export const kuboCanBeBuilt: boolean = canBeBuilt(KUBO)

/** @throws what `go build` says */
export async function kubo(): Promise<Kubo> {
  const program = goProgram(KUBO)
  const envOf = (repo: string) => ({ ...process.env, IPFS_PATH: repo, IPFS_TELEMETRY: 'off' })
  const run: Kubo['run'] = async (repo, args) => {
    const { stdout } = await promisify(execFile)(program, [...args], { env: envOf(repo), maxBuffer: 1 << 26 })
    return stdout.trim()
  }
  return {
    run,
    async startDaemon(repo, { routers, retrieval, certificates }) {
      // The profile `test`: the loopback, free ports, no bootstrap, no discovery.
      await run(repo, ['init', '--empty-repo', '--profile', 'test'])
      const settings = {
        Routing: routers.length === 0 ? { Type: 'none' } : { Type: 'delegated', DelegatedRouters: routers },
        HTTPRetrieval: { Enabled: retrieval === 'http' },
        Bitswap: { ServerEnabled: false },
        Provide: { Enabled: false },
      }
      for (const [name, value] of Object.entries(settings))
        await run(repo, ['config', '--json', name, JSON.stringify(value)])
      const trust = certificates === undefined ? {} : { SSL_CERT_FILE: certificates }
      return startDaemon(program, { ...envOf(repo), ...trust })
    },
  }
}

async function startDaemon(program: string, env: NodeJS.ProcessEnv): Promise<KuboDaemon> {
  const daemon = spawn(program, ['daemon'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => daemon.once('close', () => resolve()))
  const said: string[] = []
  const ready = Promise.withResolvers<void>()
  for (const stream of [daemon.stdout, daemon.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      if (line.includes('Daemon is ready')) ready.resolve()
    })
  void ended.then(() => ready.reject(new Error(`Kubo did not start:\n${said.join('\n')}`)))
  await ready.promise
  return {
    pid: daemon.pid!,
    async stop() {
      daemon.kill('SIGTERM')
      await ended
    },
  }
}
