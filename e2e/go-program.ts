/**
 * A program of Go that tests run against, built from its source as a Go module beside this file names it: minutes once, then kept
 * in the user's cache, by what it was built from.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface GoProgram {
  /** Its module, in a folder of this name. */
  readonly module: string
  /** What is built. */
  readonly package: string
}

export const KUBO: GoProgram = { module: 'kubo', package: 'github.com/ipfs/kubo/cmd/ipfs' }
export const COMETBFT: GoProgram = { module: 'cometbft', package: 'github.com/cometbft/cometbft/cmd/cometbft' }

export const BUILD_MS_MAX: number = 25 * 60_000
/** Another toolchain is never fetched; without cgo it runs wherever it was built. */
const SETTINGS = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' }

/**
 * It is there already, or a Go is, of the age that the module asks for, and all that it is made of can be had. A build that fails then
 * is a failure.
 */
export function canBeBuilt(wanted: GoProgram): boolean {
  if (existsSync(pathOf(wanted))) return true
  const options = { cwd: folderOf(wanted.module), env: { ...process.env, ...SETTINGS }, timeout: BUILD_MS_MAX }
  return spawnSync('go', ['list', '-deps', wanted.package], { ...options, stdio: 'ignore' }).status === 0
}

/** @returns its path @throws what `go build` says */
export function goProgram(wanted: GoProgram): string {
  const program = pathOf(wanted)
  if (!existsSync(program)) build(folderOf(wanted.module), wanted.package, program)
  return program
}

function pathOf(wanted: GoProgram): string {
  const module = folderOf(wanted.module)
  const sums = createHash('sha256')
    .update(readFileSync(join(module, 'go.sum')))
    .digest('hex')
    .slice(0, 12)
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return join(cache, 'granary', `${wanted.module}-${sums}`, basename(wanted.package))
}

function build(module: string, what: string, program: string): void {
  mkdirSync(dirname(program), { recursive: true })
  const draft = `${program}.${process.pid}`
  try {
    execFileSync('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', draft, what], {
      cwd: module,
      env: { ...process.env, ...SETTINGS },
      timeout: BUILD_MS_MAX,
    })
    renameSync(draft, program)
  } finally {
    rmSync(draft, { force: true })
  }
}

function folderOf(module: string): string {
  return fileURLToPath(new URL(module, import.meta.url))
}
