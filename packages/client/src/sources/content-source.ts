/** What a program has at hand, as something to be stored: bytes, Blobs, streams. A stream is read once, when it is stored. */
import { GranaryError } from '@granary/base'
import type { ImportProfileName } from '@granary/content'
import type { Source } from '../ports.ts'

/** What Node's own streams are, too. */
export type Content = Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/** A file by its path below the root. */
export interface ContentFile {
  /** Names with / between them, from the root on; empty for a root that is the file itself. */
  readonly path: string
  readonly content: Content
}

/** What is at hand as bytes, Blobs or streams, as what is to be stored. */
export interface ContentSource extends Source {
  readonly kind: 'content'
  readonly files: readonly ContentFile[]
}

/** What a content is called, and whether its name is kept. */
export interface ContentSourceOptions {
  /** What a person calls it; kept in the journal. @default the name of a File, or else `content` */
  readonly name?: string | undefined
  /**
   * The file is in a folder, under its name: the root is that of the folder.
   * @default true for what has a name, unless an earlier upload without the folder is gone on with
   */
  readonly wrap?: boolean | undefined
  /** How it becomes a DAG, which decides its CIDs. @default 'unixfs-v1-2025' */
  readonly profile?: ImportProfileName | undefined
}

/** SOURCE_INVALID: it is no content, or no folder can be made of it. */
export class SourceInvalidError extends GranaryError {
  constructor(name: string, what: string, hint: string) {
    super({ code: 'SOURCE_INVALID', message: `${name}: ${what}`, hint, details: { name } })
  }
}

export const BYTES_HINT = 'give a Uint8Array, a Blob, or a stream of Uint8Array: text has to be encoded first'

export function isContent(value: unknown): value is Content {
  if (value instanceof Uint8Array || value instanceof Blob) return true
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || 'getReader' in value)
}

/** One file. @throws SourceInvalidError SOURCE_INVALID */
export function contentSource(content: Content, options: ContentSourceOptions = {}): ContentSource {
  const given = options.name ?? nameOf(content)
  const { wrap = given !== undefined, profile } = options
  const name = given ?? 'content'
  const source = sourceOf(name, [{ path: '', content }], profile)
  if (!wrap) return source
  if (!isName(name) || name.includes('/'))
    throw new SourceInvalidError(
      name,
      'it is no name that a file of a folder has',
      'give one without /, or wrap: false',
    )
  return { ...source, wrap: { name, isDefault: options.wrap === undefined } }
}

/** Several files as one folder, such as what was dropped on a page. @throws SourceInvalidError SOURCE_INVALID */
export function folderSource(
  name: string,
  files: readonly ContentFile[],
  { profile }: Pick<ContentSourceOptions, 'profile'> = {},
): ContentSource {
  for (const { path } of files)
    if (path === '') throw new SourceInvalidError(name, 'a file of a folder has no path', 'give each file a path in it')
  return sourceOf(name, files, profile)
}

/** Half of a character would be stored as another one. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.isWellFormed()
}

function nameOf(content: Content): string | undefined {
  const isNamed =
    content instanceof Blob && 'name' in content && typeof content.name === 'string' && content.name !== ''
  return isNamed ? String(content.name) : undefined
}

function sourceOf(name: string, files: readonly ContentFile[], profile: ImportProfileName | undefined): ContentSource {
  const paths = new Set<string>()
  const folders = new Set<string>()
  for (const { path, content } of files) {
    if (!isContent(content)) throw new SourceInvalidError(name, 'it is no bytes and no stream', BYTES_HINT)
    if (path !== '' && !path.split('/').every(isName))
      throw new SourceInvalidError(name, `"${path}" is no path in a folder`, 'give names with a / between them')
    const above = foldersAbove(path)
    if (paths.has(path) || folders.has(path) || above.some((folder) => paths.has(folder)))
      throw new SourceInvalidError(name, `"${path}" stands at the place of another file`, 'give each file its own path')
    for (const folder of above) folders.add(folder)
    paths.add(path)
  }
  return { kind: 'content', name, files, bytes: bytesOf(files), profile }
}

function bytesOf(files: readonly ContentFile[]): number | undefined {
  let sum = 0
  for (const { content } of files) {
    if (content instanceof Uint8Array) sum += content.length
    else if (content instanceof Blob) sum += content.size
    else return undefined
  }
  return sum
}

function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, depth) => names.slice(0, depth + 1).join('/'))
}
