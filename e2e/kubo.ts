/**
 * Kubo, built from its source as the Go module in `kubo/` names it: about 6 minutes once, kept in the user's cache. Undefined
 * without a Go that can build it.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const module = fileURLToPath(new URL('kubo', import.meta.url))
const PROGRAM = 'github.com/ipfs/kubo/cmd/ipfs'
const BUILD_MS_MAX = 25 * 60_000

export interface Kubo {
  /** @param repo the folder of a repository */
  run(repo: string, args: readonly string[]): Promise<string>
}

/** Fails with a Go that is older than what the module asks for, and must not fetch another. */
export const kuboCanBeBuilt: boolean =
  spawnSync('go', ['list', '-m'], { cwd: module, env: { ...process.env, GOTOOLCHAIN: 'local' } }).status === 0

/** @throws what `go build` says */
export async function kubo(): Promise<Kubo> {
  const sums = createHash('sha256')
    .update(readFileSync(join(module, 'go.sum')))
    .digest('hex')
    .slice(0, 12)
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'granary', `kubo-${sums}`)
  const program = join(folder, 'ipfs')
  if (!existsSync(program)) build(folder, program)
  return {
    async run(repo, args) {
      const env = { ...process.env, IPFS_PATH: repo, IPFS_TELEMETRY: 'off' }
      const { stdout } = await promisify(execFile)(program, [...args], { env, maxBuffer: 1 << 26 })
      return stdout.trim()
    },
  }
}

function build(folder: string, program: string): void {
  mkdirSync(folder, { recursive: true })
  const draft = `${program}.${process.pid}`
  try {
    execFileSync('go', ['build', '-trimpath', '-o', draft, PROGRAM], {
      cwd: module,
      env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' },
      timeout: BUILD_MS_MAX,
    })
    renameSync(draft, program)
  } finally {
    rmSync(draft, { force: true })
  }
}
