/** What a command stores: files, folders, standard input, and how they become a DAG. */
import { glob, lstat } from 'node:fs/promises'
import type { ContentSource, ImportProfileName, PathSource } from '@granary/client/node'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../program-context.ts'
import { standardInput } from '../standard-input.ts'
import { UsageError } from '../usage-error.ts'

/** Also of a command that only packs. */
export interface TreeOptions {
  readonly hidden?: boolean
  readonly links: 'keep' | 'follow'
  readonly cidProfile: ImportProfileName
  /** Undefined: a file is, and a folder is not. */
  readonly wrap?: boolean
}

export interface SourceOptions extends TreeOptions {
  readonly stdinName?: string
}

const LINKS_DEFAULT = 'keep'
const PROFILES: readonly ImportProfileName[] = ['unixfs-v1-2025', 'unixfs-v0-2015', 'kubo-cid-v1']

export function withTree(command: Command): Command {
  return command
    .option('--hidden', 'also files and folders in a folder whose names begin with a dot')
    .addOption(
      new Option('--links <how>', 'symbolic links in a folder: keep them as links, or follow them')
        .choices([LINKS_DEFAULT, 'follow'])
        .default(LINKS_DEFAULT),
    )
    .addOption(
      new Option('--cid-profile <name>', 'how CIDs are made, by its name in IPFS')
        .choices(PROFILES)
        .default(PROFILES[0]),
    )
    .option('--wrap', 'put a folder around it, so that its name is kept (default: around a file, not around a folder)')
    .option('--no-wrap', 'put no folder around a file: its CID is that of its bytes alone, and it has no name')
}

export function withSource(command: Command): Command {
  return withTree(command).option('--stdin-name <name>', 'the name of standard input, which keeps it as a file does')
}

/** The flags again, for a command that goes on. */
export function sourceFlags({ hidden, links, cidProfile, wrap, stdinName }: SourceOptions): string[] {
  return [
    ...(hidden ? ['--hidden'] : []),
    ...(links === LINKS_DEFAULT ? [] : ['--links', links]),
    ...(cidProfile === PROFILES[0] ? [] : ['--cid-profile', cidProfile]),
    ...(wrap === undefined ? [] : [wrap ? '--wrap' : '--no-wrap']),
    ...(stdinName === undefined ? [] : ['--stdin-name', stdinName]),
  ]
}

/** A pattern that no shell has expanded, in quotes or on Windows. A file of that very name comes first, or a link, wherever it leads. */
async function expand(path: string): Promise<readonly string[]> {
  if (!/[*?[{]/.test(path) || (await isThere(path))) return [path]
  const found = await Array.fromAsync(glob(path))
  // As it was: that it is not there is said of what was written.
  return found.length === 0 ? [path] : found.sort()
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

/** @throws FileNotFoundError, SourceInvalidError, UsageError for flags that do not fit what is stored and for a closed standard input */
export async function openContent(
  paths: readonly string[],
  { hidden, links, cidProfile: profile, wrap, stdinName }: SourceOptions,
  { stdin }: Pick<CommandContext, 'stdin'>,
): Promise<PathSource | ContentSource> {
  const { contentSource, pathSource } = await import('@granary/client/node')
  const [first = '', ...more] = (await Promise.all(paths.map(expand))).flat()
  if ([first, ...more].includes(''))
    throw new UsageError('a path is empty', 'a variable of the shell may be: say what to store')
  if (first === '-' && more.length === 0) {
    if (wrap && stdinName === undefined) throw new UsageError('standard input has no name to keep: give --stdin-name')
    const content = standardInput(stdin) as unknown as AsyncIterable<Uint8Array>
    const isWrapped = stdinName === undefined ? false : wrap
    return contentSource(content, { name: stdinName ?? 'standard input', wrap: isWrapped, profile })
  }
  if (stdinName !== undefined) throw new UsageError('--stdin-name is for standard input: give - as the only path')
  return await pathSource([first, ...more], { hidden, links, wrap, profile })
}
