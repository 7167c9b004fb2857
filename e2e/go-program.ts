/**
 * A program of Go that tests run against, built from its source as a Go module beside this file names it: minutes once, then kept
 * in the user's cache, by what it was built from.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
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

/** Fails without a Go, and with one that is older than what the module asks for. */
export function canBeBuilt({ module }: GoProgram): boolean {
  return spawnSync('go', ['list', '-m'], { cwd: folderOf(module), env: { ...process.env, ...SETTINGS } }).status === 0
}

/** @returns its path @throws what `go build` says */
export function goProgram(wanted: GoProgram): string {
  const module = folderOf(wanted.module)
  const sums = createHash('sha256')
    .update(readFileSync(join(module, 'go.sum')))
    .digest('hex')
    .slice(0, 12)
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const folder = join(cache, 'granary', `${wanted.module}-${sums}`)
  const program = join(folder, basename(wanted.package))
  if (!existsSync(program)) build(module, wanted.package, program, folder)
  return program
}

function build(module: string, what: string, program: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
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
