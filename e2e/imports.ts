/** Reads who imports whom out of the sources, for the architecture test. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'

export interface SourceFile {
  /** Path from the repository's root, with forward slashes: packages/chain/src/state/index.ts */
  readonly path: string
  /** The folder under packages/: chain */
  readonly package: string
  readonly text: string
  readonly imports: readonly string[]
}

const importPattern =
  /(?:^|[\s;}])(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\s*\(\s*['"]([^'"\n]+)['"]\s*\)/g

/** Comments and their quotes must not pass for imports. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** Types vanish before anything runs. */
export function withoutTypes(text: string): string {
  return withoutComments(text).replace(/(^|[\s;}])(import|export)\s+type\s[^'"]*from\s+['"][^'"]+['"]/g, '$1')
}

export function importsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(importPattern)].map((match) => (match[1] ?? match[2])!)
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /\/(test|fixtures|vectors)\//.test(path)
}

/** Every source file of packages/*\/src that ships, in a fixed order. */
export function readSources(root: string): SourceFile[] {
  const packages = readdirSync(join(root, 'packages')).sort()
  return packages.flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
      .map((file) => `packages/${name}/src/${file.replaceAll('\\', '/')}`)
      .filter((path) => path.endsWith('.ts') && !isTest(path))
      .sort()
      .map((path) => {
        const text = readFileSync(join(root, path), 'utf8')
        return { path, package: name, text, imports: importsOf(text) }
      }),
  )
}

export interface Manifest {
  readonly name: string
  /** Not published. */
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, { readonly '@granary/source': string }>>
}

/** package name → its folder and exports. */
export function readManifests(root: string): Map<string, { folder: string; manifest: Manifest }> {
  const manifests = new Map<string, { folder: string; manifest: Manifest }>()
  for (const folder of readdirSync(join(root, 'packages'))) {
    const manifest: Manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
    manifests.set(manifest.name, { folder, manifest })
  }
  return manifests
}

/** The workspace package that an import names, with the subpath; undefined for relative, node: and outside imports. */
export function workspaceImport(
  specifier: string,
  manifests: ReturnType<typeof readManifests>,
): { name: string; folder: string; subpath: string; target: string | undefined } | undefined {
  for (const [name, { folder, manifest }] of manifests) {
    if (specifier !== name && !specifier.startsWith(`${name}/`)) continue
    const subpath = specifier === name ? '.' : `.${specifier.slice(name.length)}`
    const source = manifest.exports[subpath]?.['@granary/source']
    return {
      name,
      folder,
      subpath,
      target: source === undefined ? undefined : join('packages', folder, source),
    }
  }
  return undefined
}

/** All that a file reaches through static imports inside the workspace: path → the specifiers it names. */
export function reachableFrom(
  entry: string,
  sources: readonly SourceFile[],
  manifests: ReturnType<typeof readManifests>,
): Map<string, readonly string[]> {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const seen = new Map<string, readonly string[]>()
  const queue = [entry]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = byPath.get(path)
    if (file === undefined || seen.has(path)) continue
    // A lazy import is the documented way to reach what is heavy.
    const specifiers = importsOf(withoutTypes(file.text).replace(/\bimport\s*\(/g, 'lazily('))
    seen.set(path, specifiers)
    for (const specifier of specifiers) {
      if (specifier.startsWith('.')) queue.push(join(dirname(path), specifier))
      const target = workspaceImport(specifier, manifests)?.target
      if (target !== undefined) queue.push(target)
    }
  }
  return seen
}
