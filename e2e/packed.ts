/** The packages as they are published: built, packed, and installed with plain npm into an empty folder. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from './harness.ts'
import { type Manifest, readManifests } from './imports.ts'

const run = promisify(execFile)
/** The Node that runs this test comes first, since the packages want its version. */
export const env = {
  ...process.env,
  NODE_OPTIONS: '',
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
}

/** Why nothing can be installed here; undefined where it can. */
export function whyNoRegistry(): string | undefined {
  const asked = ['view', 'zod', 'version', '--fetch-retries=0', '--fetch-timeout=20000']
  const { status, stderr, error } = spawnSync('npm', asked, { env, encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? stderr.match(/code (\S+)/)?.[1] ?? `npm ended with ${status}`
}

export interface Packed {
  readonly name: string
  readonly manifest: Manifest
  readonly tarball: string
}

/** Every package that is published, by its name. */
export async function packAll(folder: string): Promise<Map<string, Packed>> {
  const pnpm = join(repository, 'node_modules/.bin/pnpm')
  await run(pnpm, ['build'], { cwd: repository, env })
  const packed = new Map<string, Packed>()
  for (const { folder: name, manifest } of readManifests(repository).values()) {
    if (manifest.private) continue
    const { stdout } = await run(pnpm, ['pack', '--json', '--pack-destination', folder], {
      cwd: join(repository, 'packages', name),
      env,
    })
    const { filename } = JSON.parse(stdout) as { filename: string }
    packed.set(manifest.name, { name: manifest.name, manifest, tarball: filename })
  }
  return packed
}

/** A package with the packages of this workspace that it needs, since no registry has them. */
export function withOwnDependencies(name: string, packed: ReadonlyMap<string, Packed>): Packed[] {
  const found = new Map<string, Packed>()
  const queue = [name]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const one = packed.get(next)
    if (one === undefined || found.has(next)) continue
    found.set(next, one)
    queue.push(...Object.keys(one.manifest.dependencies ?? {}))
  }
  return [...found.values()]
}

/** Installs them into a new folder; the names of all packages that came with them, each once. */
export async function npmInstall(folder: string, packages: Iterable<Packed>): Promise<string[]> {
  mkdirSync(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = [...packages].map(({ tarball }) => tarball)
  await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], { cwd: folder, env })
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as { packages: object }
  return Object.keys(lock.packages)
    .filter((path) => path !== '')
    .map((path) => path.replace(/^.*node_modules\//, ''))
}
