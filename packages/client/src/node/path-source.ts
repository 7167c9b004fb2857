/** Files and folders of the disk that are to be stored. */
import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ImportProfileName, Tree, TreeEntry } from '@granary/content'
import { type FileSeen, type PathTreeOptions, pathTree } from '@granary/content/node'
import type { Source } from '../ports.ts'
import { SourceInvalidError } from '../sources/content-source.ts'
import { inspectPath } from './file-source.ts'

/** Which files of a folder, and whether names are kept. */
export interface PathSourceOptions extends PathTreeOptions {
  /**
   * A folder around it, so that its name is kept: the root is that of this folder. Several paths are always in one.
   * @default true for a file, unless an earlier upload without it is gone on with; false for a folder, which is the root itself
   */
  readonly wrap?: boolean | undefined
  /** How it becomes a DAG, which decides its CIDs. @default 'unixfs-v1-2025' */
  readonly profile?: ImportProfileName | undefined
}

/** Files and folders of the disk, as what is to be stored. */
export interface PathSource extends Source {
  readonly kind: 'path'
  /** Through links, each by the name that it has in the folder around them; of one without such a folder, just it. */
  readonly paths: readonly (readonly [name: string, path: string])[]
  readonly options: PathTreeOptions
}

/**
 * A file, a folder, or several of them as one folder.
 * @throws FileNotFoundError, SourceInvalidError SOURCE_INVALID for two paths of the same name
 */
export async function pathSource(
  paths: string | readonly [string, ...string[]],
  options: PathSourceOptions = {},
): Promise<PathSource> {
  const given = typeof paths === 'string' ? ([paths] as const) : paths
  const found: (readonly [name: string, path: string])[] = []
  let bytes: number | undefined = 0
  let isFile = false
  for (const path of given) {
    const { isFolder, bytes: size } = await inspectPath(path)
    const real = await realpath(path)
    const name = basename(path) === '..' || basename(path) === '.' ? basename(real) : basename(path)
    if (found.some(([other]) => other === name))
      throw new SourceInvalidError(
        path,
        `"${name}" is the name of another path, too`,
        'put them one by one, or rename one',
      )
    found.push([name, real])
    isFile = !isFolder
    bytes = isFolder || bytes === undefined ? undefined : bytes + size
  }
  const name = found.length === 1 ? found[0]![1] : `${found[0]![1]} and ${found.length - 1} more`
  const { profile, wrap = isFile, ...rest } = options
  const isWrapped = wrap && found.length === 1
  return {
    ...{ kind: 'path', name, paths: found, bytes, options: rest, profile },
    ...(isWrapped ? { wrap: { name: found[0]![0], isDefault: options.wrap === undefined } } : {}),
  }
}

/** @param onFile as that of pathTree */
export async function treeOfPaths({ paths, options }: PathSource, onFile: (file: FileSeen) => void): Promise<Tree> {
  const [only] = paths
  if (paths.length === 1) return await pathTree(only![1], options, onFile)
  async function* entries(): AsyncGenerator<TreeEntry> {
    for (const [name, path] of paths) yield [name, await pathTree(path, options, onFile)]
  }
  return { kind: 'folder', entries }
}
